// Moving the map with pointer, wheel and keys, and finding the field under the pointer.
import { cropName, nameTag } from "./crops.js";
import { N, summary } from "./data.js";
import { byId, el, replaceChildren } from "./dom.js";
import { choose, chooseNext, columns, fields, isAnswered, listen, statusName } from "./fields.js";
import { formatPercent } from "./format.js";
import { startLayers } from "./layers.js";
import {
  aside,
  bringIntoView,
  cutsAt,
  fitAll,
  fromPixelX,
  fromPixelY,
  hasPlace,
  isCovered,
  isPoint,
  map,
  panBy,
  zoomBy,
} from "./map.js";
import { repaint } from "./paint.js";
import { startTiles } from "./tiles.js";

const FINGER = 12; // pixels: a click may miss a small field by so much
const HOVER = 6; // pixels, likewise for a pointer that rests
const CLICK = 4; // pixels: a pointer that moves farther drags the map
const PAN = 60; // pixels of an arrow key
const PANEL_GAP = 12; // pixels between a panel and the edge

/** Whether a place lies inside a field: a ray from it crosses the outline an odd number of times. */
const isInside = (i, x, y) => cutsAt(i, y).filter((cut) => cut > x).length % 2 === 1;

/** The field at a pixel: the smallest outline around it, or else the nearest small field within reach, or -1. */
function fieldAt(px, py, reach = FINGER) {
  const x = fromPixelX(px);
  const y = fromPixelY(py);
  const around = { field: -1, area: Infinity };
  const near = { field: -1, distance: (reach / map.view.scale) ** 2 };
  for (let i = 0; i < N; i++) {
    if (!fields.passing[i] || !hasPlace(i)) continue;
    const west = map.box[4 * i];
    const south = map.box[4 * i + 1];
    const east = map.box[4 * i + 2];
    const north = map.box[4 * i + 3];
    const area = (east - west) * (north - south);
    const isInBox = x >= west && x <= east && y >= south && y <= north;
    if (isInBox && !isPoint(i) && area < around.area && isInside(i, x, y)) {
      Object.assign(around, { field: i, area });
    }
    const distance = Math.max(west - x, 0, x - east) ** 2 + Math.max(south - y, 0, y - north) ** 2;
    const isSmall = isPoint(i) || Math.max(east - west, north - south) * map.view.scale < reach;
    if (distance <= near.distance && isSmall) Object.assign(near, { field: i, distance });
  }
  return around.field >= 0 ? around.field : near.field;
}

export function startMap() {
  if (!map.ready) return;
  const canvas = byId("map");
  startLayers();
  startTiles();
  startPointers(canvas);
  startWheel(canvas);
  startKeys(canvas);
  byId("zoom-in").addEventListener("click", () => zoomBy(1.6));
  byId("zoom-out").addEventListener("click", () => zoomBy(1 / 1.6));
  byId("zoom-all").addEventListener("click", fitAll);
  byId("picture").addEventListener("change", repaint);
  showPicture();
  measureCanvas(canvas); // when the panel of the layers has its height
  fitAll();
  listen("view", repaint);
  listen("filter", repaint);
  listen("choice", ({ move }) => {
    measureCanvas(canvas);
    const { chosen } = fields;
    if (chosen >= 0 && (move || isCovered(chosen))) bringIntoView(chosen);
    else repaint();
  });
  new ResizeObserver(() => {
    measureCanvas(canvas);
    repaint();
  }).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
}

/** Take the size of the canvas, and how much of it the panels beside it cover. */
function measureCanvas(canvas) {
  map.width = canvas.clientWidth;
  map.height = canvas.clientHeight;
  const coverOf = (panel) =>
    !panel.hidden && getComputedStyle(panel).position === "absolute" ? panel.offsetWidth + PANEL_GAP : 0;
  const layers = byId("layers");
  const isOver = getComputedStyle(layers).position === "absolute";
  map.covered = {
    left: coverOf(byId("glance")),
    right: coverOf(byId("detail")),
    top: isOver ? layers.offsetHeight + PANEL_GAP : 0,
    bottom: byId("zoom-all").offsetHeight + PANEL_GAP,
  };
}

