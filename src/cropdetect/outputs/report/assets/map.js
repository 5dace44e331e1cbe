// The map's outlines and pictures, and the part of it that the canvas shows.
import { N, offsetsOf, summary, unpack } from "./data.js";
import { announce } from "./fields.js";

const SMALLEST = 24; // pixels: a chosen field that is smaller is zoomed to
const EDGE = 30; // pixels: a chosen field that is nearer to the edge is moved to the middle

/**
 * Coordinates count in units of the map from its origin, north up. Field i has the rings from ringAt[i] up to
 * ringAt[i + 1], and ring r has the vertices from vertexAt[r] up to vertexAt[r + 1]. A point is a ring of one vertex.
 * `box` has west, south, east and north of each field, NaN where it has no place.
 * `view` is the place in the middle of the canvas, and the pixels of a unit. `width` and `height` of the canvas are pixels;
 * `covered` are the pixels at its left, right, top and bottom that panels cover.
 */
export const map = {
  ready: false,
  x: null,
  y: null,
  ringAt: null,
  vertexAt: null,
  box: null,
  view: { x: 0, y: 0, scale: 1 },
  width: 0,
  height: 0,
  covered: { left: 0, right: 0, top: 0, bottom: 0 },
  images: [],
};

export async function loadMap() {
  if (!summary.map) return;
  const [rings, vertices, moves] = await Promise.all([
    unpack("rings", Uint32Array),
    unpack("vertices", Uint32Array),
    unpack("outlines", Int32Array),
  ]);
  map.ringAt = offsetsOf(rings);
  map.vertexAt = offsetsOf(vertices);
  addUp(moves, summary.map.step);
  map.box = new Float64Array(4 * N).fill(NaN);
  for (let i = 0; i < N; i++) measure(i);
  map.ready = true;
  summary.map.images.forEach(loadImage);
}

/** Turn steps from vertex to vertex into coordinates. */
function addUp(moves, step) {
  const n = moves.length / 2;
  map.x = new Float64Array(n);
  map.y = new Float64Array(n);
  let x = 0;
  let y = 0;
  for (let k = 0; k < n; k++) {
    x += moves[2 * k];
    y += moves[2 * k + 1];
    map.x[k] = x * step;
    map.y[k] = y * step;
  }
}

/** Find the box of a field. */
function measure(i) {
  const from = map.vertexAt[map.ringAt[i]];
  const to = map.vertexAt[map.ringAt[i + 1]];
  if (to === from) return;
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let k = from; k < to; k++) {
    west = Math.min(west, map.x[k]);
    east = Math.max(east, map.x[k]);
    south = Math.min(south, map.y[k]);
    north = Math.max(north, map.y[k]);
  }
  map.box.set([west, south, east, north], 4 * i);
}

function loadImage({ jpeg, bounds }) {
  const image = new Image();
  image.src = `data:image/jpeg;base64,${jpeg}`;
  const add = () => {
    map.images.push({ image, bounds });
    announce("view");
  };
  image.decode().then(add, () => {}); // without its picture the map is still a map
}

export const boxOf = (i) => map.box.subarray(4 * i, 4 * i + 4);
export const hasPlace = (i) => !Number.isNaN(map.box[4 * i]);
export const isPoint = (i) => map.vertexAt[map.ringAt[i + 1]] - map.vertexAt[map.ringAt[i]] === 1;

/** Where the outline of a field crosses a line from west to east at y, ascending. */
export function cutsAt(i, y) {
  const cuts = [];
  for (let r = map.ringAt[i]; r < map.ringAt[i + 1]; r++) {
    const to = map.vertexAt[r + 1];
    let before = to - 1;
    for (let k = map.vertexAt[r]; k < to; before = k++) {
      if (map.y[k] > y === map.y[before] > y) continue;
      cuts.push(map.x[k] + ((y - map.y[k]) * (map.x[before] - map.x[k])) / (map.y[before] - map.y[k]));
    }
  }
  return cuts.sort((a, b) => a - b);
}

// From the map to pixels of the canvas, and back.
export const toPixelX = (x) => (x - map.view.x) * map.view.scale + map.width / 2;
export const toPixelY = (y) => map.height / 2 - (y - map.view.y) * map.view.scale;
export const fromPixelX = (px) => (px - map.width / 2) / map.view.scale + map.view.x;
export const fromPixelY = (py) => (map.height / 2 - py) / map.view.scale + map.view.y;

/** Pixels by which the middle of the free part of the canvas lies to the right of the canvas' middle. */
export const aside = () => (map.covered.left - map.covered.right) / 2;

/** Show a box; it takes at most the given share of the canvas. */
function fitTo(west, south, east, north, share = 0.95) {
  const least = Math.max(east - west, north - south, 1e-9) / 1e4;
  const width = map.width - map.covered.left - map.covered.right;
  const height = map.height - map.covered.top - map.covered.bottom;
  const fitting = Math.min(width / Math.max(east - west, least), height / Math.max(north - south, least));
  const scale = share * fitting;
  const x = (west + east) / 2 - aside() / scale;
  const y = (south + north) / 2 + (map.covered.top - map.covered.bottom) / 2 / scale;
  map.view = { x, y, scale };
  announce("view");
}

/** Show all fields. */
export function fitAll() {
  const [west, south, east, north] = summary.map.bounds;
  const [x, y] = summary.map.origin;
  fitTo(west - x, south - y, east - x, north - y);
}

/** Whether a panel covers the middle of a field. */
export function isCovered(i) {
  if (!map.ready || !hasPlace(i)) return false;
  const [west, , east] = boxOf(i);
  const px = toPixelX((west + east) / 2);
  return px < map.covered.left || px > map.width - map.covered.right;
}

/** Bring a field into view; zoom only where it is too small or too large to see. */
export function bringIntoView(i) {
  if (!map.ready || !hasPlace(i)) return;
  const [west, south, east, north] = boxOf(i);
  const side = Math.max(east - west, north - south);
  const size = side * map.view.scale;
  if (!isPoint(i) && (size < SMALLEST || size > map.height)) {
    const margin = 3 * side;
    fitTo(west - margin, south - margin, east + margin, north + margin);
    return;
  }
  const middle = { x: (west + east) / 2, y: (south + north) / 2 };
  const px = toPixelX(middle.x);
  const py = toPixelY(middle.y);
  const { left, right } = map.covered;
  if (px < left + EDGE || py < EDGE || px > map.width - right - EDGE || py > map.height - EDGE)
    Object.assign(map.view, { x: middle.x - aside() / map.view.scale, y: middle.y });
  announce("view");
}

/** Zoom so that the place under a pixel stays there. */
export function zoomBy(times, px = map.width / 2 + aside(), py = map.height / 2) {
  const { view } = map;
  const x = fromPixelX(px);
  const y = fromPixelY(py);
  view.scale *= times;
  view.x = x - (px - map.width / 2) / view.scale;
  view.y = y - (map.height / 2 - py) / view.scale;
  announce("view");
}

export function panBy(dx, dy) {
  map.view.x -= dx / map.view.scale;
  map.view.y += dy / map.view.scale;
  announce("view");
}
