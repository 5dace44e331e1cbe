// What the page holds: the summary (JSON), and arrays that are deflated and written in base64.
import { byId } from "./dom.js";

/**
 * The summary that `summary.py` makes. That of a checkpoint (`training.py`) has title, subtitle, kind, legend, colours, codes,
 * ids (none), n_fields, metrics and run of these, and `counts` and `learning`. Sums and counts are of all fields; lists by
 * field are of those shown.
 * @typedef {object} Summary
 * @property {string} title the page's first line
 * @property {string} subtitle the line below it; empty: what was counted
 * @property {string} name name of the data
 * @property {"prediction"|"evaluation"|"crossval"|"training"} kind
 * @property {string[]} legend class names; a class is a position in it
 * @property {string[]} colours "#rrggbb" of each class
 * @property {string[]} codes letters that stand for each class; no two are equal
 * @property {string[]} labels names that the column "label" counts in
 * @property {number} n_fields number of all fields
 * @property {number} n_least_certain number of the least certain fields that are always shown
 * @property {string[]} ids ids of the shown fields
 * @property {string[]} columns names of the rows of the array "numbers"
 * @property {Array<{status: string, name: string, fields: number, meaning: string}>} statuses
 * @property {?MapData} map null where no field has a place
 * @property {string} tiles address of map tiles; "" where there are none
 * @property {?SeasonData} season null where no series is known
 * @property {ClassTotals[]} classes
 * @property {object} amounts how much of each crop, for the template
 * @property {Array<{words: string, least: number, fields: number}>} sureness the surest first
 * @property {Array<{row: number, id: string, reason: string}>} first fields to check first; `row` is a shown field
 * @property {number} n_answered
 * @property {number} n_no_crop fields with an answer, but below the least confidence
 * @property {?number} total_ha
 * @property {?number} mean_confidence
 * @property {number[]} confidence_counts fields in twenty steps of 5 %
 * @property {Array<[string, number, number]>} clear_by_date date, share of clear fields, fields seen
 * @property {Object<string, string>} run what the page says of the run, by name
 * @property {string[]} warnings
 * @property {string[]} unlike_training those of the warnings that the top of the page shows
 * @property {?object} metrics metrics.json, see docs/schemas.md
 *
 * @typedef {object} MapData outlines lie in the arrays "rings", "vertices" and "outlines"
 * @property {?string} crs
 * @property {?number} unit_metres metres of a unit
 * @property {[number, number]} origin
 * @property {number} step length of a step of the outlines, in units
 * @property {[number, number, number, number]} bounds west, south, east, north
 * @property {Array<{bounds: number[], jpeg: string, date: string, picture: string}>} images
 *
 * @typedef {object} SeasonData values lie in arrays of `block` fields each
 * @property {string[]} dates
 * @property {boolean} wide whether dates are counted in 32 bits
 * @property {number} block
 * @property {Array<{name: string, low: number, high: number, blob: string, averages: number[][][]}>} bands
 * @property {string[]} left_out bands that the page has no room for
 *
 * @typedef {object} ClassTotals hectares are missing where no area is known
 * @property {number} fields
 * @property {number} expected_fields
 * @property {number} spread_fields
 * @property {number} [ha]
 * @property {number} [expected_ha]
 * @property {number} [spread_ha]
 */

/** @type {Summary} */
export const summary = JSON.parse(byId("data").textContent);

/** Number of the fields that the page shows. */
export const N = summary.ids.length;

/** Position of every class of the legend. */
export const CLASSES = summary.legend.map((_, k) => k);

/** Unpack an array, for example `await unpack("rings", Uint32Array)`. */
export async function unpack(name, ArrayType) {
  const text = atob(byId(`blob-${name}`).textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new ArrayType(await new Response(stream).arrayBuffer());
}

/** Where each of several runs begins, and where the last one ends, from their lengths. */
export function offsetsOf(lengths) {
  const offsets = new Uint32Array(lengths.length + 1);
  lengths.forEach((n, k) => {
    offsets[k + 1] = offsets[k] + n;
  });
  return offsets;
}
