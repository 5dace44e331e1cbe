// How a training went: the loss of each network, epoch by epoch.
import { axisLine, chartOf, gridLine, joined, label, ticksOf } from "./charts.js";
import { summary } from "./data.js";
import { byId, muted, replaceChildren, svg } from "./dom.js";
import { formatNumber } from "./format.js";

const LOSS_MARGINS = { width: 720, height: 300, left: 56, right: 12, top: 26, bottom: 44 };

export function showLearning() {
  const { learning } = summary;
  if (!learning) return;
  const isHeldOut = learning.some(({ validation }) => validation);
  replaceChildren(
    byId("curves"),
    lossChart(learning),
    isHeldOut
      ? muted(
          "Dashed: the fields that the network leaves out. Where this line rises, the network learns by heart.",
        )
      : null,
  );
}

function lossChart(learning) {
  const lines = learning.flatMap(({ training, validation }) =>
    validation ? [training, validation] : [training],
  );
  const n = Math.max(...lines.map((line) => line.length));
  const highest = Math.max(...lines.flat());
  const chart = chartOf({
    ...LOSS_MARGINS,
    x: [1, Math.max(2, n)],
    y: [0, highest || 1],
    label: "Loss by epoch",
  });
  for (const value of ticksOf(0, highest, 5)) {
    const y = chart.toY(value);
    chart.node.append(gridLine(chart, { y }), label(chart.left - 6, y + 4, "end", formatNumber(value, 2)));
  }
  for (const epoch of ticksOf(1, n, 8).filter(Number.isInteger)) {
    chart.node.append(label(chart.toX(epoch), chart.bottom + 18, "middle", formatNumber(epoch)));
  }
  learning.forEach(({ training, validation }, k) => {
    chart.node.append(lossLine(chart, training, k, learning.length, null));
    if (validation) chart.node.append(lossLine(chart, validation, k, learning.length, "5 4"));
  });
  const middle = (chart.left + chart.right) / 2;
  chart.node.append(
    axisLine(chart),
    label(4, 14, "start", "loss, nats"),
    label(middle, LOSS_MARGINS.height - 6, "middle", "epoch"),
  );
  return chart.node;
}

function lossLine({ toX, toY }, values, k, n, dashes) {
  const d = joined(values.map((value, epoch) => [toX(epoch + 1), toY(value)]));
  const hue = Math.round((360 * k) / n + 210) % 360;
  const style = {
    fill: "none",
    stroke: `hsl(${hue} 60% 50%)`,
    "stroke-width": 1.6,
    "stroke-dasharray": dashes,
  };
  return svg("path", { d, ...style }, svg("title", {}, `network ${k + 1}`));
}
