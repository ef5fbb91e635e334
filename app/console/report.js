// The report: its data is in the page, packed, and unpacked as far as it is looked at.

import { bars, columns } from "./charts.js";
import { badge, damageClass, damageSummary, empty, loading, scoreBars } from "./common.js";
import { el, foreign, outLink, siteOf } from "./dom.js";
import { currentLanguage, damageName, number, setLanguage, share, t, time, verdictName } from "./i18n.js";
import { cutAtAnchors } from "./passages.js";
import { viewer } from "./viewer.js";
import { VirtualList } from "./virtual.js";

const FIELDS = [
  "id", "path", "title", "url", "published", "verdict", "original",
  "jaccard", "containment", "coverage", "damaged", "kinds", "block",
];

/** Return a block of data that the page carries. */
async function unpack(name) {
  const packed = document.getElementById(name).textContent;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

async function allRows({ articles, rows_at_once: size }) {
  const blocks = Array.from({ length: Math.ceil(articles / size) }, (_, block) => unpack(`rows-${block}`));
  const values = (await Promise.all(blocks)).flat();
  return values.map((row, place) => ({ place, ...Object.fromEntries(FIELDS.map((field, column) => [field, row[column]])) }));
}

const summary = await unpack("summary");
const page = document.getElementById("main");
let rows = null;

async function draw() {
  document.title = t("report.title", { n: summary.articles });
  const list = el("section", { class: "card tight" }, loading());
  const articleList = new ArticleList(list);
  page.replaceChildren(
    head(),
    el(
      "div",
      { class: "stack" },
      totals(),
      el("div", { class: "thirds" }, verdictCard(), likenessCard(), damageCard()),
      el("div", { class: "halves" }, clusterCard(articleList), siteCardOfReport(articleList)),
      list,
    ),
  );
  rows ??= await allRows(summary);
  articleList.draw();
}

function head() {
  const other = currentLanguage() === "en" ? "zh-Hans" : "en";
  const switchLanguage = () => {
    setLanguage(other);
    draw();
  };
  return el(
    "header",
    { class: "report-head" },
    el("h1", {}, t("report.title", { n: summary.articles })),
    el("p", {}, foreign(t("report.made", { folder: summary.folder, time: time(summary.at) }))),
    el("div", { class: "actions" }, el("button", { type: "button", class: "quiet", lang: other, on: { click: switchLanguage } }, t("language.other"))),
  );
}

function totals() {
  const figures = [
    ["originals", summary.articles - summary.copies],
    ["copies", summary.copies],
    ["damaged", summary.damaged],
    ["skipped", summary.skipped],
  ];
  return el("dl", { class: "card totals" }, figures.map(([name, value]) => el("div", {}, el("dt", {}, t(`report.${name}`)), el("dd", {}, number(value)))));
}

const chartCard = (key, ...content) =>
  el("section", { class: "card" }, el("h2", {}, t(key)), t(`${key}.hint`) === `${key}.hint` ? null : el("p", { class: "hint" }, t(`${key}.hint`)), content);

function verdictCard() {
  const items = Object.entries(summary.verdicts).map(([verdict, count]) => ({
    name: badge(verdict), value: count, shown: `${number(count)} · ${share(count / summary.articles)}`, class: verdict,
  }));
  return chartCard("report.verdicts", bars(items));
}

function damageCard() {
  if (!summary.damage.length) return chartCard("report.damage", el("p", {}, t("report.none")));
  return chartCard("report.damage", bars(summary.damage.map(([kind, count]) => ({ name: damageName(kind), value: count, shown: number(count), class: damageClass(kind) }))));
}

function likenessCard() {
  if (!summary.copies) return chartCard("report.likeness", el("p", {}, t("report.nocopies")));
  const said = summary.histogram.map((count, bin) => `${bin * 5}%: ${count}`).filter((_, bin) => summary.histogram[bin]);
  return chartCard("report.likeness", columns(summary.histogram, `${t("report.likeness.hint")}. ${said.join(", ")}`, ["0 %", "50 %", "100 %"]));
}

function clusterCard(list) {
  const items = summary.clusters.map(({ original, title, size }) => ({
    name: el("button", { type: "button", title, on: { click: () => list.showCluster(original) } }, foreign(title)), value: size, shown: number(size),
  }));
  return chartCard("report.clusters", items.length ? el("div", { class: "ranking" }, bars(items)) : el("p", {}, t("report.nocopies")));
}

function siteCardOfReport(list) {
  const items = summary.sites.map(([site, count]) => ({
    name: el("button", { type: "button", on: { click: () => list.search(site) } }, foreign(site)), value: count, shown: number(count),
  }));
  return chartCard("report.sites", items.length ? el("div", { class: "ranking" }, bars(items)) : el("p", {}, t("report.nocopies")));
}

class ArticleList {
  constructor(root) {
    this.root = root;
    this.cluster = -1;
    this.list = new VirtualList(reportRow, t("report.articles"));
    this.count = el("span", { class: "number", role: "status" });
    this.body = el("div", {});
    this.filter = el("input", { type: "search", placeholder: t("report.filter"), "aria-label": t("report.filter") });
    this.verdict = el(
      "select",
      { "aria-label": t("report.verdict") },
      el("option", { value: "" }, t("cluster.all")),
      Object.keys(summary.verdicts).map((verdict) => el("option", { value: verdict }, verdictName(verdict))),
    );
    for (const control of [this.filter, this.verdict]) {
      control.addEventListener("input", () => {
        this.cluster = -1;
        this.draw();
      });
    }
  }

  showCluster(original) {
    this.cluster = original;
    this.filter.value = this.verdict.value = "";
    this.draw();
    this.root.scrollIntoView({ block: "start" });
  }

  search(text) {
    this.cluster = -1;
    this.filter.value = text;
    this.draw();
    this.root.scrollIntoView({ block: "start" });
  }

  draw() {
    if (!rows) return;
    const wanted = this.filter.value.trim().toLowerCase();
    const shown = rows.filter(
      (row) =>
        (this.cluster < 0 || row.place === this.cluster || row.original === this.cluster) &&
        (!this.verdict.value || row.verdict === this.verdict.value) &&
        (!wanted || `${row.id}\n${row.path}\n${row.title ?? ""}\n${row.url ?? ""}`.toLowerCase().includes(wanted)),
    );
    if (this.cluster >= 0) shown.sort((a, b) => a.original - b.original || b.jaccard - a.jaccard);
    this.count.textContent = number(shown.length);
    this.root.replaceChildren(
      el("div", { class: "list-head" }, el("h2", {}, t("report.articles")), this.count, this.filter, this.verdict),
      shown.length ? this.list.root : empty(t("search.none")),
    );
    this.list.show(shown);
  }
}

const nameOf = (row) => row.title || row.id;

function reportRow(row) {
  const under = [row.title || row.id !== row.path ? row.path : null, siteOf(row.url), row.published].filter(Boolean);
  const link = el(
    "a",
    { href: `#${row.place}` },
    el(
      "span",
      { class: "what" },
      el("span", { class: "title" }, foreign(nameOf(row))),
      el("span", { class: "under" }, under.flatMap((part, place) => (place ? [" · ", foreign(part)] : [foreign(part)]))),
    ),
    badge(row.verdict),
    el("span", { class: "number optional" }, row.original >= 0 ? share(row.jaccard) : ""),
  );
  link.addEventListener("click", (event) => {
    event.preventDefault();
    openRow(row);
  });
  return link;
}

/** Show an article, beside its original if it is a copy. */
async function openRow(row) {
  const body = el("div", { class: "stack" }, loading());
  const close = el("button", { type: "button" }, t("report.close"));
  const dialog = el(
    "dialog",
    { class: "wide", "aria-label": nameOf(row) },
    el("div", { class: "heading" }, badge(row.verdict, "large"), el("h2", {}, foreign(nameOf(row))), el("div", { class: "end" }, close)),
    body,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  body.replaceChildren(...(await rowParts(row)));
}

async function rowParts(row) {
  const facts = [["article.id", foreign(row.id)], ["report.path", row.path === row.id ? null : foreign(row.path)], ["article.url", row.url ? outLink(row.url) : null], ["article.published", row.published]];
  const list = el("dl", { class: "facts" }, facts.filter(([, value]) => value).flatMap(([key, value]) => [el("dt", {}, t(key)), el("dd", {}, value)]));
  const damage = el("div", {}, el("h3", {}, t("check.damage")), damageSummary(row));
  if (row.original < 0) return [list, el("div", { class: "result" }, damage)];
  const scores = el("div", {}, el("h3", {}, t("check.scores")), scoreBars(row));
  const parts = [list, el("div", { class: "result" }, scores, damage)];
  if (row.block < 0) return [...parts, el("p", { class: "notice" }, t("report.notext", { n: summary.most_pairs }))];
  const { texts, pairs } = await unpack(`pairs-${row.block}`);
  const { passages, anchors } = pairs[row.place];
  const side = (place) => ({ heading: nameOf(rows[place]), ...texts[place] });
  return [...parts, viewer(side(row.place), side(row.original), cutAtAnchors(passages, anchors))];
}

await draw();
