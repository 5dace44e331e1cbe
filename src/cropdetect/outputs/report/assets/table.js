// The list that follows the filter, page by page, and its CSV.
import { cropName, cropTag, nameTag } from "./crops.js";
import { CLASSES, summary } from "./data.js";
import { byId, el, replaceChildren } from "./dom.js";
import {
  choiceButton,
  choose,
  columns,
  FACTS,
  fields,
  hasColumn,
  isAnswered,
  labelOf,
  listen,
  probability,
  statusName,
  statusOf,
} from "./fields.js";
import { sortFields } from "./filters.js";
import { formatNumber, isKnown } from "./format.js";

const PAGE_ROWS = 50;
const PAPER_ROWS = 500; // about ten sheets
const NUMBERS = ["area_ha", "n_dates", "clear_share", "disagreement"]; // in the list, where they are known

let pageNumber = 0;

/** Key and name of each column of the list. */
function listColumns() {
  return [
    ["id", "field"],
    ["crop", "crop"],
    ["confidence", FACTS.confidence.name],
    ...(hasColumn("label") ? [["label", "known label"]] : []),
    ...NUMBERS.filter(hasColumn).map((key) => [key, FACTS[key].name]),
    ["status", "answer"],
  ];
}

function cellOf(key, i) {
  if (key === "id") return el("td", {}, choiceButton(i));
  if (key === "crop") return el("td", { class: "crop-name" }, isAnswered(i) ? cropTag(columns.crop[i]) : "–");
  if (key === "label") return el("td", { class: "crop-name" }, nameTag(labelOf(i) ?? "–"));
  if (key === "status") return el("td", {}, statusName(i));
  const value = columns[key][i];
  return el("td", { class: "number" }, isKnown(value) ? FACTS[key].format(value) : "–");
}

function showHead() {
  const heads = listColumns().map(([key, name]) => headOf(key, name));
  replaceChildren(byId("table").tHead, el("tr", {}, heads));
}

/** A column's head, which sorts the list by it. */
function headOf(key, name) {
  const { sort } = fields;
  const isSorted = sort.key === key;
  const onclick = () => sortBy(key, isSorted && !sort.down);
  const mark = !isSorted ? "" : sort.down ? " ▼" : " ▲";
  const attributes = {
    scope: "col",
    "data-key": key,
    class: key in FACTS ? "number" : null,
    "aria-sort": !isSorted ? "none" : sort.down ? "descending" : "ascending",
  };
  const button = el("button", { type: "button", title: FACTS[key]?.meaning, onclick }, `${name}${mark}`);
  return el("th", attributes, button);
}

function sortBy(key, down) {
  fields.sort = { key, down };
  sortFields();
  showHead();
  showPage(0);
  byId("table").querySelector(`[data-key="${key}"] button`).focus();
}

/** Put the list on paper: its first rows instead of one page of it. */
function showOnPaper() {
  showRows(fields.list.slice(0, PAPER_ROWS));
  const n = fields.list.length;
  byId("paper").textContent =
    n > PAPER_ROWS
      ? `These are the first ${formatNumber(PAPER_ROWS)} of ${formatNumber(n)} fields. predictions.csv lists them all.`
      : "";
}

function showRows(rows) {
  const keys = listColumns().map(([key]) => key);
  replaceChildren(
    byId("table").tBodies[0],
    rows.map((i) => rowOf(i, keys)),
  );
}

function showPage(number) {
  const nPages = Math.max(1, Math.ceil(fields.list.length / PAGE_ROWS));
  pageNumber = Math.max(0, Math.min(number, nPages - 1));
  showRows(fields.list.slice(pageNumber * PAGE_ROWS, (pageNumber + 1) * PAGE_ROWS));
  byId("page").textContent = `page ${pageNumber + 1} of ${formatNumber(nPages)}`;
  byId("previous").disabled = pageNumber === 0;
  byId("next").disabled = pageNumber === nPages - 1;
}

function rowOf(i, keys) {
  const onclick = ({ target }) => {
    if (!target.closest("button")) choose(i);
  };
  const attributes = { "data-row": i, class: i === fields.chosen ? "chosen" : null, onclick };
  return el(
    "tr",
    attributes,
    keys.map((key) => cellOf(key, i)),
  );
}

/** Mark the chosen field, on its own page of the list. */
function showChosen() {
  const position = fields.list.indexOf(fields.chosen);
  const number = Math.floor(position / PAGE_ROWS);
  if (position >= 0 && number !== pageNumber) {
    showPage(number);
    return;
  }
  for (const row of byId("table").tBodies[0].rows) {
    row.classList.toggle("chosen", Number(row.dataset.row) === fields.chosen);
  }
}

/** A cell that a spreadsheet would run as a formula gets an apostrophe (OWASP, "CSV Injection"). */
function csvCell(value) {
  let text = String(value);
  const isNumber = /^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text);
  if (/^[=+\-@\t\r\n]/.test(text) && !isNumber) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The given fields as CSV, in the columns of predictions.csv as far as the page has them. */
function csvOf(rows) {
  const numbers = Object.keys(FACTS).filter((key) => key in columns);
  const isLabelled = hasColumn("label");
  const format = (x) => (isKnown(x) ? String(Number(x.toPrecision(7))) : "");
  const head = [
    "field_id",
    "crop",
    ...(isLabelled ? ["label"] : []),
    ...numbers,
    ...summary.legend.map((name) => `prob_${name}`),
    "status",
  ];
  const lineOf = (i) => [
    summary.ids[i],
    columns.crop[i] >= 0 ? cropName(columns.crop[i]) : "",
    ...(isLabelled ? [labelOf(i) ?? ""] : []),
    ...numbers.map((key) => format(columns[key][i])),
    ...CLASSES.map((k) => format(probability(i, k))),
    statusOf(i),
  ];
  const lines = [head, ...rows.map(lineOf)].map((line) => line.map(csvCell).join(","));
  return `${lines.join("\n")}\n`;
}

function saveCsv() {
  const file = new Blob([csvOf(fields.list)], { type: "text/csv;charset=utf-8" });
  const link = el("a", { href: URL.createObjectURL(file), download: "fields.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function startTable() {
  listen("filter", () => showPage(0));
  listen("choice", showChosen);
  byId("previous").addEventListener("click", () => showPage(pageNumber - 1));
  byId("next").addEventListener("click", () => showPage(pageNumber + 1));
  byId("csv").addEventListener("click", saveCsv);
  window.addEventListener("beforeprint", showOnPaper);
  window.addEventListener("afterprint", () => showPage(pageNumber));
  showHead();
}
