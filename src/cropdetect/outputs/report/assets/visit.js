// Which fields a visit would tell most about.
import { columnChart } from "./charts.js";
import { nameTag } from "./crops.js";
import { N, summary } from "./data.js";
import { byId, el, hint, numberCell, replaceChildren, tableOf } from "./dom.js";
import {
  choiceButton,
  columns,
  FACTS,
  hasColumn,
  isAnswered,
  probability,
  rankedClasses,
  statusOf,
} from "./fields.js";
import { formatHectares, formatNumber, formatPercent, isKnown, plural, sum } from "./format.js";

const LISTED = 12; // fields
const FEW_DATES = 5;

/** The orders that the data allow; `scoreOf` is highest where a visit comes first. */
function visitOrders() {
  const orders = [{ name: "the least sure", scoreOf: (i) => columns.entropy[i] }];
  if (hasColumn("area_ha")) {
    orders.push({
      name: "the largest that are unsure",
      scoreOf: (i) => columns.entropy[i] * columns.area_ha[i],
    });
  }
  if (membersDisagree()) {
    orders.push({ name: "where the networks disagree", scoreOf: (i) => columns.disagreement[i] });
  }
  return orders;
}

const membersDisagree = () => hasColumn("disagreement") && columns.disagreement.some((x) => x > 1e-9);

export function showVisit() {
  const orders = visitOrders();
  const body = el("div");
  const show = (order) => replaceChildren(body, visitTable(order.scoreOf));
  const onchange = ({ target }) => show(orders[target.value]);
  const options = orders.map(({ name }, k) => el("option", { value: k }, name));
  const choice = el(
    "label",
    { class: "tools" },
    "Show ",
    el("select", { id: "visit-order", onchange }, options),
  );
  const invitation =
    "A visit, or a look at an image of high resolution, helps most where the answer is least sure.";
  show(orders[0]);
  replaceChildren(byId("visit-body"), el("p", {}, invitation), choice, body, confidenceChart());
}

function visitTable(scoreOf) {
  const order = [];
  for (let i = 0; i < N; i++) if (isAnswered(i) && isKnown(scoreOf(i))) order.push(i);
  if (!order.length) return el("p", {}, "No field has an answer.");
  order.sort((a, b) => scoreOf(b) - scoreOf(a));
  const hasArea = hasColumn("area_ha");
  const hasDisagreement = membersDisagree();
  const heads = [
    "field",
    "what it could be",
    ...(hasArea ? ["area"] : []),
    FACTS.confidence.name,
    ...(hasDisagreement ? [hint(FACTS.disagreement.name, FACTS.disagreement.meaning)] : []),
  ];
  const rows = order.slice(0, LISTED).map((i) => {
    const numbers = [
      ...(hasArea ? [formatHectares(columns.area_ha[i])] : []),
      formatPercent(columns.confidence[i]),
      ...(hasDisagreement ? [FACTS.disagreement.format(columns.disagreement[i])] : []),
    ];
    return [choiceButton(i), el("span", {}, reasonsOf(i)), ...numbers.map(numberCell)];
  });
  return tableOf(null, heads, rows);
}

/** Why the answer for a field may be wrong. */
function reasonsOf(i) {
  const reasons = rankedClasses(i)
    .slice(0, 2)
    .map((k, rank) => [
      rank ? " or " : "",
      nameTag(summary.legend[k]),
      ` (${formatPercent(probability(i, k))})`,
    ]);
  if (hasColumn("n_dates") && columns.n_dates[i] < FEW_DATES) {
    reasons.push(`; only ${plural(columns.n_dates[i], "clear date")}`);
  }
  if (statusOf(i) === "partly_outside") reasons.push("; partly outside the imagery");
  return reasons;
}

/** How many fields are how sure. */
function confidenceChart() {
  const counts = summary.confidence_counts;
  const nLow = sum(counts.slice(0, 10));
  const nHigh = sum(counts.slice(18));
  const low = `${plural(nLow, "field")} of ${formatNumber(summary.n_answered)} with an answer`;
  const chart = columnChart({
    values: counts,
    titles: counts.map((n, k) => `${5 * k} to ${5 * k + 5}\u00a0%: ${plural(n, "field")}`),
    labels: [
      [0, formatPercent(0)],
      [10, `${formatPercent(0.5)} sure`],
      [20, formatPercent(1)],
    ],
    label: "Number of fields by how sure the answer is",
  });
  return [
    el("h3", {}, "How sure are all fields?"),
    el(
      "p",
      {},
      `${low} ${nLow === 1 ? "is" : "are"} below ${formatPercent(0.5)}, ${formatNumber(nHigh)} at ${formatPercent(0.9)} or more.`,
    ),
    chart,
  ];
}
