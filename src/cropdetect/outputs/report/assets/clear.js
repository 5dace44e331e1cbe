// How clear each date was.
import { columnChart } from "./charts.js";
import { summary } from "./data.js";
import { byId, el, muted, replaceChildren } from "./dom.js";
import { DAY, formatNumber, formatPercent, plural, timeOf } from "./format.js";

const GOOD = 0.5; // share of fields that are clear on a good date

export function showClearDates() {
  const { clear_by_date: dates } = summary;
  replaceChildren(byId("clear"), dates.length ? clearDates(dates) : null);
}

function clearDates(dates) {
  const days = dates.map(([date, share, n]) => ({ date, share, n }));
  const goodDays = days.filter(({ share }) => share >= GOOD);
  const gap = longestGap(goodDays.map(({ date }) => date));
  const gapSentence = gap
    ? ` Longest time without such a date: ${formatNumber(gap.days)} days, from ${gap.from} to ${gap.to}.`
    : "";
  const chart = columnChart({
    values: days.map(({ share }) => 100 * share),
    titles: days.map(
      ({ date, share, n }) => `${date}: ${formatPercent(share)} of ${plural(n, "field")} clear`,
    ),
    labels: [
      [0, days[0].date],
      [days.length, days.at(-1).date],
    ],
    label: `Share of fields seen clear on each of ${days.length} dates`,
    top: 100,
    suffix: "\u00a0%",
  });
  chart.id = "clear-dates";
  const nGood = formatNumber(goodDays.length);
  const seen = `${plural(days.length, "date")}; on ${nGood} at least half of the fields were seen clear.`;
  return [
    el("h3", {}, "How clear was each date?"),
    el("p", {}, seen, gapSentence),
    chart,
    muted(
      "Share of fields with a clear pixel, date by date, in order of time. A low column is a cloudy day.",
    ),
  ];
}

/** The longest time between two dates that follow each other; null where there is only one. */
function longestGap(dates) {
  let longest = null;
  for (let k = 1; k < dates.length; k++) {
    const days = Math.round((timeOf(dates[k]) - timeOf(dates[k - 1])) / DAY);
    if (!longest || days > longest.days) longest = { days, from: dates[k - 1], to: dates[k] };
  }
  return longest;
}
