// Against labels: confusion, reliability, classes, sizes, dates, doubtful labels.
import { reliabilityChart } from "./charts.js";
import { CODES, codeNote, nameTag } from "./crops.js";
import { summary } from "./data.js";
import { byId, el, hint, muted, numberCell, replaceChildren, tableOf } from "./dom.js";
import { choiceButton } from "./fields.js";
import { formatNumber, formatPercent, isKnown, plural, sum } from "./format.js";

const MOST_DOUBTS = 50; // labels that are listed

const inPercent = (x) => formatPercent(x, 1);
const inThousandths = (x) => formatNumber(x, 3);

export function showScores() {
  const { metrics } = summary;
  if (!metrics) return;
  if (metrics.reliability) replaceChildren(byId("reliability"), reliability(metrics));
  replaceChildren(
    byId("scores-body"),
    metrics.confusion ? [el("h3", {}, "Which crops are confused?"), confusion(metrics)] : null,
    [el("h3", {}, "Crop by crop"), classTable(metrics)],
    metrics.by_size ? [el("h3", {}, "By size of the field"), sizeTable(metrics.by_size)] : null,
    metrics.by_date
      ? [el("h3", {}, "How early in the season is it known?"), dateTable(metrics.by_date)]
      : null,
    metrics.label_doubts ? [el("h3", {}, "Labels that may be wrong"), doubts(metrics.label_doubts)] : null,
  );
}

/** "low to high" of an interval, or "" where none is known. */
function intervalOf({ intervals }, key, format) {
  const interval = intervals?.[key];
  return interval ? interval.map(format).join(" to ") : "";
}

function reliability(metrics) {
  const explanation =
    "It is right on the dashed line. Below the line, the answers are too sure. Larger dots stand for more fields. " +
    `Expected calibration error (ECE): ${inPercent(metrics.ece)}.`;
  return el(
    "div",
    {},
    el("h3", {}, "Is the stated confidence right?"),
    reliabilityChart(metrics.reliability),
    muted(explanation),
  );
}

/** True classes by answered classes, as counts or as shares of each true class. */
function confusion(metrics) {
  const holder = el("div", { id: "confusion" });
  let isInShares = false;
  const show = () => {
    button.textContent = isInShares ? "Show counts" : "Show shares";
    replaceChildren(holder, confusionTable(metrics, isInShares));
  };
  const onclick = () => {
    isInShares = !isInShares;
    show();
  };
  const button = el("button", { type: "button", class: "tools", onclick });
  show();
  return el("div", {}, button, holder);
}

function confusionTable({ legend, confusion: counts }, isInShares) {
  const cropOf = (k) => (summary.legend[k] === legend[k] ? k : -1); // another class of the labels has no code
  const heads = legend.map((name, k) => el("th", { scope: "col", title: name }, CODES[cropOf(k)] ?? name));
  const rows = counts.map((row, t) => {
    const total = sum(row);
    const cells = row.map((n, k) => confusionCell(n, total, legend[t], legend[k], isInShares));
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, nameTag(legend[t]), codeNote(cropOf(t))),
      cells,
      el("td", { class: "number" }, formatNumber(total)),
    );
  });
  const corner = el("th", { scope: "col" }, "true ↓  answered →");
  const last = el("th", { scope: "col", class: "number" }, "fields");
  const table = el(
    "table",
    { class: "confusion" },
    el("caption", {}, isInShares ? "Share of the fields of each true crop" : "Number of fields"),
    el("thead", {}, el("tr", {}, corner, heads, last)),
    el("tbody", {}, rows),
  );
  return el("div", { class: "scroll" }, table);
}

/** `n` of `total` fields of a crop got an answer. */
function confusionCell(n, total, truth, answer, isInShares) {
  const share = total ? n / total : 0;
  const title = `${plural(n, "field")} of ${truth} answered as ${answer} (${inPercent(share)})`;
  const text = !isInShares ? formatNumber(n) : total ? formatPercent(share) : "–";
  const background = `color-mix(in srgb, var(--accent) ${Math.round(65 * share)}%, transparent)`;
  return el(
    "td",
    { class: truth === answer ? "right" : null, title, style: n ? { background } : null },
    text,
  );
}

function classTable(metrics) {
  const cellOf = (name, key, value) => {
    const interval = intervalOf(metrics, `${key}:${name}`, (x) => formatPercent(x));
    return numberCell(isKnown(value) ? `${inPercent(value)}${interval ? ` (${interval})` : ""}` : "–");
  };
  const classes = Object.entries(metrics.per_class).sort((a, b) => b[1].n - a[1].n);
  const rows = classes.map(([name, { n, precision, recall, f1 }]) => [
    name,
    numberCell(formatNumber(n)),
    cellOf(name, "precision", precision),
    cellOf(name, "recall", recall),
    cellOf(name, "f1", f1),
  ]);
  const heads = [
    "crop",
    "fields",
    hint("precision", "share of the fields predicted as this crop that are right"),
    hint("recall", "share of the fields of this crop that are found"),
    hint("F1", "harmonic mean of precision and recall"),
  ];
  return tableOf(metrics.intervals ? "In brackets: 95\u00a0% intervals" : null, heads, rows);
}

function sizeTable(sizes) {
  const rows = sizes.map(({ lower_pixels: lower, upper_pixels: upper, n, accuracy, log_loss: logLoss }) => [
    upper === null ? `${formatNumber(lower)} and more` : `${formatNumber(lower)} to ${formatNumber(upper)}`,
    ...[formatNumber(n), inPercent(accuracy), inThousandths(logLoss)].map(numberCell),
  ]);
  return tableOf(null, ["pixels", "fields", "right", "log loss"], rows);
}

function dateTable(dates) {
  const rows = dates.map(({ until, n_fields: n, accuracy, macro_f1: macroF1, log_loss: logLoss }) => [
    until,
    ...[formatNumber(n), inPercent(accuracy), inThousandths(macroF1), inThousandths(logLoss)].map(numberCell),
  ]);
  const heads = ["until", "fields", "right", "macro F1", "log loss"];
  return tableOf("With the dates up to a day only", heads, rows);
}

function doubts(all) {
  if (!all.length) return el("p", {}, "No label is confidently contradicted.");
  const rowOfId = new Map(summary.ids.map((id, i) => [id, i]));
  const rows = all.slice(0, MOST_DOUBTS).map((doubt) => {
    const id = String(doubt.field_id);
    return [
      rowOfId.has(id) ? choiceButton(rowOfId.get(id)) : id,
      doubt.label,
      doubt.predicted,
      numberCell(inPercent(doubt.confidence)),
      numberCell(inPercent(doubt.label_probability)),
    ];
  });
  const n = `${plural(all.length, "label")} ${all.length === 1 ? "is" : "are"} confidently contradicted`;
  const shown = all.length > MOST_DOUBTS ? `; the ${MOST_DOUBTS} most doubtful` : "";
  return el(
    "div",
    { id: "doubts" },
    el("p", {}, `${n}${shown}: look at the field's season before believing either.`),
    tableOf(null, ["field", "label", "answer", "sure of it", "sure of the label"], rows),
  );
}
