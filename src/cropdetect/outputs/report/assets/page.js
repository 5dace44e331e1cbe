// Building elements. Text of the user's only ever becomes text nodes or attributes, never HTML.
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function fillIn(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}
const el = (tag, attributes, ...children) => fillIn(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) => fillIn(document.createElementNS(SVG, tag), attributes, children);
const replace = (node, ...children) => { node.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined)); return node; };
const hint = (word, meaning) => el("abbr", { title: meaning, tabindex: 0 }, word);

const known = (x) => x !== null && x !== undefined && !Number.isNaN(x);
const plain = (x, digits = 0) => (known(x) ? x.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }) : "–");
const percent = (x, digits = 0) => (known(x) ? `${plain(100 * x, digits)} %` : "–");
const hectares = (x) => (known(x) ? `${plain(x, x < 100 ? 2 : x < 10000 ? 1 : 0)} ha` : "–");
const count = (n, word) => `${plain(n)} ${word}${n === 1 ? "" : "s"}`;

// A table from a caption, column heads and rows of cells; cells are texts, nodes, or {number: text}.
function tableOf(caption, heads, rows) {
  const isNumber = (cell) => cell !== null && typeof cell === "object" && !(cell instanceof Node);
  const numeric = heads.map((_, k) => rows.length > 0 && rows.every((row) => isNumber(row[k])));
  return el("div", { class: "scroll" }, el("table", {},
    caption ? el("caption", {}, caption) : null,
    el("thead", {}, el("tr", {}, heads.map((head, k) => el("th", { scope: "col", class: numeric[k] ? "number" : null }, head)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => (isNumber(cell) ? el("td", { class: "number" }, cell.number) : el("td", {}, cell))))))));
}
