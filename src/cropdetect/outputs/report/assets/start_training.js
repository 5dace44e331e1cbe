// Puts the page of a checkpoint together.
import { byId } from "./dom.js";
import { showLearning } from "./learning.js";
import { showScores } from "./scores.js";

try {
  showScores();
  showLearning();
  document.documentElement.dataset.ready = Math.round(performance.now());
} catch (error) {
  byId("problem").hidden = false;
  byId("problem").textContent =
    `The page could not be drawn: ${error.message}. The same numbers are in checkpoint.json and training.csv.`;
  throw error;
}
