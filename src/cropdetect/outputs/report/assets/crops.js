// How crops look: by colour, hatching (of outlines), shape (of points) and a code of letters.
import { summary } from "./data.js";
import { el } from "./dom.js";

export const GREY = "#8a8f98";
const NO_CROP_COLOUR = "#ffffff";
const HATCH_SIZE = 8; // pixels of a tile's side

/** Lines of each hatching, as x0, y0, x1, y1 in a tile. */
const HATCHES = [
  [],
  [[0, 8, 8, 0]],
  [[0, 0, 8, 8]],
  [[0, 4, 8, 4]],
  [[4, 0, 4, 8]],
  [
    [0, 4, 8, 4],
    [4, 0, 4, 8],
  ],
  [
    [0, 0, 8, 8],
    [0, 8, 8, 0],
  ],
  [[3.5, 4, 4.5, 4]],
];

/** A code of letters for each class; no two are equal. */
export const CODES = summary.codes;

export const colourOf = (crop) => (crop >= 0 ? summary.colours[crop] : NO_CROP_COLOUR);
export const cropName = (crop) => (crop >= 0 ? summary.legend[crop] : "no crop given");

/** One tile of a crop's hatching. From the ninth crop on, hatchings come again with thicker lines. */
export function hatchTile(crop, colour) {
  const isSecondRound = crop >= HATCHES.length;
  const tile = el("canvas", { width: HATCH_SIZE, height: HATCH_SIZE });
  if (crop < 0) return tile;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineCap = "square";
  pen.lineWidth = isSecondRound ? 2.2 : 1.1;
  const lines = HATCHES[isSecondRound ? 1 + (crop % (HATCHES.length - 1)) : crop];
  for (const line of lines) strokeAcrossTiles(pen, line);
  return tile;
}

/** Draw a line of this tile and of its four neighbours, so that ends meet. */
function strokeAcrossTiles(pen, [x0, y0, x1, y1]) {
  const s = HATCH_SIZE;
  const shifts = [
    [0, 0],
    [s, 0],
    [-s, 0],
    [0, s],
    [0, -s],
  ];
  for (const [dx, dy] of shifts) {
    pen.beginPath();
    pen.moveTo(x0 + dx, y0 + dy);
    pen.lineTo(x1 + dx, y1 + dy);
    pen.stroke();
  }
}

/** A small box in a crop's colour and hatching. */
export function swatch(crop) {
  const image = crop >= 0 ? `url(${hatchTile(crop, "#000a").toDataURL()})` : "none";
  const style = { backgroundColor: colourOf(crop), backgroundImage: image };
  return el("span", { class: "swatch", "aria-hidden": "true", style });
}

/** A name of the user's, whose letters may run from right to left beside numbers. */
export const nameTag = (name) => el("bdi", {}, name);

/** The code of a crop in brackets, where it is not the name itself. */
export const codeNote = (crop) =>
  crop >= 0 && CODES[crop] !== cropName(crop).toUpperCase() ? ` (${CODES[crop]})` : "";

/** Swatch, name and code of a crop. */
export const cropTag = (crop) => el("span", {}, swatch(crop), " ", nameTag(cropName(crop)), codeNote(crop));

/** Give the swatches that stand in the page before the script runs their hatching. */
export function hatchSwatches() {
  for (const plain of document.querySelectorAll("svg.swatch[data-crop]")) {
    plain.replaceWith(swatch(Number(plain.dataset.crop)));
  }
}
