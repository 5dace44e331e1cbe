// Puts the page together.
import { showClearDates } from "./clear.js";
import { hatchSwatches } from "./crops.js";
import { startDetail } from "./detail.js";
import { byId } from "./dom.js";
import { choose, loadNumbers } from "./fields.js";
import { applyFilter, startFilters } from "./filters.js";
import { loadMap, map } from "./map.js";
import { paint } from "./paint.js";
import { startMap } from "./pointer.js";
import { showScores } from "./scores.js";
import { startTable } from "./table.js";
import { showVisit } from "./visit.js";

async function start() {
  const began = performance.now();
  await loadNumbers();
  await loadMap();
  hatchSwatches();
  startFilters();
  startTable();
  startDetail();
  startMap();
  for (const button of document.querySelectorAll("#first button")) {
    button.addEventListener("click", () => choose(Number(button.dataset.field)));
  }
  showVisit();
  showClearDates();
  showScores();
  applyFilter();
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
