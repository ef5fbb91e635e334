// One known article beside its original, and what an editor can do with it.

import * as api from "./api.js";
import { badge, clusterLink, heading, loading, problemNotice, titleOf } from "./common.js";
import { confirmed } from "./dialogs.js";
import { announce, el, foreign, outLink } from "./dom.js";
import { evidence } from "./evidence.js";
import { t, time } from "./i18n.js";

let notice = null; // what to tell on the next page

export async function articlePage(root, id, { signal, reload }) {
  root.append(loading());
  let known;
  let answer;
  try {
    known = await api.article(id, { signal });
    // A known article's answer, brought up to date, with its passages; nothing changes.
    answer = await api.check({ id, text: known.text, format: known.format, remember: false });
  } catch (error) {
    if (error.name === "AbortError" || signal.aborted) return;
    root.replaceChildren(heading(t("article.title")), ...told(), problemNotice(error));
    return;
  }
  if (signal.aborted) return;
  root.replaceChildren(
    heading(foreign(titleOf(known)), null),
    el("div", { class: "stack" }, told(), el("section", { class: "card stack" }, facts(known), actions(known, reload)), evidence(answer, titleOf(known))),
  );
}

function told() {
  const message = notice;
  notice = null;
  return message ? [el("p", { class: "notice good" }, foreign(message))] : [];
}

function facts(known) {
  const rows = [
    ["article.id", foreign(known.id)],
    ["article.url", known.url ? outLink(known.url) : null],
    ["article.published", time(known.published_at)],
    ["article.seen", time(known.first_seen)],
    [
      "article.cluster",
      [el("a", { href: clusterLink(known.cluster_id) }, known.cluster_id), " ", known.original ? badge(known.verdict) : el("span", { class: "badge" }, t("article.original"))],
    ],
  ];
  return el("dl", { class: "facts" }, rows.filter(([, value]) => value).flatMap(([key, value]) => [el("dt", {}, t(key)), el("dd", {}, value)]));
}

function actions(known, reload) {
  const { id, cluster_id: cluster } = known;
  const problem = el("div", {});
  const button = (what, attributes, act) =>
    el(
      "button",
      {
        type: "button",
        ...attributes,
        on: {
          click: async () => {
            if (!(await confirmed(`article.${what}`, { id }, { isDangerous: what === "delete" }))) return;
            try {
              await act();
              announce(notice ?? "");
            } catch (error) {
              problem.replaceChildren(problemNotice(error));
            }
          },
        },
      },
      t(`article.${what}`),
    );
  const decide = (decision, done) => async () => {
    await api.decide(cluster, { [decision]: id });
    notice = t(done);
    reload();
  };
  const remove = async () => {
    await api.remove(id);
    notice = t("article.deleted", { id });
    if (known.original) location.hash = clusterLink(cluster);
    else location.hash = "#/clusters";
  };
  return el(
    "div",
    { class: "stack" },
    el(
      "div",
      { class: "actions" },
      button("pin", {}, decide("pin", "article.pinned")),
      known.original ? button("separate", {}, decide("not_a_copy", "article.separated")) : null,
      button("delete", { class: "danger" }, remove),
    ),
    problem,
  );
}

/** Return what was done on the page before, for whoever shows the next one. */
export const tellOnce = told;
