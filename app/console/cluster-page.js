// One cluster: its original, and its copies by time, by site and one by one.

import * as api from "./api.js";
import { bars, columns } from "./charts.js";
import { articleRow, badge, empty, heading, loading, problemNotice } from "./common.js";
import { el, siteOf } from "./dom.js";
import { day, number, share, t, verdictName } from "./i18n.js";
import { VirtualList } from "./virtual.js";

const PAGE = 1000;
const SITES = 8;
const BINS = 40;
const VERDICTS = ["garbled_mirror", "exact", "reprint", "excerpt"];

export async function clusterPage(root, id, { signal }) {
  root.append(loading());
  let first;
  try {
    first = await api.cluster(id, { limit: PAGE }, { signal });
  } catch (error) {
    if (error.name !== "AbortError") root.replaceChildren(heading(t("cluster.title")), problemNotice(error));
    return;
  }
  const { original, size, pinned } = first;
  const figures = el("div", { class: "halves" });
  const progress = el("span", { class: "number", role: "status" });
  const copies = new CopyList();
  root.replaceChildren(
    heading(t("cluster.title"), t("clusters.members", { n: size }), pinned ? el("span", { class: "badge", title: t("cluster.unpin") }, t("cluster.pinned")) : null),
    el(
      "div",
      { class: "stack" },
      el("section", { class: "card tight" }, el("div", { class: "list-head" }, el("h2", {}, t("cluster.original"))), el("div", { class: "rows" }, articleRow(original))),
      figures,
      el("section", { class: "card tight" }, copies.head(progress), copies.body),
    ),
  );
  await readAll(first, { signal }, (known, isComplete) => {
    copies.take(known);
    figures.replaceChildren(...(known.length ? [timeCard(known), siteCard(known)] : []));
    progress.textContent = isComplete ? "" : t("cluster.loaded", { n: known.length, of: size - 1 });
  });
}

/** Read page after page; tell after each what is known so far. */
async function readAll(first, options, tell) {
  const copies = [...first.copies];
  let cursor = first.next_cursor;
  tell(copies, cursor === null);
  while (cursor !== null) {
    let page;
    try {
      page = await api.cluster(first.cluster_id, { cursor, limit: PAGE }, options);
    } catch (error) {
      if (error.name === "AbortError") return;
      throw error;
    }
    copies.push(...page.copies);
    cursor = page.next_cursor;
    tell(copies, cursor === null);
  }
}

class CopyList {
  constructor() {
    this.copies = [];
    this.list = new VirtualList(copyRow, t("cluster.copies"));
    this.body = el("div", {});
    this.filter = el("input", { type: "search", placeholder: t("cluster.filter"), "aria-label": t("cluster.filter") });
    this.verdict = el(
      "select",
      { "aria-label": t("report.verdict") },
      el("option", { value: "" }, t("cluster.all")),
      VERDICTS.map((verdict) => el("option", { value: verdict }, verdictName(verdict))),
    );
    this.sort = el(
      "select",
      { "aria-label": t("cluster.sort") },
      ["arrival", "newest", "likeness"].map((order) => el("option", { value: order }, t(`cluster.sort.${order}`))),
    );
    for (const control of [this.filter, this.verdict, this.sort]) control.addEventListener("input", () => this.#draw());
  }

  head(progress) {
    return el("div", { class: "list-head" }, el("h2", {}, t("cluster.copies")), progress, this.filter, this.verdict, this.sort);
  }

  take(copies) {
    this.copies = copies;
    this.#draw({ keepPlace: true });
  }

  #draw(options) {
    const wanted = this.filter.value.trim().toLowerCase();
    const shown = this.copies.filter(
      (copy) =>
        (!this.verdict.value || copy.verdict === this.verdict.value) &&
        (!wanted || `${copy.title ?? ""}\n${copy.id}\n${copy.url ?? ""}`.toLowerCase().includes(wanted)),
    );
    if (this.sort.value === "newest") shown.sort((a, b) => when(b) - when(a));
    if (this.sort.value === "likeness") shown.sort((a, b) => a.jaccard - b.jaccard);
    this.body.replaceChildren(shown.length ? this.list.root : empty(t(this.copies.length ? "search.none" : "cluster.nocopies")));
    this.list.show(shown, options);
  }
}

const when = (copy) => Date.parse(copy.published_at ?? copy.first_seen);

const copyRow = (copy) =>
  articleRow(copy, badge(copy.verdict), el("span", { class: "number optional", title: "Jaccard" }, share(copy.jaccard)));

function timeCard(copies) {
  const times = copies.map(when);
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const width = Math.max(last - first, 1) / BINS;
  const bins = new Array(BINS).fill(0);
  for (const moment of times) bins[Math.min(BINS - 1, Math.floor((moment - first) / width))] += 1;
  const ends = [new Date(first).toISOString(), new Date(last).toISOString()].map(day);
  const label = `${t("cluster.over")}: ${ends.join(" – ")}, ${number(copies.length)}`;
  return el("section", { class: "card" }, el("h2", {}, t("cluster.over")), columns(bins, label, ends));
}

function siteCard(copies) {
  const counts = new Map();
  for (const { url } of copies) counts.set(siteOf(url), (counts.get(siteOf(url)) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const rest = sorted.length - SITES;
  return el(
    "section",
    { class: "card" },
    el("h2", {}, t("cluster.sites")),
    bars(sorted.slice(0, SITES).map(([site, count]) => ({ name: el("bdi", {}, site || t("cluster.nosite")), value: count, shown: number(count) }))),
    rest > 0 ? el("p", { class: "axis" }, t("cluster.others", { n: rest })) : null,
  );
}
