// How much of each crop there is.
import { cropTag } from "./crops.js";
import { CLASSES, summary } from "./data.js";
import { byId, el, hint, muted, numberCell, replaceChildren, tableOf } from "./dom.js";
import { formatHectares, formatNumber, formatPercent, isKnown, plural, sum } from "./format.js";

const Z = 1.96; // standard errors of a 95 % interval
const MODEL_ONLY =
  "No labels were given, so the range rests on the model's own probabilities. The model may be wrong in the same way " +
  "on many fields, in a new region or year for example. Then the true error is larger. Compare with labelled fields " +
  "(cropdetect evaluate) before you use these areas.";

/** An amount in hectares ("ha") or fields. */
function formatAmount(x, unit) {
  if (unit === "ha") return formatHectares(x);
  return formatNumber(x, x < 100 ? 1 : 0);
}

export function showAreas() {
  const areas = summary.metrics?.areas;
  const nBelow = summary.n_no_crop;
  const below = `${plural(nBelow, "field")} with an answer got no crop: confidence lies below the limit that was set.`;
  replaceChildren(
    byId("areas-body"),
    areas ? estimatedTable(areas) : null,
    mappedTable(),
    nBelow ? el("p", {}, below) : null,
    areas ? muted(areas.method, sampleWarning(areas)) : muted(MODEL_ONLY),
  );
}

const sampleWarning = (areas) =>
  areas.probability_sample
    ? ""
    : " The labelled fields are not known to be a random sample: errors may be larger.";

/** Sums by the map, and as the probabilities expect them. */
function mappedTable() {
  const hasAreas = summary.total_ha !== null;
  const unit = hasAreas ? "ha" : "fields";
  const whole = sum(summary.classes.map((one) => one[unit])) || 1;
  const order = [...CLASSES].sort((a, b) => summary.classes[b][unit] - summary.classes[a][unit]);
  const rows = order.map((k) => {
    const one = summary.classes[k];
    const numbers = [
      formatNumber(one.fields),
      ...(hasAreas ? [formatHectares(one.ha)] : []),
      formatPercent(one[unit] / whole, 1),
      formatAmount(one[`expected_${unit}`], unit),
      `± ${formatAmount(2 * one[`spread_${unit}`], unit)}`,
    ];
    return [cropTag(k), ...numbers.map(numberCell)];
  });
  const heads = [
    "crop",
    "fields",
    ...(hasAreas ? ["area"] : []),
    "share",
    hint(
      "expected",
      "summed over all fields by their probabilities, so that unsure fields count for several crops",
    ),
    hint(
      "give or take",
      "two standard deviations, if the stated probabilities are right and fields err independently of each other",
    ),
  ];
  return tableOf("By the map, and as the probabilities expect", heads, rows);
}

/** Areas that labelled fields have corrected. */
function estimatedTable({ unit, classes }) {
  const amount = (x) => (isKnown(x) ? formatAmount(x, unit) : "–");
  const margin = (error, format) => (isKnown(error) ? `± ${format(Z * error)}` : "");
  const accuracy = (x, error) =>
    isKnown(x) ? `${formatPercent(x, 1)} ${margin(error, (e) => formatPercent(e, 1))}`.trim() : "–";
  const rows = classes.map((one) => {
    const k = summary.legend.indexOf(one.name);
    const numbers = [
      amount(one.mapped),
      amount(one.estimated),
      margin(one.standard_error, amount) || "–",
      accuracy(one.users_accuracy, one.users_accuracy_se),
      accuracy(one.producers_accuracy, one.producers_accuracy_se),
    ];
    return [k < 0 ? one.name : cropTag(k), ...numbers.map(numberCell)];
  });
  const heads = [
    "crop",
    "mapped",
    "estimated",
    hint("95 % give or take", "1.96 standard errors"),
    hint("user's accuracy", "of what is mapped as the crop, the share that is the crop"),
    hint("producer's accuracy", "of what is the crop, the share that is mapped as it"),
  ];
  return tableOf("With the map's errors taken out, from the labelled fields", heads, rows);
}
