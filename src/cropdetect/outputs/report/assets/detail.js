// Everything about the chosen field.
import { colourOf, cropTag, nameTag, swatch } from "./crops.js";
import { summary } from "./data.js";
import { byId, el, hint, muted, replaceChildren } from "./dom.js";
import {
  choose,
  columns,
  FACTS,
  fields,
  hasColumn,
  inWords,
  isAnswered,
  isRight,
  labelOf,
  listen,
  probability,
  rankedClasses,
  statusMeaning,
  statusName,
} from "./fields.js";
import { formatPercent, isKnown } from "./format.js";
import { season, seasonChart, seasonOf } from "./season.js";

const NDVI_MEANING = "normalised difference vegetation index: (near infrared − red) / (near infrared + red)";

/** Show the chosen field; Escape closes it. */
export function startDetail() {
  listen("choice", showDetail);
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && fields.chosen >= 0) choose(-1);
  });
}

function showDetail() {
  const i = fields.chosen;
  const panel = byId("detail");
  panel.hidden = i < 0;
  if (i < 0) return;
  const close = { type: "button", class: "close tools", "aria-label": "Close", onclick: () => choose(-1) };
  replaceChildren(
    panel,
    el("button", close, "×"),
    el("h3", {}, "Field ", summary.ids[i]),
    isAnswered(i) ? answerOf(i) : noAnswerOf(i),
    labelSentence(i),
    isAnswered(i) ? probabilityBars(i) : null,
    summary.season ? seasonPart(i) : null,
    valueList(i),
  );
}

function answerOf(i) {
  const crop = columns.crop[i];
  const [first, second] = rankedClasses(i);
  const next = crop < 0 ? first : second; // no crop given: the answer is below the least confidence
  const sentence = `${formatPercent(columns.confidence[i], 1)} – ${inWords(columns.confidence[i])}.`;
  const runnerUp =
    second === undefined
      ? null
      : [" Next: ", nameTag(summary.legend[next]), `, ${formatPercent(probability(i, next), 1)}.`];
  return [el("p", { class: "verdict" }, cropTag(crop)), el("p", {}, sentence, runnerUp)];
}

const noAnswerOf = (i) => [
  el("p", { class: "verdict" }, "No answer"),
  el("p", {}, `${statusName(i)}: ${statusMeaning(i)}.`),
];

function labelSentence(i) {
  const label = labelOf(i);
  if (label === null) return null;
  const verdict = !isAnswered(i) ? "." : isRight(i) ? " ✓ as answered." : " ✗ not as answered.";
  return el("p", {}, "Known label: ", nameTag(label), verdict);
}

function probabilityBars(i) {
  const bars = rankedClasses(i).map((k) => {
    const style = { width: `${100 * probability(i, k)}%`, background: colourOf(k) };
    return [
      el("span", {}, swatch(k), " ", nameTag(summary.legend[k])),
      el("div", { class: "track" }, el("div", { class: "fill", style })),
      el("span", { class: "number" }, formatPercent(probability(i, k), 1)),
    ];
  });
  return [el("h3", {}, "Probabilities"), el("div", { class: "bars", id: "bars" }, bars)];
}

/** The season of a field, and a choice of bands. */
function seasonPart(i) {
  const { bands } = summary.season;
  const chart = el("div", { id: "season" });
  const options = bands.map(({ name }, k) => el("option", { value: k, selected: k === season.band }, name));
  const onchange = ({ target }) => {
    season.band = Number(target.value);
    showSeason(i, chart);
  };
  const select = el("select", { id: "band", onchange }, options);
  const title = el("h3", {}, "Why? Its season");
  showSeason(i, chart);
  return [
    el("div", { class: "bar" }, title, el("label", { class: "muted" }, "show ", select)),
    bands[0].name === "NDVI"
      ? muted(hint("NDVI", NDVI_MEANING), " is near 0.1 on bare soil and 0.8 under dense green leaves.")
      : null,
    chart,
  ];
}

async function showSeason(i, chart) {
  const { band } = season;
  const points = await seasonOf(i, band);
  if (fields.chosen !== i || season.band !== band) return; // the user was faster
  const leftOut = summary.season.left_out;
  replaceChildren(
    chart,
    points.length ? seasonChart(i, band, points) : muted("The imagery does not show this field."),
    leftOut.length
      ? muted(`To keep the page small it leaves out ${leftOut.join(", ")}: see series.parquet.`)
      : null,
  );
}

function valueList(i) {
  const values = [["answer", statusName(i), statusMeaning(i)]];
  for (const [key, { name, meaning, format }] of Object.entries(FACTS)) {
    const value = columns[key]?.[i];
    if (hasColumn(key)) values.push([name, isKnown(value) ? format(value) : "–", meaning]);
  }
  const list = values.map(([name, text, meaning]) => [el("dt", {}, hint(name, meaning)), el("dd", {}, text)]);
  return [el("h3", {}, "All values"), el("dl", { id: "values" }, list)];
}
