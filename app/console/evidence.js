// An answer in full: verdict, scores, damage, and the texts beside one another.

import * as api from "./api.js";
import { articleLink, badge, damageSummary, loading, problemNotice, scoreBars, titleOf } from "./common.js";
import { el, foreign, siteOf } from "./dom.js";
import { number, t, verdictName } from "./i18n.js";
import { cutAtAnchors } from "./passages.js";
import { viewer } from "./viewer.js";

/**
 * Return the answer to a check as an element.
 *
 * @param {object} answer Of `/check`, with passages, repaired, main_text and damage_marks.
 * @param {string} heading What to call the article.
 */
export function evidence(answer, heading) {
  const [best] = answer.matches;
  const comparison = el("div", {}, loading());
  const details = el("div", { class: "result" });
  const choose = async (match) => {
    details.replaceChildren(...detailParts(answer, match));
    comparison.replaceChildren(match ? loading() : viewer(incomingSide(answer, heading), null));
    if (!match) return;
    try {
      const known = await api.article(match.id);
      comparison.replaceChildren(viewer(incomingSide(answer, heading), knownSide(known), cutAtAnchors(match.passages ?? [], match.anchors)));
    } catch (error) {
      comparison.replaceChildren(problemNotice(error, () => choose(match)), viewer(incomingSide(answer, heading), null));
    }
  };
  choose(best ?? null);
  return el(
    "div",
    { class: "stack" },
    el("section", { class: "card", "aria-label": t("check.result") }, summary(answer), details, matchChoice(answer, choose)),
    comparison,
  );
}

/** The sides of a comparison, from answers of the API. */
function incomingSide(answer, heading) {
  return {
    heading,
    text: answer.main_text.text,
    stretches: answer.main_text.stretches,
    marks: answer.damage.marks,
    repaired: answer.repaired,
    repaired_stretches: answer.main_text.repaired_stretches,
    lang: languageOf(answer.damage),
  };
}

function knownSide(known) {
  return {
    heading: titleOf(known),
    text: known.main_text.text,
    stretches: known.main_text.stretches,
    marks: known.damage.damaged ? known.damage.marks : [],
    lang: languageOf(known.damage),
  };
}

/** Fonts draw the same character differently for each script. */
const languageOf = (damage) => (damage.kinds.traditional_script ? "zh-Hant" : "zh-Hans");

function summary(answer) {
  const of = answer.original ?? answer.matches[0];
  const key = answer.promoted ? "says.promoted" : `says.${answer.verdict}`;
  return el(
    "div",
    { class: "summary", tabindex: "-1" },
    badge(answer.verdict, "large"),
    el("h2", {}, sentence(t(key, { title: "\0" }), of)),
    of?.url ? el("span", { class: "under" }, foreign(siteOf(of.url))) : null,
    answer.too_short ? el("p", { class: "notice" }, t("says.too_short")) : null,
  );
}

/** Put a link to an article where a message has a NUL. */
function sentence(message, record) {
  const [before, after = ""] = message.split("\0");
  if (!record || !message.includes("\0")) return [message];
  return [before, el("a", { href: articleLink(record.id) }, foreign(titleOf(record))), after];
}

function detailParts(answer, match) {
  const parts = [];
  if (match) {
    const scores = el("div", {}, el("h3", {}, t("check.scores")), scoreBars(match));
    parts.push(scores);
    if (match.differences) parts.push(differenceList(match.differences));
  }
  parts.push(el("div", {}, el("h3", {}, t("check.damage")), damageSummary(answer.damage)));
  return parts;
}

function differenceList(differences) {
  return el(
    "div",
    {},
    el("h3", {}, t("check.differences")),
    el(
      "dl",
      { class: "facts" },
      Object.entries(differences).flatMap(([name, count]) => [
        el("dt", {}, t(`difference.${name}`)),
        el("dd", {}, number(count)),
      ]),
    ),
  );
}

function matchChoice(answer, choose) {
  if (answer.matches.length < 2) return null;
  const select = el(
    "select",
    {},
    answer.matches.map((match, place) => el("option", { value: String(place) }, `${verdictName(match.verdict)} · ${match.id}`)),
  );
  select.addEventListener("change", () => choose(answer.matches[Number(select.value)]));
  return el("div", { class: "match-choice" }, el("label", {}, el("span", {}, t("check.matches")), select));
}
