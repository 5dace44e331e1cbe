// Against labels: scores, confusion, reliability, classes, sizes, dates, label doubts.
function showScores() {
  const m = DATA.metrics;
  $("scores").hidden = !m;
  if (!m) return;
  const within = (key, show) => (m.intervals && m.intervals[key] ? ` (95 %: ${show(m.intervals[key][0])} to ${show(m.intervals[key][1])})` : "");
  const p1 = (x) => percent(x, 1), n3 = (x) => plain(x, 3);
  const rows = [["accuracy", "share of fields that are right", p1], ["balanced_accuracy", "mean over the crops of the share that is found", p1], ["macro_f1", "mean over the crops of F1, the balance of precision and recall", n3], ["kappa", "agreement beyond chance: 0 is chance, 1 is perfect", n3],
    ["log_loss", "penalty for confident mistakes, in nats: 0 is best", n3], ["ece", "expected calibration error: how far stated confidence and share of right answers lie apart", p1]]
    .filter(([key]) => known(m[key])).map(([key, meaning, show]) => [hint(key.replaceAll("_", " "), meaning), { number: show(m[key]) }, m.intervals && m.intervals[key] ? { number: `${show(m.intervals[key][0])} to ${show(m.intervals[key][1])}` } : { number: "–" }]);
  const right = Math.round(m.accuracy * m.n_fields);
  const parts = [el("p", {}, `${plain(right)} of ${count(m.n_fields, "labelled field")} are right: ${p1(m.accuracy)}${within("accuracy", p1)}.`), (m.warnings || []).map((w) => el("p", { class: "note" }, w)),
    el("div", { class: "pair" }, tableOf("Scores", ["score", "value", hint("95 % interval", "by drawing groups of fields again and again (bootstrap)")], rows), m.reliability ? el("div", {}, el("h3", {}, "Is the stated confidence right?"), reliabilityChart(m.reliability), el("p", { class: "muted" }, `On the dashed line it is; below it the answers are too sure. Larger dots: more fields. Expected calibration error (ECE): ${p1(m.ece)}.`)) : null)];
  if (m.confusion) parts.push(el("h3", {}, "What is taken for what?"), confusion(m));
  parts.push(el("h3", {}, "Crop by crop"), perClass(m));
  if (m.by_size) parts.push(el("h3", {}, "By size of the field"), tableOf(null, ["pixels", "fields", "right", "log loss"], m.by_size.map((s) => [s.upper_pixels === null ? `${plain(s.lower_pixels)} and more` : `${plain(s.lower_pixels)} to ${plain(s.upper_pixels)}`, { number: plain(s.n) }, { number: p1(s.accuracy) }, { number: n3(s.log_loss) }])));
  if (m.by_date) parts.push(el("h3", {}, "How early in the season is it known?"), tableOf("With the dates up to a day only", ["until", "fields", "right", "macro F1", "log loss"], m.by_date.map((d) => [d.until, { number: plain(d.n_fields) }, { number: p1(d.accuracy) }, { number: n3(d.macro_f1) }, { number: n3(d.log_loss) }])));
  if (m.label_doubts) parts.push(el("h3", {}, "Labels that may be wrong"), doubts(m));
  replace($("scores-body"), parts.flat());
}
function confusion(m) {
  const names = m.legend, totals = m.confusion.map((row) => row.reduce((a, b) => a + b, 0)), holder = el("div", { id: "confusion" });
  const button = el("button", { type: "button", class: "tools", onclick: () => fill(button.textContent === "Show shares") });
  function fill(shares) {
    button.textContent = shares ? "Show counts" : "Show shares";
    const head = el("tr", {}, el("th", { scope: "col" }, "true ↓  answered →"), names.map((name, k) => el("th", { scope: "col", title: name, class: "number" }, DATA.legend[k] === name ? CODES[k] : name)), el("th", { scope: "col", class: "number" }, "fields"));
    const rows = m.confusion.map((row, t) => el("tr", {}, el("th", { scope: "row" }, names[t], DATA.legend[t] === names[t] ? ` (${CODES[t]})` : ""), row.map((n, k) => {
      const share = totals[t] ? n / totals[t] : 0, cell = el("td", { class: t === k ? "right" : null, title: `${count(n, "field")} of ${names[t]} answered as ${names[k]} (${percent(share, 1)})` }, shares ? (totals[t] ? percent(share) : "–") : plain(n));
      if (n) cell.style.background = `color-mix(in srgb, var(--accent) ${Math.round(65 * share)}%, transparent)`;
      return cell;
    }), el("td", { class: "number" }, plain(totals[t]))));
    replace(holder, el("div", { class: "scroll" }, el("table", { class: "confusion" }, el("caption", {}, shares ? "Share of the fields of each true crop" : "Number of fields"), el("thead", {}, head), el("tbody", {}, rows))));
  }
  fill(false);
  return el("div", {}, button, holder);
}
function perClass(m) {
  const show = (name, key, x) => { const i = m.intervals && m.intervals[`${key}:${name}`]; return { number: known(x) ? `${percent(x, 1)}${i ? ` (${percent(i[0])} to ${percent(i[1])})` : ""}` : "–" }; };
  const worst = Object.entries(m.per_class).sort((a, b) => b[1].n - a[1].n);
  return tableOf(m.intervals ? "In brackets: 95 % intervals" : null, ["crop", "fields", hint("precision", "of the fields answered as this crop, the share that is right"), hint("recall", "of the fields of this crop, the share that is found"), hint("F1", "harmonic mean of precision and recall")],
    worst.map(([name, c]) => [name, { number: plain(c.n) }, show(name, "precision", c.precision), show(name, "recall", c.recall), show(name, "f1", c.f1)]));
}
function doubts(m) {
  if (!m.label_doubts.length) return el("p", {}, "No label is confidently contradicted.");
  const at = new Map(DATA.ids.map((id, i) => [id, i])), shown = m.label_doubts.slice(0, 50);
  return el("div", { id: "doubts" }, el("p", {}, `${count(m.label_doubts.length, "label")} are confidently contradicted${m.label_doubts.length > 50 ? "; the 50 most doubtful" : ""}: look at the field's season before believing either.`),
    tableOf(null, ["field", "label", "answer", "sure of it", "sure of the label"], shown.map((d) => [at.has(String(d.field_id)) ? choiceButton(at.get(String(d.field_id))) : String(d.field_id), d.label, d.predicted, { number: percent(d.confidence, 1) }, { number: percent(d.label_probability, 1) }])));
}
