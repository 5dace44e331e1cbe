// Charts as SVG: what all of them have, columns, and points of a reliability diagram.
import { svg } from "./dom.js";
import { formatNumber, formatPercent, plural } from "./format.js";

/**
 * An empty chart.
 * @param {object} settings
 * @param {number} settings.width pixels; `left`, `right`, `top` and `bottom` are the margins of it
 * @param {[number, number]} settings.x lowest and highest value of the axis; `y` likewise
 * @param {string} settings.label what the chart shows
 * @returns {object} `node`, the edges `left`, `right`, `top` and `bottom` of the area within the margins, and `toX` and
 *   `toY`, which turn values into pixels
 */
export function chartOf({ width, height, left, right, top, bottom, x, y, label: words, className = null }) {
  const edges = { left, right: width - right, top, bottom: height - bottom };
  const attributes = {
    viewBox: `0 0 ${width} ${height}`,
    class: className,
    role: "img",
    "aria-label": words,
  };
  return {
    node: svg("svg", attributes),
    ...edges,
    toX: (value) => edges.left + ((value - x[0]) / (x[1] - x[0])) * (edges.right - edges.left),
    toY: (value) => edges.bottom - ((value - y[0]) / (y[1] - y[0])) * (edges.bottom - edges.top),
  };
}

/** A line across the chart at x or at y, pixels. */
export const gridLine = (chart, { x, y }) =>
  x === undefined
    ? svg("line", { class: "grid", x1: chart.left, x2: chart.right, y1: y, y2: y })
    : svg("line", { class: "grid", x1: x, x2: x, y1: chart.top, y2: chart.bottom });

/** The horizontal axis. */
export const axisLine = ({ left, right, bottom }) =>
  svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom });

/** Words at a place; `anchor` is "start", "middle" or "end". */
export const label = (x, y, anchor, words) => svg("text", { x, y, "text-anchor": anchor }, words);

/** The path through places [x, y]. */
export const joined = (places) =>
  places.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

/** Round values between two others, about as many as wanted. */
export function ticksOf(low, high, wanted = 5) {
  const rough = (high - low) / wanted;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * ten).find((k) => k >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => (first + k) * step);
}

/**
 * Columns of a histogram or a series of dates.
 * @param {object} settings
 * @param {number[]} settings.values one a column; `titles` likewise
 * @param {Array<[number, string]>} settings.labels columns and words below the axis
 * @param {string} settings.label what the chart shows
 * @param {?number} [settings.top] highest value of the axis; without it that of the values
 * @param {string} [settings.suffix] follows the numbers of the axis
 */
export function columnChart({ values, titles, labels, label: words, top = null, suffix = "" }) {
  const n = values.length;
  const highest = top ?? (Math.max(...values, 0) || 1);
  const margins = { width: 640, height: 190, left: 62, right: 8, top: 10, bottom: 28 };
  const chart = chartOf({ ...margins, x: [0, n], y: [0, highest], label: words });
  for (const value of ticksOf(0, highest, 4)) {
    const text = `${formatNumber(value, highest < 2 ? 1 : 0)}${suffix}`;
    const y = chart.toY(value);
    chart.node.append(gridLine(chart, { y }), label(chart.left - 6, y + 4, "end", text));
  }
  values.forEach((value, k) => chart.node.append(columnOf(chart, k, value, titles[k])));
  for (const [at, text] of labels) {
    const anchor = at === 0 ? "start" : at >= n ? "end" : "middle";
    chart.node.append(label(chart.toX(at), chart.bottom + 20, anchor, text));
  }
  chart.node.append(axisLine(chart));
  return chart.node;
}

function columnOf(chart, k, value, title) {
  const step = chart.toX(1) - chart.toX(0);
  const height = chart.bottom - chart.toY(value);
  const attributes = {
    class: "column",
    x: chart.toX(k) + Math.min(1, step / 8),
    y: chart.bottom - height,
    width: Math.max(0.6, step - Math.min(2, step / 4)),
    height: Math.max(height, value > 0 ? 1 : 0),
    fill: "var(--accent)",
  };
  return svg("rect", attributes, svg("title", {}, title));
}

/**
 * Share of right answers against stated confidence, bin by bin. On the diagonal the stated confidence is right.
 * @param {Array<{n: number, confidence: number, accuracy: number}>} bins
 */
export function reliabilityChart(bins) {
  const words = "Reliability diagram: share of right answers by stated confidence";
  const margins = { width: 420, height: 340, left: 76, right: 18, top: 18, bottom: 46 };
  const chart = chartOf({ ...margins, x: [0, 1], y: [0, 1], label: words, className: "small" });
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    const [x, y] = [chart.toX(value), chart.toY(value)];
    chart.node.append(
      gridLine(chart, { y }),
      label(chart.left - 6, y + 4, "end", formatPercent(value)),
      label(x, chart.bottom + 18, value === 1 ? "end" : "middle", formatPercent(value)),
    );
  }
  const filled = bins.filter(({ n }) => n > 0);
  const places = filled.map(({ confidence, accuracy }) => [chart.toX(confidence), chart.toY(accuracy)]);
  chart.node.append(diagonal(chart));
  chart.node.append(
    svg("path", { d: joined(places), fill: "none", stroke: "var(--accent)", "stroke-width": 2 }),
  );
  filled.forEach((bin, k) => chart.node.append(binCircle(bin, places[k], filled)));
  const middle = [(chart.left + chart.right) / 2, (chart.top + chart.bottom) / 2];
  const side = label(14, middle[1], "middle", "share that is right");
  side.setAttribute("transform", `rotate(-90 14 ${middle[1]})`);
  chart.node.append(label(middle[0], margins.height - 6, "middle", "stated confidence"), side);
  return chart.node;
}

function diagonal({ left, right, top, bottom }) {
  const style = { stroke: "currentColor", "stroke-dasharray": "4 4", "stroke-opacity": 0.7 };
  return svg("line", { x1: left, y1: bottom, x2: right, y2: top, ...style });
}

/** A circle whose area grows with the fields of the bin. */
function binCircle({ n, confidence, accuracy }, [cx, cy], bins) {
  const most = Math.max(...bins.map((bin) => bin.n));
  const title = `${plural(n, "field")}: stated ${formatPercent(confidence, 1)}, right ${formatPercent(accuracy, 1)}`;
  const style = { fill: "var(--accent)", "fill-opacity": 0.75 };
  const r = 3 + 8 * Math.sqrt(n / most);
  return svg("circle", { class: "bin", cx, cy, r, ...style }, svg("title", {}, title));
}
