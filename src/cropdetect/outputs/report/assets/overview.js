// What holds for all fields: the cards at the top, and what went wrong where.
import { columnChart } from "./charts.js";
import { CLASSES, summary } from "./data.js";
import { byId, el, muted, numberCell, replaceChildren, tableOf } from "./dom.js";
import { resetFilter } from "./filters.js";
import { DAY, formatHectares, formatNumber, formatPercent, isKnown, plural, timeOf } from "./format.js";

const LONG = 11; // characters: a longer text gets a smaller type
const GOOD = 0.5; // share of fields that are clear on a good date

function card(text, meaning) {
  const style = text.length > LONG ? "long" : null;
  return el("div", { class: "card" }, el("b", { class: style }, text), el("span", {}, meaning));
}

export function showCards() {
  const { metrics, n_fields: n, n_answered: nAnswered, clear_by_date: dates, warnings } = summary;
  const without = n > nAnswered ? `, ${formatNumber(n - nAnswered)} without` : "";
  const most = CLASSES.reduce((a, b) => (summary.classes[b].fields > summary.classes[a].fields ? b : a), 0);
  const nMost = summary.classes[most]?.fields;
  const cards = [
    card(formatNumber(n), "fields"),
    card(formatNumber(nAnswered), `with an answer${without}`),
    summary.total_ha ? card(formatHectares(summary.total_ha), "area of all fields") : null,
    isKnown(summary.mean_confidence) ? card(formatPercent(summary.mean_confidence), "mean confidence") : null,
    nMost ? card(summary.legend[most], `most frequent: ${plural(nMost, "field")}`) : null,
    metrics
      ? card(formatPercent(metrics.accuracy, 1), `right of ${plural(metrics.n_fields, "labelled field")}`)
      : null,
    dates.length ? card(formatNumber(dates.length), `dates, ${dates[0][0]} to ${dates.at(-1)[0]}`) : null,
    warnings.length
      ? card(
          formatNumber(warnings.length),
          warnings.length === 1 ? "warning: see below" : "warnings: see below",
        )
      : null,
  ];
  replaceChildren(byId("cards"), cards);
}

export function showQuality() {
  const { n_fields: n, n_answered: nAnswered, clear_by_date: dates } = summary;
  const sentence =
    n > nAnswered
      ? `${plural(n - nAnswered, "field")} of ${formatNumber(n)} got no answer.`
      : `All ${formatNumber(n)} fields got an answer.`;
  replaceChildren(byId("statuses"), el("p", {}, sentence), statusTable());
  replaceChildren(byId("clear"), dates.length ? clearDates(dates) : null);
}

function statusTable() {
  const rows = summary.statuses.map(({ status, fields: n, meaning }) => {
    const onclick = () => {
      resetFilter({ status });
      byId("fields").scrollIntoView();
    };
    const button = el("button", { class: "link tools", type: "button", onclick }, "show these");
    return [status, numberCell(formatNumber(n)), meaning, button];
  });
  return tableOf("Status of the fields", ["status", "fields", "meaning", ""], rows);
}

/** How clear each date was. */
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
    suffix: " %",
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
