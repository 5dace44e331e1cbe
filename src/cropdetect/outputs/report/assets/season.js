// The season of one field: its clear means by date, unclear days, and the averages of its most probable crops.
import { axisLine, chartOf, gridLine, joined, label, ticksOf } from "./charts.js";
import { colourOf, cropName, swatch } from "./crops.js";
import { offsetsOf, summary, unpack } from "./data.js";
import { el, svg } from "./dom.js";
import { rankedClasses } from "./fields.js";
import { DAY, formatNumber, isKnown, timeOf } from "./format.js";

const LEVELS = 65534; // that values are rounded to; 0 is an unclear day
const MARGINS = { width: 640, height: 280, left: 52, right: 14, top: 12, bottom: 40 };

/** `band` is the position of the band that is shown. */
export const season = { band: 0 };

const blocks = new Map(); // unpacked arrays by name
let rowOffsets = null;

function blockOf(blob, block, ArrayType) {
  const name = `${blob}-${block}`;
  if (!blocks.has(name)) blocks.set(name, unpack(name, ArrayType));
  return blocks.get(name);
}

/**
 * The values of a field in one band, in order of time.
 * @returns {Promise<Array<{date: string, time: number, value: number}>>} the value of an unclear day is NaN
 */
export async function seasonOf(i, band) {
  rowOffsets ??= offsetsOf(await unpack("season-rows", Uint32Array));
  const { block: size, wide, dates } = summary.season;
  const { low, high, blob } = summary.season.bands[band];
  const block = Math.floor(i / size);
  const [days, steps] = await Promise.all([
    blockOf("season-dates", block, wide ? Uint32Array : Uint16Array),
    blockOf(blob, block, Uint16Array),
  ]);
  const first = rowOffsets[block * size];
  const points = [];
  for (let k = rowOffsets[i] - first; k < rowOffsets[i + 1] - first; k++) {
    const value = steps[k] ? low + ((steps[k] - 1) / LEVELS) * (high - low) : NaN;
    const date = dates[days[k]];
    points.push({ date, time: timeOf(date), value });
  }
  return points;
}

/** Days for which a field's last clear view counts. */
export const MEMORY = 30;

/**
 * The last clear value of each of `n` fields up to a date, NaN where the field was not seen in the `MEMORY` days before.
 * @param {number} band position of the band
 * @param {number} at position of the date
 */
export async function snapshotOf(band, at, n) {
  rowOffsets ??= offsetsOf(await unpack("season-rows", Uint32Array));
  const { block: size, wide, dates } = summary.season;
  const { low, high, blob } = summary.season.bands[band];
  const oldest = timeOf(dates[at]) - MEMORY * DAY;
  const first = dates.findIndex((date) => timeOf(date) >= oldest);
  const values = new Float32Array(n).fill(NaN);
  for (let from = 0; from < n; from += size) {
    const [days, steps] = await Promise.all([
      blockOf("season-dates", from / size, wide ? Uint32Array : Uint16Array),
      blockOf(blob, from / size, Uint16Array),
    ]);
    for (let i = from; i < Math.min(from + size, n); i++) {
      for (let k = rowOffsets[i + 1] - rowOffsets[from] - 1; k >= rowOffsets[i] - rowOffsets[from]; k--) {
        if (days[k] > at || !steps[k]) continue;
        if (days[k] >= first) values[i] = low + ((steps[k] - 1) / LEVELS) * (high - low);
        break;
      }
    }
  }
  return values;
}

/** The average of a crop. It counts days from 1 January of the year of the field's middle date. */
function averageOf(crop, band, points) {
  const start = timeOf(`${points[points.length >> 1].date.slice(0, 4)}-01-01`);
  return summary.season.bands[band].averages[crop].map(([day, value]) => ({
    time: start + day * DAY,
    value,
  }));
}

/** The averages of a field's two most probable crops, where they are known in its season. */
function averagesNear(i, band, points, from, to) {
  const isNear = ({ time }) => time >= from - 5 * DAY && time <= to + 5 * DAY;
  return rankedClasses(i)
    .slice(0, 2)
    .map((crop, rank) => ({ crop, rank, line: averageOf(crop, band, points).filter(isNear) }))
    .filter(({ line }) => line.length > 1);
}

