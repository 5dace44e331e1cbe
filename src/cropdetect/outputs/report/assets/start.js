// Puts the page together.
import { showAreas } from "./areas.js";
import { showDetail } from "./detail.js";
import { byId } from "./dom.js";
import { listen, loadNumbers } from "./fields.js";
import { applyFilter, startFilters } from "./filters.js";
import { loadMap, map } from "./map.js";
import { showCards, showQuality } from "./overview.js";
import { paint } from "./paint.js";
import { startMap } from "./pointer.js";
import { showScores } from "./scores.js";
import { startTable } from "./table.js";
import { showVisit } from "./visit.js";

async function start() {
  const began = performance.now();
  await loadNumbers();
  await loadMap();
  startFilters();
  startTable();
  startMap();
  listen("choice", showDetail);
  showCards();
  showAreas();
  showVisit();
  showQuality();
  showScores();
  applyFilter();
  showDetail();
  if (map.ready) paint();
  // Tests and benchmarks read when the page was ready, and how long that took, in milliseconds.
  document.documentElement.dataset.ready = Math.round(performance.now());
  document.documentElement.dataset.took = Math.round(performance.now() - began);
}

start().catch((error) => {
  byId("problem").hidden = false;
  byId("problem").textContent =
    `The page could not be drawn: ${error.message}. It needs Chrome 103, Firefox 113, Safari 16.4 or later. ` +
    "The same answers are in fields.gpkg and predictions.csv.";
  throw error;
});
