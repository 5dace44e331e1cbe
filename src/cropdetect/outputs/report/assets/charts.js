// Columns of a histogram or a series of dates, and a diagram of points.
function columnChart({ values, labels, titles, label, top = null, height = 190, colour = "var(--accent)", suffix = "" }) {
  const W = 640, H = height, L = 50, R = 8, T = 10, B = 28, most = top ?? (Math.max(...values, 0) || 1);
  const chart = draw("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label });
  for (const v of ticks(0, most, 4)) {
    const y = T + (1 - v / most) * (H - T - B);
    chart.append(draw("line", { class: "grid", x1: L, x2: W - R, y1: y, y2: y }), draw("text", { x: L - 6, y: y + 4, "text-anchor": "end" }, `${plain(v, most < 2 ? 1 : 0)}${suffix}`));
  }
  const wide = (W - L - R) / values.length;
  values.forEach((v, k) => {
    const h = (v / most) * (H - T - B);
    chart.append(draw("rect", { x: L + k * wide + Math.min(1, wide / 8), y: H - B - h, width: Math.max(0.6, wide - Math.min(2, wide / 4)), height: Math.max(h, v > 0 ? 1 : 0), fill: colour, class: "column" }, draw("title", {}, titles[k])));
  });
  labels.forEach(([at, text]) => chart.append(draw("text", { x: L + at * wide, y: H - 8, "text-anchor": at === 0 ? "start" : at >= values.length ? "end" : "middle" }, text)));
  chart.append(draw("line", { class: "axis", x1: L, x2: W - R, y1: H - B, y2: H - B }));
  return chart;
}
// Accuracy against confidence, bin by bin; on the diagonal the stated confidence is right.
function reliabilityChart(bins) {
  const W = 420, H = 340, L = 76, R = 18, T = 18, B = 46, X = (v) => L + v * (W - L - R), Y = (v) => H - B - v * (H - T - B);
  const chart = draw("svg", { viewBox: `0 0 ${W} ${H}`, class: "small", role: "img", "aria-label": "Reliability diagram: share of right answers by stated confidence" });
  for (const v of [0, 0.25, 0.5, 0.75, 1]) {
    chart.append(draw("line", { class: "grid", x1: X(0), x2: X(1), y1: Y(v), y2: Y(v) }), draw("text", { x: L - 6, y: Y(v) + 4, "text-anchor": "end" }, percent(v)), draw("text", { x: X(v), y: H - B + 18, "text-anchor": v === 1 ? "end" : "middle" }, percent(v)));
  }
  chart.append(draw("line", { x1: X(0), y1: Y(0), x2: X(1), y2: Y(1), stroke: "currentColor", "stroke-dasharray": "4 4", "stroke-opacity": 0.7 }));
  const there = bins.filter((b) => b.n > 0), most = Math.max(...there.map((b) => b.n));
  chart.append(draw("path", { d: there.map((b, k) => `${k ? "L" : "M"}${X(b.confidence)},${Y(b.accuracy)}`).join(""), fill: "none", stroke: "var(--accent)", "stroke-width": 2 }));
  for (const b of there) chart.append(draw("circle", { class: "bin", cx: X(b.confidence), cy: Y(b.accuracy), r: 3 + 8 * Math.sqrt(b.n / most), fill: "var(--accent)", "fill-opacity": 0.75 }, draw("title", {}, `${count(b.n, "field")}: stated ${percent(b.confidence, 1)}, right ${percent(b.accuracy, 1)}`)));
  chart.append(draw("text", { x: (X(0) + X(1)) / 2, y: H - 6, "text-anchor": "middle" }, "stated confidence"), draw("text", { x: 14, y: (Y(0) + Y(1)) / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${(Y(0) + Y(1)) / 2})` }, "share that is right"));
  return chart;
}
