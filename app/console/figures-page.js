// What the service does right now, read from its metrics every few seconds.

import * as api from "./api.js";
import { badge, empty, heading, loading, problemNotice } from "./common.js";
import { bars, curves } from "./charts.js";
import { el } from "./dom.js";
import { number, share, t } from "./i18n.js";
import { buckets, parseMetrics, quantile, total } from "./metrics.js";

const EVERY_MS = 2000;
const KEPT = 90; // readings: three minutes
const VERDICTS = ["new", "partial", "compilation", "excerpt", "reprint", "exact", "garbled_mirror"];

// What the service calls its figures.
const CHECKS = "dedup_checks_total";
const SECONDS = "dedup_check_seconds";
const ARTICLES = "dedup_articles";
const CLUSTERS = "dedup_clusters";
const PROBLEMS = "dedup_problems_total";

export function figuresPage(root, _, { signal }) {
  const body = el("div", {}, loading());
  root.append(heading(t("figures.title"), t("figures.lead")), body);
  const history = [];
  const read = async () => {
    if (signal.aborted) return;
    if (!document.hidden) {
      try {
        history.push(reading(parseMetrics(await api.metrics({ signal }))));
        if (history.length > KEPT) history.shift();
        body.replaceChildren(figures(history));
      } catch (error) {
        if (signal.aborted) return;
        const isAbsent = error.code === "not_found";
        body.replaceChildren(isAbsent ? empty(t("figures.absent")) : problemNotice(error, read));
        if (isAbsent || error.status === 401) return;
      }
    }
    setTimeout(read, EVERY_MS);
  };
  read();
}

function reading(samples) {
  return {
    at: performance.now(),
    checks: total(samples, CHECKS) ?? 0,
    mix: Object.fromEntries(VERDICTS.map((verdict) => [verdict, total(samples, CHECKS, (labels) => labels.verdict === verdict) ?? 0])),
    buckets: buckets(samples, SECONDS),
    articles: total(samples, ARTICLES),
    clusters: total(samples, CLUSTERS),
    problems: total(samples, PROBLEMS) ?? 0,
  };
}

function figures(history) {
  const now = history.at(-1);
  const steps = history.slice(1).map((later, place) => [history[place], later]);
  const rates = steps.map(([before, after]) => Math.max(0, (1000 * (after.checks - before.checks)) / (after.at - before.at)));
  const latest = history.slice(-6)[0];
  const milliseconds = (share) => steps.map(([before, after]) => 1000 * (quantile(after.buckets, before.buckets, share) ?? 0));
  return el(
    "div",
    { class: "halves" },
    card("figures.articles", figure(now.articles === null ? "–" : number(now.articles)), now.clusters === null ? null : el("p", { class: "under" }, t("figures.clusters", { n: now.clusters }))),
    mixCard(now),
    card(
      "figures.rate",
      figure(number(rates.at(-1) ?? 0, 1), "/s"),
      curves([rates], KEPT, t("figures.rate")),
      axis(),
    ),
    card(
      "figures.latency",
      figure(inMilliseconds(quantile(now.buckets, latest.buckets, 0.5)), "ms"),
      curves([milliseconds(0.5), milliseconds(0.95)], KEPT, t("figures.latency")),
      axis(),
      el(
        "p",
        { class: "key-line" },
        el("span", { class: "dash" }, t("figures.median")),
        el("span", { class: "dash second" }, t("figures.p95"), " ", el("b", {}, `${inMilliseconds(quantile(now.buckets, latest.buckets, 0.95))} ms`)),
      ),
    ),
  );
}

function mixCard(now) {
  const all = Object.values(now.mix).reduce((sum, count) => sum + count, 0);
  const items = VERDICTS.filter((verdict) => now.mix[verdict]).map((verdict) => ({
    name: badge(verdict),
    value: now.mix[verdict],
    shown: `${number(now.mix[verdict])} · ${share(now.mix[verdict] / all)}`,
    class: verdict,
  }));
  return card(
    "figures.mix",
    items.length ? bars(items) : el("p", { class: "under" }, t("figures.none")),
    el("p", { class: "axis" }, el("span", {}, t("figures.since", { n: now.checks })), now.problems ? el("span", {}, t("figures.errors", { n: now.problems })) : null),
  );
}

const card = (key, ...content) => el("section", { class: "card" }, el("h2", {}, t(key)), content);
const figure = (value, unit) => el("p", { class: "figure" }, value, unit ? el("small", {}, ` ${unit}`) : null);
const axis = () => el("div", { class: "axis" }, el("span", {}, t("figures.minutes", { n: (KEPT * EVERY_MS) / 60_000 })), el("span", {}, t("figures.now")));
const inMilliseconds = (seconds) => (seconds === null ? "–" : number(1000 * seconds, 1));
