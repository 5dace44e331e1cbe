// Tiles of a map server below the fields: only where the page was made with --map-tiles, and the reader turns them on.
import { summary } from "./data.js";
import { byId } from "./dom.js";
import { announce } from "./fields.js";
import { fromPixelX, fromPixelY, map, toPixelX, toPixelY } from "./map.js";

const SIDE = 256; // pixels of a tile
const WORLD = 2 * Math.PI * 6378137; // metres of Web Mercator, from end to end
const NEAREST = 19; // zoom

const images = new Map(); // by zoom, column and row

function tileAt(zoom, column, row) {
  const key = `${zoom}/${column}/${row}`;
  if (!images.has(key)) {
    const image = new Image();
    image.referrerPolicy = "no-referrer";
    image.src = summary.tiles.replace("{z}", zoom).replace("{x}", column).replace("{y}", row);
    images.set(key, image);
    image.decode().then(
      () => announce("view"),
      () => {}, // without its tiles the map is still a map
    );
  }
  return images.get(key);
}

/** Paint the tiles that the canvas shows, where they are turned on. Coordinates are those of Web Mercator. */
export function paintTiles(pen) {
  if (!byId("tiles")?.checked) return;
  const [x0, y0] = summary.map.origin;
  const zoom = Math.max(0, Math.min(NEAREST, Math.round(Math.log2((WORLD * map.view.scale) / SIDE))));
  const size = WORLD / 2 ** zoom;
  const columnOf = (px) => Math.floor((fromPixelX(px) + x0 + WORLD / 2) / size);
  const rowOf = (py) => Math.floor((WORLD / 2 - fromPixelY(py) - y0) / size);
  for (let column = columnOf(0); column <= columnOf(map.width); column++) {
    for (let row = rowOf(0); row <= rowOf(map.height); row++) {
      const image = tileAt(zoom, column, row);
      if (!image.complete || !image.naturalWidth) continue;
      const left = toPixelX(column * size - WORLD / 2 - x0);
      const top = toPixelY(WORLD / 2 - row * size - y0);
      const side = size * map.view.scale;
      pen.drawImage(image, left, top, side + 0.5, side + 0.5);
    }
  }
}

export function startTiles() {
  byId("tiles")?.addEventListener("change", () => announce("view"));
}