/** One pointer drags or clicks, two zoom. */
function startPointers(canvas) {
  const pointers = new Map(); // places by the pointers' ids
  let moved = 0;
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, placeOf(event));
    canvas.setPointerCapture(event.pointerId);
    byId("tip").hidden = true;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = placeOf(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      showTip(now);
      return;
    }
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    const other = [...pointers].find(([id]) => id !== event.pointerId);
    if (other) pinch(before, now, other[1]);
    else if (moved > CLICK) panBy(now[0] - before[0], now[1] - before[1]);
    pointers.set(event.pointerId, now);
  });
  canvas.addEventListener("pointerup", (event) => {
    const isClick = pointers.delete(event.pointerId) && moved <= CLICK && !pointers.size;
    if (isClick) choose(fieldAt(...placeOf(event)), { move: false });
  });
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => {
    byId("tip").hidden = true;
  });
}

/** The wheel zooms where the map has the keyboard's attention, or with Ctrl; else it scrolls the page. */
function startWheel(canvas) {
  const wheel = (event) => {
    const isMeant = event.ctrlKey || event.metaKey || document.activeElement === canvas;
    byId("wheel-hint").hidden = isMeant;
    if (!isMeant) return;
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    const times = Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) / 300);
    zoomBy(times, event.clientX - box.left, event.clientY - box.top);
  };
  canvas.addEventListener("wheel", wheel, { passive: false });
  canvas.addEventListener("pointerleave", () => {
    byId("wheel-hint").hidden = true;
  });
}

/** Zoom by two fingers, of which one moves. */
function pinch(before, now, [x, y]) {
  const distance = (place) => Math.hypot(place[0] - x, place[1] - y) || 1;
  zoomBy(distance(now) / distance(before), (now[0] + x) / 2, (now[1] + y) / 2);
}

function startKeys(canvas) {
  const middle = () => fieldAt(map.width / 2 + aside(), map.height / 2, Infinity);
  const actions = {
    ArrowLeft: () => panBy(PAN, 0),
    ArrowRight: () => panBy(-PAN, 0),
    ArrowUp: () => panBy(0, PAN),
    ArrowDown: () => panBy(0, -PAN),
    "+": () => zoomBy(1.5),
    "=": () => zoomBy(1.5),
    "-": () => zoomBy(1 / 1.5),
    0: fitAll,
    n: () => chooseNext(1),
    p: () => chooseNext(-1),
    Enter: () => choose(middle(), { move: false }),
  };
  canvas.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
}

/** Say what the picture below the fields is. */
function showPicture() {
  const { images } = summary.map;
  const names = new Set(images.map(({ picture, date }) => [picture, date].filter(Boolean).join(", ")));
  byId("picture-label").hidden = !images.length;
  byId("picture-label").title = [...names].slice(0, 3).join("; ");
}

/** Name the field under a resting pointer. */
function showTip([px, py]) {
  const i = fieldAt(px, py, HOVER);
  const tip = byId("tip");
  tip.hidden = i < 0;
  if (i < 0) return;
  const answer = isAnswered(i)
    ? [nameTag(cropName(columns.crop[i])), `, ${formatPercent(columns.confidence[i])} sure`]
    : `no answer: ${statusName(i)}`;
  replaceChildren(tip, el("b", {}, summary.ids[i]), el("br"), answer);
  tip.style.left = `${Math.min(px + 14, Math.max(0, map.width - tip.offsetWidth - 4))}px`;
  const top = Math.min(py + 14, Math.max(0, map.height - tip.offsetHeight - 4));
  tip.style.top = `${byId("map").offsetTop + top}px`; // on a phone, the panel of the layers is above the map
}
