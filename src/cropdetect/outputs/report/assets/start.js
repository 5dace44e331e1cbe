// Put the page together.
async function start() {
  const began = performance.now();
  $("title").textContent = DATA.title;
  const what = { prediction: "Predicted crops", evaluation: "Predicted crops against known labels", crossval: "Cross-validation: each field answered by networks that had not seen it" }[DATA.kind];
  $("lead").textContent = `${what}. ${count(DATA.n_fields, "field")}, ${count(DATA.legend.length, "crop class").replace(/classs$/, "classes")}.`;
  if (N < DATA.n_fields) {
    $("sample").hidden = false;
    $("sample").textContent = `Map and list show ${plain(N)} of ${plain(DATA.n_fields)} fields: a random sample, with the 100 least sure. Areas, counts and scores are of all fields; all fields are in fields.gpkg and predictions.csv.`;
  }
  await loadNumbers();
  await loadMap();
  startFilters();
  startTable();
  startMap();
  listeners.choice.push(showDetail);
  showCards();
  showAreas();
  showVisit();
  showQuality();
  showScores();
  showRun();
  const links = [...document.querySelectorAll("main section h2")].filter((h) => !h.parentElement.hidden);
  replace($("contents"), links.map((h) => el("a", { href: `#${h.parentElement.id}` }, h.textContent)));
  refilter();
  showDetail();
  if (map.ready) paint();
  document.documentElement.dataset.ready = Math.round(performance.now());
  document.documentElement.dataset.took = Math.round(performance.now() - began);
}
start().catch((error) => {
  $("problem").hidden = false;
  $("problem").textContent = `The page could not be drawn: ${error.message}. It needs Chrome 103, Firefox 113, Safari 16.4 or later; the same answers are in fields.gpkg and predictions.csv.`;
  throw error;
});
