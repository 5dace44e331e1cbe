// Which fields pass the filter, in which order, and the form that says so.
import { cropName } from "./crops.js";
import { N, summary } from "./data.js";
import { byId, el, replaceChildren } from "./dom.js";
import {
  announce,
  choose,
  columns,
  fields,
  hasColumn,
  isAnswered,
  isRight,
  labelOf,
  listen,
  statusOf,
} from "./fields.js";
import { formatNumber, isKnown, plural } from "./format.js";

const NO_FILTER = { text: "", low: 0, high: 100, status: "", verdict: "" };
const ROUNDING = 1e-6; // percent; confidences have 32 bits

/** `low` and `high` are percent; `verdict` is "right", "wrong", "none" (no label) or "". */
const filter = { ...NO_FILTER, hiddenCrops: new Set() };

function passes(i) {
  return (
    summary.ids[i].toLowerCase().includes(filter.text) &&
    !filter.hiddenCrops.has(columns.crop[i]) &&
    passesConfidence(i) &&
    (!filter.status || statusOf(i) === filter.status) &&
    passesVerdict(i)
  );
}

function passesConfidence(i) {
  const { low, high } = filter;
  const confidence = 100 * columns.confidence[i];
  if (!isKnown(confidence)) return low <= 0 && high >= 100;
  return confidence >= low - ROUNDING && confidence <= high + ROUNDING;
}

function passesVerdict(i) {
  const { verdict } = filter;
  if (!verdict) return true;
  if (verdict === "none") return labelOf(i) === null;
  return labelOf(i) !== null && isAnswered(i) && isRight(i) === (verdict === "right");
}

/** Find the fields that pass, and tell the listeners. */
export function applyFilter() {
  fields.list = [];
  for (let i = 0; i < N; i++) {
    fields.passing[i] = passes(i) ? 1 : 0;
    if (fields.passing[i]) fields.list.push(i);
  }
  sortFields();
  announce("filter");
}

/** Sort the list by `fields.sort`; what is not known comes last either way. */
export function sortFields() {
  const { key, down } = fields.sort;
  const sign = down ? -1 : 1;
  const textOf = {
    id: (i) => summary.ids[i],
    crop: (i) => cropName(columns.crop[i]),
    status: statusOf,
    label: (i) => labelOf(i) || "",
  }[key];
  if (key === "row") {
    fields.list.sort((a, b) => sign * (a - b));
  } else if (textOf) {
    const order = new Intl.Collator("en", { numeric: true }).compare;
    fields.list.sort((a, b) => sign * order(textOf(a), textOf(b)) || a - b);
  } else {
    const numbers = columns[key];
    const unknown = (i) => (isKnown(numbers[i]) ? 0 : 1);
    fields.list.sort((a, b) => unknown(a) - unknown(b) || sign * (numbers[a] - numbers[b]) || a - b);
  }
}

/** Take all filters off, but for those given. */
function resetFilter(changes = {}) {
  Object.assign(filter, NO_FILTER, changes);
  filter.hiddenCrops.clear();
  byId("search").value = filter.text;
  byId("low").value = filter.low;
  byId("high").value = filter.high;
  byId("status").value = filter.status;
  byId("verdict").value = filter.verdict;
  document.querySelectorAll("#crops button").forEach((one) => one.setAttribute("aria-pressed", "true"));
  applyFilter();
}

export function startFilters() {
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && fields.list.length) choose(fields.list[0]);
  });
  byId("reset").addEventListener("click", () => resetFilter());
  follow("search", "input", (text) => ({ text: text.trim().toLowerCase() }));
  follow("low", "input", (text) => ({ low: Number(text) || 0 }));
  follow("high", "input", (text) => ({ high: text === "" ? 100 : Number(text) }));
  follow("status", "change", (status) => ({ status }));
  follow("verdict", "change", (verdict) => ({ verdict }));
  showChoices();
  listen("filter", () => {
    byId("found").textContent = `${plural(fields.list.length, "field")} of ${formatNumber(N)} shown.`;
  });
}

/** Change the filter by what an input says. */
function follow(id, event, changeOf) {
  byId(id).addEventListener(event, ({ target }) => {
    Object.assign(filter, changeOf(target.value));
    applyFilter();
  });
}

/** Fill the form with statuses, verdicts and crops. */
function showChoices() {
  const option = ([value, text]) => el("option", { value }, text);
  const statuses = summary.statuses.map((s) => [s.status, `${s.name} (${formatNumber(s.fields)})`]);
  replaceChildren(byId("status"), [["", "any"], ...statuses].map(option));
  if (hasColumn("label")) {
    const verdicts = { "": "any", right: "right", wrong: "wrong", none: "no label" };
    byId("verdict-label").hidden = false;
    replaceChildren(byId("verdict"), Object.entries(verdicts).map(option));
  }
  for (const button of document.querySelectorAll("#crops button")) {
    button.addEventListener("click", () => toggleCrop(button));
  }
  for (const button of document.querySelectorAll("#statuses button")) {
    button.addEventListener("click", () => {
      resetFilter({ status: button.dataset.status });
      byId("fields").scrollIntoView();
    });
  }
}

/** Hide a crop, or show it again. */
function toggleCrop(button) {
  const crop = Number(button.dataset.crop);
  const wasHidden = filter.hiddenCrops.delete(crop);
  if (!wasHidden) filter.hiddenCrops.add(crop);
  button.setAttribute("aria-pressed", wasHidden);
  applyFilter();
}
