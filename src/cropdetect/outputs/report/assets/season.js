// The season of one field: its clear means by date, the days it was not seen, and the average of its crop.
const season = { at: null, blocks: new Map(), band: 0 };
const DAY = 86400000;
const time = (text) => Date.parse(`${text}T00:00:00Z`);

function blockOf(blob, block, Kind) {
  const name = `${blob}-${block}`;
  if (!season.blocks.has(name)) season.blocks.set(name, unpack(name, Kind));
  return season.blocks.get(name);
}
async function seasonOf(i, band) {
  if (!season.at) {
    const rows = await unpack("season-rows", Uint32Array), at = new Uint32Array(N + 1);
    rows.forEach((n, k) => { at[k + 1] = at[k] + n; });
    season.at = at;
  }
  const { low, high, blob } = DATA.season.bands[band], size = DATA.season.block, block = Math.floor(i / size), first = season.at[block * size];
  const [days, steps] = await Promise.all([blockOf("season-dates", block, DATA.season.wide ? Uint32Array : Uint16Array), blockOf(blob, block, Uint16Array)]);
  const points = [];
  for (let k = season.at[i] - first; k < season.at[i + 1] - first; k++) {
    points.push({ date: DATA.season.dates[days[k]], value: steps[k] ? low + ((steps[k] - 1) / 65534) * (high - low) : NaN });
  }
  return points;
}
// The averages count days from 1 January of the season's year: here that of the field's middle date.
function averageOf(crop, band, points) {
  const start = time(`${points[points.length >> 1].date.slice(0, 4)}-01-01`);
  return DATA.season.bands[band].averages[crop].map(([day, mean]) => ({ at: start + day * DAY, value: mean }));
}
function ticks(low, high, wanted = 5) {
  const rough = (high - low) / wanted, ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * ten).find((k) => k >= rough), first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => (first + k) * step);
}
function months(from, to) {
  const all = [], day = new Date(from);
  for (let m = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1), d = new Date(m); m <= to; d = new Date(m), m = Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 1)) if (m >= from) all.push(m);
  const every = Math.ceil(all.length / 8);
  return all.filter((_, k) => k % every === 0);
}
function seasonChart(i, band, points) {
  const W = 640, H = 280, L = 52, R = 14, T = 12, B = 40, name = DATA.season.bands[band].name;
  const clear = points.filter((p) => known(p.value));
  const from = time(points[0].date), to = Math.max(time(points.at(-1).date), from + DAY);
  const order = ranked(i).slice(0, 2);
  const lines = order.map((crop) => ({ crop, line: averageOf(crop, band, points).filter((p) => p.at >= from - 5 * DAY && p.at <= to + 5 * DAY) })).filter((one) => one.line.length > 1);
  const values = [...clear.map((p) => p.value), ...lines.flatMap((one) => one.line.map((p) => p.value))];
  let low = Math.min(...values), high = Math.max(...values);
  if (!values.length) [low, high] = [0, 1];
  if (high - low < 1e-6) [low, high] = [low - 0.5, high + 0.5];
  const room = 0.06 * (high - low);
  [low, high] = [low - room, high + room];
  const X = (t) => L + ((t - from) / (to - from)) * (W - L - R), Y = (v) => T + ((high - v) / (high - low)) * (H - T - B);
  const path = (list) => list.map((p, k) => `${k ? "L" : "M"}${X(p.at).toFixed(1)},${Y(p.value).toFixed(1)}`).join("");
  const steps = ticks(low, high), digits = steps.length > 1 && steps[1] - steps[0] < 1 ? (steps[1] - steps[0] < 0.1 ? 2 : 1) : 0;
  const chart = draw("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${name} of field ${DATA.ids[i]} on ${clear.length} clear of ${points.length} dates` });
  for (const v of steps) chart.append(draw("line", { class: "grid", x1: L, x2: W - R, y1: Y(v), y2: Y(v) }), draw("text", { x: L - 6, y: Y(v) + 4, "text-anchor": "end" }, plain(v, digits)));
  for (const m of months(from, to)) {
    const d = new Date(m);
    chart.append(draw("line", { class: "grid", x1: X(m), x2: X(m), y1: T, y2: H - B }), draw("text", { x: X(m), y: H - B + 26, "text-anchor": "middle" }, `${d.toLocaleString("en", { month: "short", timeZone: "UTC" })}${d.getUTCMonth() === 0 || months(from, to)[0] === m ? ` ${d.getUTCFullYear()}` : ""}`));
  }
  lines.reverse().forEach(({ crop, line }) => {
    const first = crop === order[0];
    chart.append(draw("path", { d: path(line), fill: "none", stroke: colourOf(crop), "stroke-width": first ? 5 : 2.5, "stroke-opacity": first ? 0.55 : 0.8, "stroke-dasharray": first ? null : "3 5", class: "average", "data-crop": crop }));
  });
  for (const p of points) {
    if (known(p.value)) continue;
    chart.append(draw("line", { class: "cloudy", x1: X(time(p.date)), x2: X(time(p.date)), y1: H - B - 1, y2: H - B + 9, stroke: "currentColor", "stroke-opacity": 0.35, "stroke-width": 1.5 }, draw("title", {}, `${p.date}: not seen (cloud, shadow or a gap)`)));
  }
  chart.append(draw("line", { class: "axis", x1: L, x2: W - R, y1: H - B, y2: H - B }));
  chart.append(draw("path", { d: path(clear.map((p) => ({ at: time(p.date), value: p.value }))), fill: "none", stroke: "currentColor", "stroke-width": 2 }));
  for (const p of clear) chart.append(draw("circle", { class: "clear", cx: X(time(p.date)).toFixed(1), cy: Y(p.value).toFixed(1), r: 4, fill: "currentColor" }, draw("title", {}, `${p.date}: ${name} ${plain(p.value, digits + 2)}`)));
  const keys = el("div", { class: "keys" }, el("span", {}, "● this field, clear dates"), el("span", {}, `| not seen that day (${points.length - clear.length} of ${points.length})`),
    lines.reverse().map(({ crop }) => el("span", {}, swatch(crop), ` average of all ${cropName(crop)} here${crop === order[0] ? "" : " (dotted)"}`)));
  return [chart, keys];
}
