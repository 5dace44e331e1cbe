// Elements of the page. The user's text becomes text nodes and attributes only, never HTML.
const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/**
 * Set attributes ("on..." is a listener, "style" an object; null and false are left out) and append children.
 * Children are nodes, texts, or arrays of them; null is left out.
 */
function fill(node, attributes, children) {
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

/** A new HTML element. */
export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** A new SVG element. */
export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** Put new children in the place of all that a node has. */
export function replaceChildren(node, ...children) {
  node.replaceChildren();
  return fill(node, null, children);
}

/** A word that explains itself when the pointer rests on it. */
export const hint = (word, meaning) => el("abbr", { title: meaning, tabindex: 0 }, word);

export const muted = (...children) => el("p", { class: "muted" }, ...children);

/** A table cell that holds a number. */
export const numberCell = (text) => ({ number: text });

const isNumberCell = (cell) => cell !== null && typeof cell === "object" && !(cell instanceof Node);

/**
 * A table.
 * @param {?string} caption
 * @param {Array<string|Node>} heads one a column
 * @param {Array<Array<string|Node|{number: string}>>} rows
 */
export function tableOf(caption, heads, rows) {
  const isNumeric = heads.map((_, k) => rows.length > 0 && rows.every((row) => isNumberCell(row[k])));
  const head = heads.map((text, k) =>
    el("th", { scope: "col", class: isNumeric[k] ? "number" : null }, text),
  );
  const cellOf = (cell) =>
    isNumberCell(cell) ? el("td", { class: "number" }, cell.number) : el("td", {}, cell);
  const table = el(
    "table",
    {},
    caption ? el("caption", {}, caption) : null,
    el("thead", {}, el("tr", {}, head)),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, row.map(cellOf)))),
  );
  return el("div", { class: "scroll" }, table);
}
