// The fields: their numbers, which of them pass the filter, and which one is chosen.
const column = {};
const fields = { passing: new Uint8Array(N), list: [], chosen: -1, sort: { key: "row", down: false } };
const filter = { text: "", hidden: new Set(), low: 0, high: 100, status: "", verdict: "" };
const listeners = { filter: [], choice: [] };
const announce = (what) => listeners[what].forEach((listener) => listener());

async function loadNumbers() {
  const all = await unpack("numbers", Float32Array);
  DATA.columns.forEach((name, k) => { column[name] = all.subarray(k * N, (k + 1) * N); });
}
const has = (name) => name in column && column[name].some((x) => !Number.isNaN(x));
const value = (name, i) => (name in column ? column[name][i] : NaN);
const statusOf = (i) => DATA.statuses[column.status[i]].status;
const labelOf = (i) => (known(value("label", i)) ? DATA.labels[column.label[i]] : null);
const answered = (i) => known(column.confidence[i]);
const bestClass = (i) => { let best = -1; for (let k = 0; k < DATA.legend.length; k++) if (known(value(`p${k}`, i)) && (best < 0 || column[`p${k}`][i] > column[`p${best}`][i])) best = k; return best; };
const ranked = (i) => DATA.legend.map((_, k) => k).filter((k) => known(column[`p${k}`][i])).sort((a, b) => column[`p${b}`][i] - column[`p${a}`][i]);

function passes(i) {
  const { text, hidden, low, high, status, verdict } = filter;
  if (text && !DATA.ids[i].toLowerCase().includes(text)) return false;
  if (hidden.has(column.crop[i])) return false;
  const sure = 100 * column.confidence[i];
  if (known(sure) ? sure < low - 1e-6 || sure > high + 1e-6 : low > 0 || high < 100) return false;
  if (status && statusOf(i) !== status) return false;
  if (verdict) {
    const label = labelOf(i);
    if (verdict === "none" ? label !== null : label === null || !answered(i)) return false;
    if (verdict !== "none" && (label === DATA.legend[bestClass(i)]) !== (verdict === "right")) return false;
  }
  return true;
}
function refilter() {
  const list = [];
  for (let i = 0; i < N; i++) if ((fields.passing[i] = passes(i) ? 1 : 0)) list.push(i);
  fields.list = list;
  resort();
  announce("filter");
}
function resort() {
  const { key, down } = fields.sort;
  const sign = down ? -1 : 1;
  if (key === "row") return void fields.list.sort((a, b) => sign * (a - b));
  const texts = { id: (i) => DATA.ids[i], crop: (i) => cropName(column.crop[i]), status: statusOf, label: (i) => labelOf(i) || "" }[key];
  if (texts) {
    const order = new Intl.Collator("en", { numeric: true }).compare;
    fields.list.sort((a, b) => sign * order(texts(a), texts(b)) || a - b);
  } else {
    const numbers = column[key]; // what is not known comes last either way
    fields.list.sort((a, b) => (known(numbers[a]) ? 0 : 1) - (known(numbers[b]) ? 0 : 1) || sign * (numbers[a] - numbers[b]) || a - b);
  }
}
function choose(i, { look = true } = {}) {
  fields.chosen = i;
  announce("choice");
  if (look && i >= 0) showOnMap(i);
}
function step(by) {
  if (!fields.list.length) return;
  const at = fields.list.indexOf(fields.chosen);
  choose(fields.list[(at + by + fields.list.length) % fields.list.length]);
}
const choiceButton = (i) => el("button", { class: "link", type: "button", onclick: () => { choose(i); $("detail").scrollIntoView({ block: "nearest" }); } }, DATA.ids[i]);

function startFilters() {
  const set = (id, event, change) => $(id).addEventListener(event, (e) => { change(e.target.value); refilter(); });
  $("filters").addEventListener("submit", (e) => e.preventDefault());
  $("search").addEventListener("keydown", (e) => { if (e.key === "Enter" && fields.list.length) choose(fields.list[0]); });
  set("search", "input", (text) => { filter.text = text.trim().toLowerCase(); });
  set("low", "input", (text) => { filter.low = Number(text) || 0; });
  set("high", "input", (text) => { filter.high = text === "" ? 100 : Number(text); });
  set("status", "change", (text) => { filter.status = text; });
  set("verdict", "change", (text) => { filter.verdict = text; });
  replace($("status"), el("option", { value: "" }, "any"), DATA.statuses.map((s) => el("option", { value: s.status }, `${s.status} (${plain(s.fields)})`)));
  if (has("label")) {
    $("verdict-label").hidden = false;
    replace($("verdict"), [["", "any"], ["right", "right"], ["wrong", "wrong"], ["none", "no label"]].map(([v, t]) => el("option", { value: v }, t)));
  }
  const crops = DATA.legend.map((_, k) => k);
  if (column.crop.some((c) => c < 0)) crops.push(-1);
  $("crops").append(...crops.map((crop) => el("button", {
    type: "button", class: "crop", "aria-pressed": "true", "data-crop": crop,
    onclick: (e) => {
      const shown = filter.hidden.has(crop);
      if (shown) filter.hidden.delete(crop); else filter.hidden.add(crop);
      e.currentTarget.setAttribute("aria-pressed", shown);
      refilter();
    },
  }, cropTag(crop))));
  $("reset").addEventListener("click", () => resetFilter());
  listeners.filter.push(() => { $("found").textContent = `${count(fields.list.length, "field")} of ${plain(N)} shown.`; });
}
function resetFilter(changes = {}) {
  Object.assign(filter, { text: "", low: 0, high: 100, status: "", verdict: "" }, changes);
  filter.hidden.clear();
  $("search").value = filter.text;
  $("low").value = filter.low;
  $("high").value = filter.high;
  $("status").value = filter.status;
  $("verdict").value = filter.verdict;
  document.querySelectorAll("#crops button").forEach((b) => b.setAttribute("aria-pressed", "true"));
  refilter();
}
