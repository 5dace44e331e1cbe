// The crops' names on the map: inside their fields, and never one over another.
import { CODES, cropName } from "./crops.js";
import { columns } from "./fields.js";
import { formatPercent } from "./format.js";
import { boxOf, cutsAt, map, toPixelX, toPixelY } from "./map.js";

const CODED = 26; // pixels: an outline that is larger gets its crop's code
const NAMED = 110; // pixels: an outline that is larger gets its crop's name and how sure it is
const LINE = 15; // pixels from one line of text to the next
const GAP = 2; // pixels between two texts

/**
 * Write the crop into fields that have room, the larger fields first.
 *
 * `crops` are lists of fields by the crop that the layer shows of them.
 */
export function paintNames(pen, crops) {
  pen.font = "600 12px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 3;
  pen.strokeStyle = "#fffd";
  pen.fillStyle = "#111";
  const sized = [];
  for (const [crop, members] of crops) for (const i of members) sized.push({ i, crop, side: sideOf(i) });
  sized.sort((a, b) => b.side - a.side);
  const taken = [];
  for (const one of sized) if (one.side >= CODED) paintName(pen, one, taken);
}

/** The shorter side of a field's box, pixels. */
function sideOf(i) {
  const [west, south, east, north] = boxOf(i);
  return Math.min(east - west, north - south) * map.view.scale;
}

/** Write the crop of one field where nothing is written yet; `taken` are the boxes of the texts before it. */
function paintName(pen, { i, crop, side }, taken) {
  const place = insideOf(i);
  const x = toPixelX(place.x);
  const y = toPixelY(place.y);
  const lines =
    side >= NAMED && crop >= 0
      ? [cropName(crop), `${formatPercent(columns.confidence[i])} sure`]
      : [CODES[crop] ?? "?"];
  const width = Math.max(...lines.map((line) => pen.measureText(line).width)) + GAP;
  if (place.width * map.view.scale < width / 2) return; // a strip that the text would hide
  const height = LINE * lines.length;
  const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  if (taken.some((other) => overlap(box, other))) return;
  taken.push(box);
  lines.forEach((line, k) => {
    const at = y + LINE * (k - (lines.length - 1) / 2);
    pen.strokeText(line, x, at);
    pen.fillText(line, x, at);
  });
}

const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

const insides = new Map(); // places inside fields, by field

/** A place well inside a field: at half its height, the middle of the widest part, and the width of that part. */
function insideOf(i) {
  if (!insides.has(i)) insides.set(i, findInside(i));
  return insides.get(i);
}

function findInside(i) {
  const [, south, , north] = boxOf(i);
  const y = (south + north) / 2;
  const cuts = cutsAt(i, y);
  const widest = { x: NaN, y, width: 0 };
  for (let k = 0; k + 1 < cuts.length; k += 2) {
    const width = cuts[k + 1] - cuts[k];
    if (width > widest.width) Object.assign(widest, { x: cuts[k] + width / 2, width });
  }
  return widest;
}
