// Numbers and dates as words.
const MISSING = "–";

/** Milliseconds of a day. */
export const DAY = 86400000;

/** Milliseconds since 1970 of a date like "2018-04-15". */
export const timeOf = (date) => Date.parse(`${date}T00:00:00Z`);

export const isKnown = (x) => x !== null && x !== undefined && !Number.isNaN(x);

export function formatNumber(x, digits = 0) {
  if (!isKnown(x)) return MISSING;
  return x.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A share (0 to 1) as a percentage. */
export const formatPercent = (share, digits = 0) =>
  isKnown(share) ? `${formatNumber(100 * share, digits)}\u00a0%` : MISSING;

export function formatHectares(area) {
  if (!isKnown(area)) return MISSING;
  const digits = area < 10 ? 2 : area < 1000 ? 1 : 0;
  return `${formatNumber(area, digits)} ha`;
}

/** "1 field", "3 fields". */
export const plural = (n, word) => `${formatNumber(n)} ${word}${n === 1 ? "" : "s"}`;

export const sum = (numbers) => numbers.reduce((total, x) => total + x, 0);