/** The chart of a field in one band, and its keys. */
export function seasonChart(i, band, points) {
  const { name } = summary.season.bands[band];
  const clear = points.filter(({ value }) => isKnown(value));
  const from = points[0].time;
  const to = Math.max(points.at(-1).time, from + DAY);
  const averages = averagesNear(i, band, points, from, to);
  const range = rangeOf([...clear, ...averages.flatMap(({ line }) => line)]);
  const words = `${name} of field ${summary.ids[i]} on ${clear.length} clear of ${points.length} dates`;
  const chart = chartOf({ ...MARGINS, x: [from, to], y: range, label: words });
  const digits = drawValueAxis(chart, range);
  drawMonths(chart, from, to);
  [...averages].reverse().forEach((average) => drawAverage(chart, average));
  points.filter(({ value }) => !isKnown(value)).forEach((point) => drawUnclear(chart, point));
  chart.node.append(axisLine(chart));
  drawClear(chart, clear, ({ date, value }) => `${date}: ${name} ${formatNumber(value, digits + 2)}`);
  return [chart.node, keysOf(clear.length, points.length, averages)];
}

/** Lowest and highest value, with some room. */
function rangeOf(points) {
  const values = points.map(({ value }) => value);
  let [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  if (high - low < 1e-6) [low, high] = [low - 0.5, high + 0.5];
  const room = 0.06 * (high - low);
  return [low - room, high + room];
}

/** Draw lines at round values; return the digits that they need. */
function drawValueAxis(chart, [low, high]) {
  const ticks = ticksOf(low, high);
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  for (const value of ticks) {
    const y = chart.toY(value);
    chart.node.append(
      gridLine(chart, { y }),
      label(chart.left - 6, y + 4, "end", formatNumber(value, digits)),
    );
  }
  return digits;
}

function drawMonths(chart, from, to) {
  const months = monthsBetween(from, to);
  for (const month of months) {
    const date = new Date(month);
    const name = date.toLocaleString("en", { month: "short", timeZone: "UTC" });
    const isYearShown = date.getUTCMonth() === 0 || month === months[0];
    const words = isYearShown ? `${name} ${date.getUTCFullYear()}` : name;
    const x = chart.toX(month);
    chart.node.append(gridLine(chart, { x }), label(x, chart.bottom + 26, "middle", words));
  }
}

/** The beginnings of at most eight months, evenly spaced. */
function monthsBetween(from, to) {
  const all = [];
  const first = new Date(from);
  const monthAt = (k) => Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + k, 1);
  for (let k = 0; monthAt(k) <= to; k++) if (monthAt(k) >= from) all.push(monthAt(k));
  const every = Math.ceil(all.length / 8);
  return all.filter((_, k) => k % every === 0);
}

/** The most probable crop gets a broad line, the next one dots. */
function drawAverage(chart, { crop, rank, line }) {
  const style =
    rank === 0
      ? { "stroke-width": 5, "stroke-opacity": 0.55 }
      : { "stroke-width": 2.5, "stroke-opacity": 0.8, "stroke-dasharray": "3 5" };
  const d = joined(line.map(({ time, value }) => [chart.toX(time), chart.toY(value)]));
  chart.node.append(
    svg("path", { class: "average", "data-crop": crop, d, fill: "none", stroke: colourOf(crop), ...style }),
  );
}

/** A short stroke on the axis. */
function drawUnclear(chart, { date, time }) {
  const x = chart.toX(time);
  const place = { x1: x, x2: x, y1: chart.bottom - 1, y2: chart.bottom + 9 };
  const style = { stroke: "currentColor", "stroke-opacity": 0.35, "stroke-width": 1.5 };
  const title = svg("title", {}, `${date}: not seen (cloud, shadow or a gap)`);
  chart.node.append(svg("line", { class: "cloudy", ...place, ...style }, title));
}

function drawClear(chart, points, titleOf) {
  const places = points.map(({ time, value }) => [chart.toX(time), chart.toY(value)]);
  const style = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
  chart.node.append(svg("path", { d: joined(places), ...style }));
  points.forEach((point, k) => {
    const [cx, cy] = places[k].map((place) => place.toFixed(1));
    const title = svg("title", {}, titleOf(point));
    chart.node.append(svg("circle", { class: "clear", cx, cy, r: 4, fill: "currentColor" }, title));
  });
}

function keysOf(nClear, n, averages) {
  const average = ({ crop, rank }) =>
    el("span", {}, swatch(crop), ` average of all ${cropName(crop)} here${rank === 0 ? "" : " (dotted)"}`);
  return el(
    "div",
    { class: "keys" },
    el("span", {}, "● this field, clear dates"),
    el("span", {}, `| not seen that day (${n - nClear} of ${n})`),
    averages.map(average),
  );
}
