// Painting the map onto its canvas.
import { GREY, hatchTile } from "./crops.js";
import { N, summary } from "./data.js";
import { byId } from "./dom.js";
import { fields } from "./fields.js";
import { formatNumber } from "./format.js";
import { lookOf, shownCrop } from "./layers.js";
import { boxOf, hasPlace, isPoint, map, toPixelX, toPixelY } from "./map.js";
import { paintNames } from "./names.js";
import { paintTiles } from "./tiles.js";

const SMALL = 5; // pixels: a smaller field is drawn as a square of this side
const LARGE = 14; // pixels: an outline that is larger may be hatched
const MOST_HATCHED = 4000; // outlines
const MOST_BOLD = 3000; // outlines
const SHADE = "#0006"; // over a field's colour: its outline
const CORNERS = [0, 4, 3, 4, 3, 5, 6, 3]; // of the points' shapes; 0 is a circle
const TURNS = [0, 0.125, 0.75, 0, 0.25, 0.75, 0, 0]; // by which share of a full turn they are turned

const hatchings = new Map(); // patterns by crop

let isAsked = false;

/** Paint with the browser's next frame. */
export function repaint() {
  if (!map.ready || isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    paint();
  });
}

export function paint() {
  const pen = cleanPen();
  paintTiles(pen);
  if (byId("picture").checked) paintImages(pen);
  const { groups, large, others } = visibleFields();
  pen.lineJoin = "round";
  const lineWidth = large.length > 0 && large.length < MOST_BOLD ? 1.2 : 0.5;
  for (const group of groups) paintGroup(pen, group, lineWidth);
  if (large.length < MOST_HATCHED) hatchAndName(pen, large);
  paintOthers(pen, others);
  if (fields.chosen >= 0 && hasPlace(fields.chosen)) paintChosen(pen, fields.chosen);
  showScale();
}

/** Fit the canvas to its place on the page and wipe it. */
function cleanPen() {
  const canvas = byId("map");
  const ratio = window.devicePixelRatio || 1;
  map.width = canvas.clientWidth;
  map.height = canvas.clientHeight;
  const width = Math.round(map.width * ratio);
  const height = Math.round(map.height * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, map.width, map.height);
  return pen;
}

function paintImages(pen) {
  const [x0, y0] = summary.map.origin;
  const { scale } = map.view;
  for (const { image, bounds } of map.images) {
    const [west, south, east, north] = bounds;
    const [width, height] = [(east - west) * scale, (north - south) * scale];
    pen.drawImage(image, toPixelX(west - x0), toPixelY(north - y0), width, height);
  }
}

/**
 * The fields on the canvas: those that pass the filter, in groups of one look; the large ones among them;
 * and the others.
 */
function visibleFields() {
  const groups = new Map();
  const large = [];
  const others = [];
  for (let i = 0; i < N; i++) {
    const left = toPixelX(map.box[4 * i]);
    const right = toPixelX(map.box[4 * i + 2]);
    const top = toPixelY(map.box[4 * i + 3]);
    const bottom = toPixelY(map.box[4 * i + 1]);
    if (!(right > -10 && left < map.width + 10 && bottom > -10 && top < map.height + 10)) continue; // NaN too
    if (!fields.passing[i]) {
      others.push(i);
      continue;
    }
    const { colour, alpha } = lookOf(i);
    const crop = shownCrop(i);
    const key = `${colour} ${alpha} ${crop}`;
    if (!groups.has(key)) groups.set(key, { crop, colour, alpha, members: [] });
    groups.get(key).members.push(i);
    if (!isPoint(i) && Math.max(right - left, bottom - top) > LARGE) large.push(i);
  }
  return { groups: groups.values(), large, others };
}

function paintGroup(pen, { crop, colour, alpha, members }, lineWidth) {
  pen.fillStyle = colour;
  pen.beginPath();
  for (const i of members) if (!isPoint(i)) traceField(pen, i);
  pen.globalAlpha = alpha;
  pen.fill("evenodd");
  pen.globalAlpha = 1;
  pen.lineWidth = lineWidth;
  pen.strokeStyle = SHADE;
  pen.stroke();
  pen.beginPath();
  for (const i of members) if (isPoint(i)) tracePoint(pen, crop ?? 0, i, pointRadius());
  pen.globalAlpha = alpha;
  pen.fill();
  pen.globalAlpha = 1;
  pen.stroke();
}

