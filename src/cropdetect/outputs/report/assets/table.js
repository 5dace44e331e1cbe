// The list that follows the filter, page by page, and its CSV.
const PAGE = 50;
const list = { page: 0 };
const listColumns = () => [["id", "field"], ["crop", "crop"], ["confidence", "confidence"], has("label") && ["label", "known label"], has("area_ha") && ["area_ha", "area"],
  has("n_dates") && ["n_dates", "clear dates"], has("clear_share") && ["clear_share", "clear share"], has("disagreement") && ["disagreement", "members disagree"], ["status", "status"]].filter(Boolean);

function cell(key, i) {
  if (key === "id") return el("td", {}, choiceButton(i));
  if (key === "crop") return el("td", {}, answered(i) ? cropTag(column.crop[i]) : "–");
  if (key === "label") return el("td", {}, labelOf(i) ?? "–");
  if (key === "status") return el("td", {}, statusOf(i));
  return el("td", { class: "number" }, known(column[key][i]) ? COLUMNS[key][2](column[key][i]) : "–");
}
function showHead() {
  const heads = listColumns().map(([key, name]) => {
    const { sort } = fields, sorted = sort.key === key;
    const button = el("button", { type: "button", title: COLUMNS[key] ? COLUMNS[key][1] : null, onclick: () => {
      fields.sort = { key, down: sorted ? !sort.down : false };
      list.page = 0;
      resort();
      showHead();
      showRows();
      $("table").querySelector(`[data-key="${key}"] button`).focus();
    } }, `${name}${sorted ? (sort.down ? " ▼" : " ▲") : ""}`);
    return el("th", { scope: "col", "data-key": key, class: key in COLUMNS ? "number" : null, "aria-sort": sorted ? (sort.down ? "descending" : "ascending") : "none" }, button);
  });
  replace($("table").tHead, el("tr", {}, heads));
}
function showRows() {
  const pages = Math.max(1, Math.ceil(fields.list.length / PAGE)), columns = listColumns();
  list.page = Math.max(0, Math.min(list.page, pages - 1));
  const rows = fields.list.slice(list.page * PAGE, (list.page + 1) * PAGE);
  replace($("table").tBodies[0], rows.map((i) => el("tr", { "data-row": i, class: i === fields.chosen ? "chosen" : null, onclick: (e) => { if (!e.target.closest("button")) choose(i); } }, columns.map(([key]) => cell(key, i)))));
  $("page").textContent = `page ${list.page + 1} of ${plain(pages)}`;
  $("previous").disabled = list.page === 0;
  $("next").disabled = list.page === pages - 1;
}
// A cell that a spreadsheet would run as a formula gets an apostrophe (OWASP, "CSV Injection").
function csvCell(text) {
  let plainText = String(text);
  if (/^[=+\-@\t\r\n]/.test(plainText) && !/^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(plainText)) plainText = `'${plainText}`;
  return /[",\r\n]/.test(plainText) ? `"${plainText.replaceAll('"', '""')}"` : plainText;
}
function csvOf(rows) {
  const numbers = Object.keys(COLUMNS).filter((key) => key in column), classes = DATA.legend.map((_, k) => k);
  const head = ["field_id", "crop", ...(has("label") ? ["label"] : []), ...numbers, ...classes.map((k) => `prob_${DATA.legend[k]}`), "status"];
  const number = (x) => (known(x) ? String(Number(x.toPrecision(7))) : "");
  const lines = rows.map((i) => [DATA.ids[i], column.crop[i] >= 0 ? cropName(column.crop[i]) : "", ...(has("label") ? [labelOf(i) ?? ""] : []), ...numbers.map((key) => number(column[key][i])), ...classes.map((k) => number(column[`p${k}`][i])), statusOf(i)]);
  return `${[head, ...lines].map((line) => line.map(csvCell).join(",")).join("\n")}\n`;
}
function startTable() {
  listeners.filter.push(() => { list.page = 0; showRows(); });
  listeners.choice.push(() => {
    const at = fields.list.indexOf(fields.chosen);
    if (at >= 0 && Math.floor(at / PAGE) !== list.page) { list.page = Math.floor(at / PAGE); return showRows(); }
    document.querySelectorAll("#table tbody tr").forEach((row) => row.classList.toggle("chosen", Number(row.dataset.row) === fields.chosen));
  });
  $("previous").addEventListener("click", () => { list.page--; showRows(); });
  $("next").addEventListener("click", () => { list.page++; showRows(); });
  $("csv").addEventListener("click", () => {
    const link = el("a", { href: URL.createObjectURL(new Blob([csvOf(fields.list)], { type: "text/csv;charset=utf-8" })), download: "fields.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  showHead();
}
