// All clusters, the largest or the newest first.

import * as api from "./api.js";
import { clusterLink, empty, heading, loading, problemNotice, titleOf } from "./common.js";
import { el, foreign, siteOf } from "./dom.js";
import { day, number, t } from "./i18n.js";

const PAGE = 50;
let order = "size";

export function clustersPage(root, _, { signal }) {
  const list = el("ul", { class: "rows", "aria-label": t("clusters.title") });
  const foot = el("div", { class: "list-foot", hidden: true });
  const body = el("div", {}, loading());
  const choice = el(
    "div",
    { class: "segments", role: "group", "aria-label": t("clusters.order") },
    ["size", "time"].map((name) =>
      el("button", { type: "button", "aria-pressed": String(name === order), on: { click: () => choose(name) } }, t(`clusters.${name}`)),
    ),
  );
  const choose = (name) => {
    order = name;
    [...choice.children].forEach((button, place) => button.setAttribute("aria-pressed", String((place === 0) === (name === "size"))));
    list.replaceChildren();
    body.replaceChildren(loading());
    more(null);
  };
  const more = async (cursor) => {
    foot.hidden = true;
    const asked = order;
    try {
      const page = await api.clusters({ order, cursor, limit: PAGE }, { signal });
      if (asked !== order) return;
      list.append(...page.clusters.map((cluster) => el("li", {}, row(cluster))));
      body.replaceChildren(list.childElementCount ? list : empty(t("clusters.empty"), t("clusters.empty.hint")));
      foot.hidden = page.next_cursor === null;
      foot.replaceChildren(el("button", { type: "button", on: { click: () => more(page.next_cursor) } }, t("clusters.more")));
    } catch (error) {
      if (error.name !== "AbortError") body.replaceChildren(list, problemNotice(error, () => more(cursor)));
    }
  };
  root.append(heading(t("clusters.title"), t("clusters.lead"), choice), el("div", { class: "card tight" }, body, foot));
  more(null);
}

function row({ cluster_id: id, size, pinned, original }) {
  const under = [siteOf(original.url), day(original.published_at ?? original.first_seen)].filter(Boolean).join(" · ");
  return el(
    "a",
    { href: clusterLink(id) },
    el("span", { class: "what" }, el("span", { class: "title" }, foreign(titleOf(original))), el("span", { class: "under" }, under)),
    pinned ? el("span", { class: "badge" }, t("cluster.pinned")) : el("span", {}),
    el("span", { class: "number" }, el("b", {}, number(size)), ` ${t("clusters.members", { n: size }).replace(number(size), "").trim()}`),
  );
}
