// Find known articles by id, address or title.

import * as api from "./api.js";
import { articleRow, badge, empty, heading, loading, problemNotice } from "./common.js";
import { el } from "./dom.js";
import { t } from "./i18n.js";

const PAGE = 50;

export function searchPage(root, wanted, { signal }) {
  const input = el("input", { type: "search", name: "q", value: wanted ?? "", "aria-label": t("search.label"), placeholder: t("search.label"), required: true, dir: "auto" });
  const form = el("form", { class: "search-bar", role: "search" }, input, el("button", { class: "primary" }, t("search.submit")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) location.hash = `#/search/${encodeURIComponent(input.value.trim())}`;
  });
  const results = el("div", { class: "stack" });
  root.append(heading(t("search.title"), t("search.hint")), el("div", { class: "stack" }, form, results));
  if (wanted) find(wanted, results, { signal });
  else input.focus();
}

async function find(wanted, results, options) {
  results.replaceChildren(loading());
  try {
    const [byId, byUrl, byTitle] = await Promise.all([
      api.article(wanted, options).then((known) => [known], ignoreMissing),
      api.articles({ url: wanted, limit: PAGE }, options),
      api.articles({ title: wanted, limit: PAGE }, options),
    ]);
    const sections = [
      section("search.id", byId),
      section("search.url", byUrl.articles, { url: wanted }, byUrl.next_cursor, options),
      section("search.titles", byTitle.articles, { title: wanted }, byTitle.next_cursor, options),
    ].filter(Boolean);
    results.replaceChildren(...(sections.length ? sections : [empty(t("search.none"), t("search.none.hint"))]));
  } catch (error) {
    if (error.name !== "AbortError") results.replaceChildren(problemNotice(error, () => find(wanted, results, options)));
  }
}

function ignoreMissing(error) {
  if (error.code === "not_found") return [];
  throw error;
}

function section(key, found, filters, cursor = null, options = {}) {
  if (!found.length) return null;
  const list = el("ul", { class: "rows", "aria-label": t(key) }, found.map(row));
  const foot = el("div", { class: "list-foot", hidden: cursor === null });
  let next = cursor;
  const more = el("button", { type: "button" }, t("clusters.more"));
  more.addEventListener("click", async () => {
    const page = await api.articles({ ...filters, cursor: next, limit: PAGE }, options);
    list.append(...page.articles.map(row));
    next = page.next_cursor;
    foot.hidden = next === null;
  });
  foot.append(more);
  return el("section", { class: "card tight" }, el("div", { class: "list-head" }, el("h2", {}, t(key))), list, foot);
}

const row = (found) => el("li", {}, articleRow(found, badge(found.verdict)));
