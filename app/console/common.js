// What several pages show alike.

import { el, foreign, siteOf } from "./dom.js";
import { damageName, day, number, share, t, verdictName } from "./i18n.js";
import { bars } from "./charts.js";

export const badge = (verdict, size = "") => el("span", { class: `badge ${verdict} ${size}` }, verdictName(verdict));
export const loading = () => el("p", { class: "loading", role: "status" }, t("loading"));
export const titleOf = (record) => record.title || record.id;
export const articleLink = (id) => `#/articles/${encodeURIComponent(id)}`;
export const clusterLink = (id) => `#/clusters/${encodeURIComponent(id)}`;

export function empty(title, hint) {
  return el("div", { class: "empty" }, el("strong", {}, title), hint ? el("p", {}, hint) : null);
}

/** Tell a problem in words, with the service's own detail, and what to do. */
export function problemNotice(error, retry) {
  const key = `error.${error.code}`;
  const known = t(key);
  return el(
    "div",
    { class: "notice error", role: "alert" },
    el("p", {}, el("strong", {}, known === key ? t("error.title") : known)),
    el("p", {}, foreign(error.message)),
    retry ? el("div", { class: "actions" }, el("button", { type: "button", on: { click: retry } }, t("retry"))) : null,
  );
}

export function heading(title, lead, ...end) {
  return el(
    "div",
    { class: "heading" },
    el("h1", { tabindex: "-1" }, title),
    lead ? el("p", {}, lead) : null,
    end.length ? el("div", { class: "end actions" }, end) : null,
  );
}

/** Scores as three meters with what they mean. */
export function scoreBars(scores) {
  return bars(
    ["containment", "coverage", "jaccard"].map((name) => ({
      name: el("span", { title: t(`score.${name}.hint`) }, t(`score.${name}`)),
      value: scores[name],
      shown: share(scores[name]),
    })),
    1,
  );
}

// Kinds that are told but are no damage.
const HARMLESS = new Set(["boilerplate", "traditional_script"]);
export const damageClass = (kind) => (HARMLESS.has(kind) ? "" : "damage");

/** How much of each kind of damage there is. */
export function damageSummary(damage) {
  const kinds = Object.entries(damage.kinds);
  if (!kinds.length) return el("p", {}, t("check.undamaged"));
  return el(
    "div",
    {},
    damage.damaged ? null : el("p", {}, t("check.marks")),
    bars(
      kinds
        .sort((a, b) => HARMLESS.has(a[0]) - HARMLESS.has(b[0]) || b[1] - a[1])
        .map(([kind, count]) => ({ name: damageName(kind), value: count, shown: number(count), class: damage.damaged ? damageClass(kind) : "" })),
    ),
  );
}

/** The content of a row that leads to an article. */
export function articleRow(record, ...end) {
  const under = [record.title ? record.id : null, siteOf(record.url), day(record.published_at ?? record.first_seen)];
  return el(
    "a",
    { href: articleLink(record.id) },
    el(
      "span",
      { class: "what" },
      el("span", { class: "title" }, foreign(titleOf(record))),
      el("span", { class: "under" }, under.filter(Boolean).flatMap((part, place) => (place ? [" · ", foreign(part)] : [foreign(part)]))),
    ),
    ...end,
  );
}