/** The outline of a field, or a square in its place where it is too small to be seen. */
function traceField(pen, i) {
  const [west, south, east, north] = boxOf(i);
  if (Math.max(east - west, north - south) * map.view.scale >= SMALL) {
    traceOutline(pen, i);
    return;
  }
  const x = toPixelX((west + east) / 2);
  const y = toPixelY((south + north) / 2);
  pen.rect(x - SMALL / 2, y - SMALL / 2, SMALL, SMALL);
}

function traceOutline(pen, i) {
  for (let r = map.ringAt[i]; r < map.ringAt[i + 1]; r++) {
    const from = map.vertexAt[r];
    const to = map.vertexAt[r + 1];
    pen.moveTo(toPixelX(map.x[from]), toPixelY(map.y[from]));
    for (let k = from + 1; k < to; k++) pen.lineTo(toPixelX(map.x[k]), toPixelY(map.y[k]));
    pen.closePath();
  }
}

const pointRadius = () => Math.max(3, Math.min(8, 2.2 + 60 / Math.sqrt(N)));

/** A point in the shape of its crop. */
function tracePoint(pen, crop, i, radius) {
  const x = toPixelX(map.box[4 * i]);
  const y = toPixelY(map.box[4 * i + 1]);
  const corners = crop < 0 ? 0 : CORNERS[crop % CORNERS.length];
  if (!corners) {
    pen.moveTo(x + radius, y);
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  for (let k = 0; k < corners; k++) {
    const angle = 2 * Math.PI * (k / corners + TURNS[crop % TURNS.length]);
    const corner = [x + 1.25 * radius * Math.cos(angle), y + 1.25 * radius * Math.sin(angle)];
    if (k) pen.lineTo(...corner);
    else pen.moveTo(...corner);
  }
  pen.closePath();
}

/** Hatch outlines by their crops, and write the crops into them; nothing where the layer shows no crops. */
function hatchAndName(pen, large) {
  const crops = new Map();
  for (const i of large) {
    const crop = shownCrop(i);
    if (crop === null) return;
    if (!crops.has(crop)) crops.set(crop, []);
    crops.get(crop).push(i);
  }
  for (const [crop, members] of crops) if (crop >= 0) hatch(pen, crop, members);
  paintNames(pen, crops);
}

function hatch(pen, crop, members) {
  if (!hatchings.has(crop)) hatchings.set(crop, pen.createPattern(hatchTile(crop, "#000"), "repeat"));
  pen.globalAlpha = 0.3;
  pen.fillStyle = hatchings.get(crop);
  pen.beginPath();
  for (const i of members) traceOutline(pen, i);
  pen.fill("evenodd");
  pen.globalAlpha = 1;
}

/** Thin outlines of the fields that do not pass the filter. */
function paintOthers(pen, others) {
  pen.beginPath();
  for (const i of others) if (!isPoint(i)) traceOutline(pen, i);
  pen.globalAlpha = 0.35;
  pen.lineWidth = 0.6;
  pen.strokeStyle = GREY;
  pen.stroke();
  pen.globalAlpha = 1;
}

function paintChosen(pen, i) {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  pen.beginPath();
  if (isPoint(i)) tracePoint(pen, -1, i, pointRadius() + 5);
  else traceField(pen, i);
  const strokes = [
    [5, isDark ? "#000" : "#fff"],
    [2, isDark ? "#fff" : "#000"],
  ];
  for (const [lineWidth, strokeStyle] of strokes) {
    Object.assign(pen, { lineWidth, strokeStyle });
    pen.stroke();
  }
}

/** Show a bar of a round number of metres, at most a quarter of the map long. */
function showScale() {
  const metres = summary.map.unit_metres;
  const bar = byId("scale");
  bar.hidden = !metres;
  if (!metres) return;
  const most = (0.25 * map.width * metres) / map.view.scale;
  const ten = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].map((k) => k * ten).find((k) => k <= most) || ten;
  bar.style.width = `${(length / metres) * map.view.scale}px`;
  bar.textContent =
    length >= 1000 ? `${formatNumber(length / 1000)} km` : `${formatNumber(length, length < 1 ? 2 : 0)} m`;
}
