// Everything about the chosen field.
const COLUMNS = {
  confidence: ["confidence", "probability of the crop", (x) => percent(x, 1)],
  entropy: ["entropy", "how spread the probabilities are, in nats: 0 is certain", (x) => `${plain(x, 3)} nats`],
  disagreement: ["members disagree", "how far the networks of the ensemble contradict each other, in nats: 0 is agreement", (x) => `${plain(x, 4)} nats`],
  n_dates: ["clear dates", "dates with at least one clear pixel in the field", (x) => plain(x)],
  clear_share: ["clear share", "share of the field's pixels and dates without cloud, shadow or gap", (x) => percent(x)],
  n_pixels: ["pixels", "area of the field inside the imagery, in pixels", (x) => `${plain(x, x < 100 ? 1 : 0)} pixels`],
  area_ha: ["area", "area of the outline", hectares],
};
const sureness = (p) => (p >= 0.9 ? "very sure" : p >= 0.7 ? "fairly sure" : p >= 0.5 ? "unsure" : "hardly more than a guess");

function showDetail() {
  const i = fields.chosen, panel = $("detail");
  if (i < 0) {
    replace(panel, el("h3", {}, "No field chosen"), el("p", { class: "muted" }, "Click a field on the map or in the list, or search for its id: its crop, how sure the answer is, and its season appear here."));
    return;
  }
  const parts = [el("h3", {}, "Field ", DATA.ids[i])];
  if (answered(i)) {
    const crop = column.crop[i], [first, second] = ranked(i);
    parts.push(el("p", { class: "verdict" }, cropTag(crop)));
    parts.push(el("p", {}, `${percent(column.confidence[i], 1)} – ${sureness(column.confidence[i])}.`, second === undefined ? "" : ` Next: ${DATA.legend[crop < 0 ? first : second]}, ${percent(column[`p${crop < 0 ? first : second}`][i], 1)}.`));
  } else parts.push(el("p", { class: "verdict" }, "No answer"), el("p", {}, `${statusOf(i)}: ${DATA.statuses[column.status[i]].meaning}.`));
  const label = labelOf(i);
  if (label !== null) parts.push(el("p", {}, `Known label: ${label}`, answered(i) ? (label === DATA.legend[bestClass(i)] ? " ✓ as answered." : " ✗ not as answered.") : "."));
  if (answered(i)) {
    parts.push(el("h3", {}, "Probabilities"), el("div", { class: "bars", id: "bars" }, ranked(i).map((k) => {
      const p = column[`p${k}`][i];
      return [el("span", {}, swatch(k), " ", DATA.legend[k]), el("div", { class: "track" }, el("div", { class: "fill", style: { width: `${100 * p}%`, background: colourOf(k) } })), el("span", { class: "number" }, percent(p, 1))];
    })));
  }
  const chart = el("div", { id: "season" });
  if (DATA.season) {
    const bands = DATA.season.bands.map((b, k) => el("option", { value: k, selected: k === season.band }, b.name));
    const pick = el("select", { id: "band", onchange: (e) => { season.band = Number(e.target.value); fillSeason(i, chart); } }, bands);
    parts.push(el("div", { class: "bar" }, el("h3", {}, "Why? Its season"), el("label", { class: "muted" }, "show ", pick)));
    if (DATA.season.bands[0].name === "NDVI") parts.push(el("p", { class: "muted" }, hint("NDVI", "normalised difference vegetation index: (near infrared − red) / (near infrared + red)"), " is near 0.1 on bare soil and 0.8 under dense green leaves."));
    parts.push(chart);
    fillSeason(i, chart);
  }
  const facts = [["status", statusOf(i), DATA.statuses[column.status[i]].meaning]];
  for (const [key, [name, meaning, show]] of Object.entries(COLUMNS)) if (has(key)) facts.push([name, known(column[key][i]) ? show(column[key][i]) : "–", meaning]);
  parts.push(el("h3", {}, "All values"), el("dl", { id: "values" }, facts.map(([name, text, meaning]) => [el("dt", {}, hint(name, meaning)), el("dd", {}, text)])));
  replace(panel, parts);
}
async function fillSeason(i, chart) {
  const points = await seasonOf(i, season.band);
  if (fields.chosen !== i) return;
  replace(chart, points.length ? seasonChart(i, season.band, points) : el("p", { class: "muted" }, "The imagery does not show this field."));
  if (DATA.season.left_out.length) chart.append(el("p", { class: "muted" }, `To keep the page small it leaves out ${DATA.season.left_out.join(", ")}: see series.parquet.`));
}
