// What holds for all fields: in short, areas, whom to visit, what went wrong, how it was made.
const card = (big, small) => el("div", { class: "card" }, el("b", { class: big.length > 11 ? "long" : null }, big), el("span", {}, small));

function showCards() {
  const lost = DATA.n_fields - DATA.n_answered, m = DATA.metrics;
  const cards = [card(plain(DATA.n_fields), "fields"), card(plain(DATA.n_answered), `with an answer${lost ? `, ${plain(lost)} without` : ""}`)];
  if (DATA.total_ha) cards.push(card(hectares(DATA.total_ha), "area of all fields"));
  if (known(DATA.mean_confidence)) cards.push(card(percent(DATA.mean_confidence), "mean confidence"));
  const top = DATA.classes.map((c, k) => [c, k]).sort((a, b) => b[0].fields - a[0].fields)[0];
  if (top && top[0].fields) cards.push(card(DATA.legend[top[1]], `most frequent: ${count(top[0].fields, "field")}`));
  if (m) cards.push(card(percent(m.accuracy, 1), `right of ${count(m.n_fields, "labelled field")}`));
  if (DATA.clear_by_date.length) cards.push(card(plain(DATA.clear_by_date.length), `dates, ${DATA.clear_by_date[0][0]} to ${DATA.clear_by_date.at(-1)[0]}`));
  if (DATA.warnings.length) cards.push(card(plain(DATA.warnings.length), DATA.warnings.length === 1 ? "warning: see below" : "warnings: see below"));
  replace($("cards"), cards);
}
function showAreas() {
  const ha = DATA.total_ha !== null, estimated = DATA.metrics && DATA.metrics.areas, unit = ha ? "ha" : "fields";
  const show = (x) => ({ number: ha ? hectares(x) : plain(x, x < 100 ? 1 : 0) });
  const whole = DATA.classes.reduce((sum, c) => sum + (ha ? c.ha : c.fields), 0) || 1;
  const order = DATA.classes.map((_, k) => k).sort((a, b) => (ha ? DATA.classes[b].ha - DATA.classes[a].ha : DATA.classes[b].fields - DATA.classes[a].fields));
  const rows = order.map((k) => {
    const c = DATA.classes[k], mapped = ha ? c.ha : c.fields;
    return [cropTag(k), { number: plain(c.fields) }, ...(ha ? [{ number: hectares(c.ha) }] : []), { number: percent(mapped / whole, 1) }, show(c[`expected_${unit}`]), { number: `± ${show(2 * c[`spread_${unit}`]).number}` }];
  });
  const expected = hint("expected", "summed over all fields by their probabilities, so that unsure fields count for several crops");
  const give = hint("give or take", "two standard deviations, if the stated probabilities are right and fields err independently of each other");
  const parts = [tableOf("By the map, and as the probabilities expect", ["crop", "fields", ...(ha ? ["area"] : []), "share", expected, give], rows)];
  if (DATA.n_no_crop) parts.push(el("p", {}, `${count(DATA.n_no_crop, "field")} with an answer got no crop: confidence lies below the limit that was set.`));
  if (!estimated) parts.push(el("p", { class: "muted" }, "No labels were given, so the range rests on the model's own probabilities. If the model is wrong in the same way on many fields, as it can be in a new region or year, the true error is larger: compare with labelled fields (cropdetect evaluate) before areas are used."));
  else {
    const f = (x) => ({ number: known(x) ? (estimated.unit === "ha" ? hectares(x) : plain(x, x < 100 ? 1 : 0)) : "–" }), se = (x, s) => ({ number: known(x) ? `${percent(x, 1)}${known(s) ? ` ± ${percent(1.96 * s, 1)}` : ""}` : "–" });
    parts.unshift(tableOf("With the map's errors taken out, from the labelled fields", ["crop", "mapped", "estimated", hint("95 % give or take", "1.96 standard errors"),
      hint("user's accuracy", "of what is mapped as the crop, the share that is the crop"), hint("producer's accuracy", "of what is the crop, the share that is mapped as it")],
    estimated.classes.map((c) => [cropTag(DATA.legend.indexOf(c.name)).textContent.startsWith("no crop") ? c.name : cropTag(DATA.legend.indexOf(c.name)), f(c.mapped), f(c.estimated), { number: known(c.standard_error) ? `± ${f(1.96 * c.standard_error).number}` : "–" }, se(c.users_accuracy, c.users_accuracy_se), se(c.producers_accuracy, c.producers_accuracy_se)])));
    parts.push(el("p", { class: "muted" }, estimated.method, estimated.probability_sample ? "" : " The labelled fields are not known to be a random sample: errors may be larger."));
  }
  replace($("areas-body"), parts);
}
function showVisit() {
  const orders = {
    unsure: ["the least sure", (i) => column.entropy[i]],
    large: ["the largest that are unsure", (i) => column.entropy[i] * column.area_ha[i]],
    torn: ["where the networks disagree", (i) => column.disagreement[i]],
  };
  if (!has("area_ha")) delete orders.large;
  if (!has("disagreement") || !column.disagreement.some((x) => x > 1e-9)) delete orders.torn;
  const body = el("div"), pick = el("select", { id: "visit-order", onchange: (e) => fill(e.target.value) }, Object.entries(orders).map(([key, [name]]) => el("option", { value: key }, name)));
  function fill(key) {
    const score = orders[key][1], order = [];
    for (let i = 0; i < N; i++) if (answered(i) && known(score(i))) order.push(i);
    order.sort((a, b) => score(b) - score(a));
    const rows = order.slice(0, 12).map((i) => {
      const [a, b] = ranked(i), why = [`${DATA.legend[a]} ${percent(column[`p${a}`][i])}${b === undefined ? "" : ` or ${DATA.legend[b]} ${percent(column[`p${b}`][i])}`}`];
      if (has("n_dates") && column.n_dates[i] < 5) why.push(`only ${count(column.n_dates[i], "clear date")}`);
      if (statusOf(i) === "partly_outside") why.push("partly outside the imagery");
      return [choiceButton(i), why.join("; "), ...(has("area_ha") ? [{ number: hectares(column.area_ha[i]) }] : []), { number: percent(column.confidence[i]) }, ...(orders.torn ? [{ number: `${plain(column.disagreement[i], 3)} nats` }] : [])];
    });
    replace(body, rows.length ? tableOf(null, ["field", "what it could be", ...(has("area_ha") ? ["area"] : []), "confidence", ...(orders.torn ? [hint("disagreement", COLUMNS.disagreement[1])] : [])], rows) : el("p", {}, "No field has an answer."));
  }
  fill(Object.keys(orders)[0]);
  const steps = DATA.confidence_counts, low = steps.slice(0, 10).reduce((a, b) => a + b, 0);
  replace($("visit-body"), el("p", {}, "A visit tells most where the answer is least sure. A click shows the field on the map. ", el("label", { class: "tools" }, "List ", pick)), body,
    el("h3", {}, "How sure are all fields?"),
    el("p", {}, `${count(low, "field")} of ${plain(DATA.n_answered)} with an answer ${low === 1 ? "is" : "are"} below 50 %, ${plain(steps.slice(18).reduce((a, b) => a + b, 0))} at 90 % or more.`),
    columnChart({ values: steps, labels: [[0, "0 %"], [10, "50 % confidence"], [20, "100 %"]], titles: steps.map((n, k) => `${5 * k} to ${5 * k + 5} %: ${count(n, "field")}`), label: "Number of fields by confidence" }));
}
function showQuality() {
  const parts = [], lost = DATA.n_fields - DATA.n_answered;
  parts.push(el("p", {}, lost ? `${count(lost, "field")} of ${plain(DATA.n_fields)} got no answer.` : `All ${plain(DATA.n_fields)} fields got an answer.`));
  parts.push(tableOf("Status of the fields", ["status", "fields", "meaning", ""], DATA.statuses.map((s) => [s.status, { number: plain(s.fields) }, s.meaning, el("button", { class: "link tools", type: "button", onclick: () => { resetFilter({ status: s.status }); $("fields").scrollIntoView(); } }, "show these")])));
  if (DATA.kind === "prediction") parts.push(el("h3", {}, "Warnings"), DATA.warnings.length ? el("ul", { id: "warnings" }, DATA.warnings.map((w) => el("li", {}, w))) : el("p", {}, "None."));
  const days = DATA.clear_by_date;
  if (days.length) {
    const good = days.filter((d) => d[1] >= 0.5).length, gaps = longestGap(days);
    parts.push(el("h3", {}, "How clear was each date?"), el("p", {}, `${count(days.length, "date")}; on ${plain(good)} at least half of the fields were seen clear.${gaps ? ` Longest time without such a date: ${plain(gaps[0])} days, from ${gaps[1]} to ${gaps[2]}.` : ""}`));
    const chart = columnChart({ values: days.map((d) => 100 * d[1]), top: 100, suffix: " %", labels: [[0, days[0][0]], [days.length, days.at(-1)[0]]], titles: days.map((d) => `${d[0]}: ${percent(d[1])} of ${count(d[2], "field")} clear`), label: `Share of fields seen clear on each of ${days.length} dates` });
    chart.id = "clear-dates";
    parts.push(chart, el("p", { class: "muted" }, "Share of fields with a clear pixel, date by date, in order of time. A low column is a cloudy day."));
  }
  replace($("quality-body"), parts);
}
function longestGap(days) {
  const good = days.filter((d) => d[1] >= 0.5);
  let best = null;
  for (let k = 1; k < good.length; k++) { const gap = Math.round((time(good[k][0]) - time(good[k - 1][0])) / DAY); if (!best || gap > best[0]) best = [gap, good[k - 1][0], good[k][0]]; }
  return best;
}
function showRun() {
  const notes = [];
  if (DATA.map) notes.push(["Map", `${DATA.map.crs || "coordinates without a reference system"}; outlines simplified for this page by at most ${plain(DATA.map.tolerance * (DATA.map.unit_metres || 1), 1)} ${DATA.map.unit_metres ? "m" : "units"} (fields.gpkg has them whole)`]);
  const facts = [...DATA.run, ...notes];
  replace($("run-body"), el("dl", {}, facts.map(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])), DATA.run.length ? el("p", { class: "muted" }, "Command, times and memory are in run.json beside this page.") : null);
}
