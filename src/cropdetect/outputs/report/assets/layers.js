// What the map's colours say: the crop, how sure it is, the runner-up, the NDVI of a day, or which fields look unfamiliar.
import { colourOf, GREY } from "./crops.js";
import { N, summary } from "./data.js";
import { byId, el, replaceChildren } from "./dom.js";
import { announce, columns, hasColumn, isAnswered, rankedClasses } from "./fields.js";
import { formatPercent, isKnown } from "./format.js";
import { MEMORY, snapshotOf } from "./season.js";

const SURE = ["#8c2d04", "#d95f0e", "#fdae6b", "#a6bddb", "#3690c0", "#034e7b"]; // ColorBrewer OrBr, PuBu
const GREEN = ["#8c6d31", "#c9a65a", "#ecdba3", "#d9f0a3", "#78c679", "#31a354", "#006837"]; // ColorBrewer YlGn
const MOST_NDVI = 0.9;
const FAMILIAR = "#9db4c5";
const UNFAMILIAR = "#d7301f";
const PALE = 0.5; // confidence below which the crop's colour is pale

let snapshot = null; // NDVI of each field
let seconds = null; // the second most probable class of each field

const stepOf = (colours, share) =>
  colours[Math.max(0, Math.min(colours.length - 1, Math.floor(share * colours.length)))];

function secondOf(i) {
  seconds ??= new Map();
  if (!seconds.has(i)) seconds.set(i, rankedClasses(i)[1] ?? -1);
  return seconds.get(i);
}

const ramp = (colours, low, high) => [
  el("span", {}, low),
  colours.map((background) => el("span", { class: "step", style: { background } })),
  el("span", {}, high),
];

const key = (background, words) =>
  el("span", {}, el("span", { class: "step", style: { background } }), ` ${words}`);

/**
 * `name` is a choice of the page; `colourOf` a field's colour; `isCrop` whether colours are crops; `legend` explains them;
 * `isThere` whether the page has the numbers.
 */
const LAYERS = {
  crop: {
    name: "crop",
    isCrop: true,
    cropOf: (i) => columns.crop[i],
    colourOf: (i) => colourOf(columns.crop[i]),
    legend: () => `Pale: less than ${formatPercent(PALE)} sure.`,
    isThere: () => true,
  },
  sure: {
    name: "how sure",
    colourOf: (i) => stepOf(SURE, columns.confidence[i]),
    legend: () => ramp(SURE, formatPercent(0), `${formatPercent(1)} sure`),
    isThere: () => true,
  },
  second: {
    name: "second most probable crop",
    isCrop: true,
    cropOf: secondOf,
    colourOf: (i) => colourOf(secondOf(i)),
    legend: () => "The most likely crop if the first answer is wrong.",
    isThere: () => summary.legend.length > 1,
  },
  ndvi: {
    name: "greenness (NDVI) by date",
    colourOf: (i) => (snapshot && isKnown(snapshot[i]) ? stepOf(GREEN, snapshot[i] / MOST_NDVI) : GREY),
    legend: () => [...ramp(GREEN, "0", "0.9"), el("span", {}, `grey: not seen in the ${MEMORY} days before`)],
    isThere: () => summary.season?.bands[0].name === "NDVI",
  },
  unlike: {
    name: "unlike the training fields",
    colourOf: (i) => (columns.unlike_training[i] ? UNFAMILIAR : FAMILIAR),
    legend: () => [key(UNFAMILIAR, "unlike"), key(FAMILIAR, "like the training fields")],
    isThere: () => hasColumn("unlike_training"),
  },
};

let layer = LAYERS.crop;

/** The crop that a field's colour stands for; null where the layer shows something else. */
export const shownCrop = (i) => (layer.isCrop ? layer.cropOf(i) : null);

/** Colour and opacity of a field. */
export function lookOf(i) {
  if (layer !== LAYERS.ndvi && !isAnswered(i)) return { colour: GREY, alpha: 0.5 };
  const isPale = layer === LAYERS.crop && columns.confidence[i] < PALE;
  return { colour: layer.colourOf(i), alpha: isPale ? 0.55 : 0.92 };
}

export function startLayers() {
  const choices = Object.entries(LAYERS).filter(([, { isThere }]) => isThere());
  replaceChildren(
    byId("layer"),
    choices.map(([value, { name }]) => el("option", { value }, name)),
  );
  byId("layer").addEventListener("change", ({ target }) => showLayer(LAYERS[target.value]));
  if (LAYERS.ndvi.isThere()) startDates();
  showLayer(LAYERS.crop);
}

function showLayer(next) {
  layer = next;
  byId("when").hidden = layer !== LAYERS.ndvi;
  replaceChildren(byId("legend"), layer.legend());
  if (layer === LAYERS.ndvi) showDate();
  announce("view");
}

function startDates() {
  const { dates } = summary.season;
  const slider = byId("date");
  slider.max = dates.length - 1;
  slider.value = Math.floor(dates.length / 2);
  slider.addEventListener("input", showDate);
}

async function showDate() {
  const at = Number(byId("date").value);
  byId("date-text").textContent = summary.season.dates[at];
  const next = await snapshotOf(0, at, N);
  if (Number(byId("date").value) !== at) return; // the user was faster
  snapshot = next;
  announce("view");
}
