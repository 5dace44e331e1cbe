// The fields: their numbers, and which one is chosen.
import { CLASSES, N, summary, unpack } from "./data.js";
import { byId, el } from "./dom.js";
import { formatHectares, formatNumber, formatPercent, isKnown } from "./format.js";

/**
 * Numbers of the shown fields by name (`Summary.columns`): arrays of N, NaN where a number is not known.
 * `crop` is a class or -1; `p0`, `p1`, ... are the probabilities of the classes.
 * @type {Object<string, Float32Array>}
 */
export const columns = {};

/** `passing`: 1 where a field passes the filter; `list`: those fields, sorted; `chosen`: a field or -1. */
export const fields = {
  passing: new Uint8Array(N),
  list: [],
  chosen: -1,
  sort: { key: "row", down: false },
};

const MOST_SPREAD = Math.log(Math.max(2, CLASSES.length)); // nats

/** What the page says about a number of a field. */
export const FACTS = {
  confidence: {
    name: "how sure",
    meaning: "probability of the crop",
    format: (x) => formatPercent(x, 1),
  },
  entropy: {
    name: "spread of the probabilities",
    meaning:
      "0 % is certain, 100 % is no idea: all crops are as probable (entropy as a share of its maximum)",
    format: (x) => formatPercent(x / MOST_SPREAD),
  },
  disagreement: {
    name: "networks disagree",
    meaning:
      "how far the networks contradict each other: 0 % is agreement (mutual information as a share of its maximum)",
    format: (x) => formatPercent(x / MOST_SPREAD, 1),
  },
  n_dates: {
    name: "clear dates",
    meaning: "dates with at least one clear pixel in the field",
    format: (x) => formatNumber(x),
  },
  clear_share: {
    name: "clear share",
    meaning: "share of the field's pixels and dates without cloud, shadow or gap",
    format: (x) => formatPercent(x),
  },
  n_pixels: {
    name: "pixels",
    meaning: "area of the field inside the imagery, in pixels",
    format: (x) => `${formatNumber(x, x < 100 ? 1 : 0)} pixels`,
  },
  area_ha: {
    name: "area",
    meaning: "area of the outline",
    format: formatHectares,
  },
  unlike_training: {
    name: "unlike the training fields",
    meaning: "the field's season looks like none of the fields that the model was trained on",
    format: (x) => (x ? "yes" : "no"),
  },
};

const listeners = { filter: [], choice: [], view: [] };

/** Call a function whenever the filter, the chosen field ("choice") or the view of the map changes. */
export const listen = (event, listener) => listeners[event].push(listener);
export const announce = (event, detail) => listeners[event].forEach((listener) => listener(detail));

export async function loadNumbers() {
  const all = await unpack("numbers", Float32Array);
  summary.columns.forEach((name, k) => {
    columns[name] = all.subarray(k * N, (k + 1) * N);
  });
}

/** Whether a number is known of any field. */
export const hasColumn = (name) => name in columns && columns[name].some((x) => !Number.isNaN(x));

export const statusOf = (i) => summary.statuses[columns.status[i]].status;
export const statusName = (i) => summary.statuses[columns.status[i]].name;
export const statusMeaning = (i) => summary.statuses[columns.status[i]].meaning;
export const isAnswered = (i) => isKnown(columns.confidence[i]);
export const probability = (i, k) => columns[`p${k}`][i];

/** The known label of a field, or null. */
export const labelOf = (i) =>
  "label" in columns && isKnown(columns.label[i]) ? summary.labels[columns.label[i]] : null;

/** Whether the most probable class of a field is its known label. */
export const isRight = (i) => labelOf(i) === summary.legend[bestClass(i)];

function bestClass(i) {
  let best = -1;
  for (const k of CLASSES) {
    if (isKnown(probability(i, k)) && (best < 0 || probability(i, k) > probability(i, best))) best = k;
  }
  return best;
}

/** The classes of a field, the most probable first. */
export const rankedClasses = (i) =>
  CLASSES.filter((k) => isKnown(probability(i, k))).sort((a, b) => probability(i, b) - probability(i, a));

/** How sure an answer is, in words. */
export const inWords = (confidence) => summary.sureness.find(({ least }) => confidence >= least).words;

/** Choose a field (-1: none). The map moves to it unless `move` is false. */
export function choose(i, { move = true } = {}) {
  fields.chosen = i;
  announce("choice", { move });
}

/** Choose the field that comes `by` places later in the list. */
export function chooseNext(by) {
  const { list, chosen } = fields;
  if (list.length) choose(list[(list.indexOf(chosen) + by + list.length) % list.length]);
}

/** A button with the id of a field, which chooses it. */
export function choiceButton(i) {
  const onclick = () => {
    choose(i);
    byId("detail").scrollIntoView({ block: "nearest" });
  };
  return el("button", { class: "link", type: "button", onclick }, summary.ids[i]);
}
