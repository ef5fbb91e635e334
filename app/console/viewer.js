// Two texts side by side: what both carry is linked and coloured, damage is marked.
// Used by the console and by the report that `dedup scan --html` writes.

import { announce, el, foreign, svg } from "./dom.js";
import { damageName, number, t } from "./i18n.js";
import { Pane } from "./pane.js";

/**
 * @typedef {object} Side
 * @property {string} heading
 * @property {string} text The main text.
 * @property {{start: number, received_start: number}[]} [stretches]
 * @property {{kind: string, start: number, end: number, replacement: string}[]} [marks]
 * @property {string} [repaired]
 * @property {{start: number, received_start: number}[]} [repaired_stretches]
 * @property {string} [lang]
 */

const REST_MS = 140; // a pointer that only passes over must not set the other side in motion

/**
 * Return the viewer as an element.
 *
 * @param {Side} incoming
 * @param {Side|null} original
 * @param {{start: number, end: number, original_start: number, original_end: number}[]} passages
 */
export function viewer(incoming, original, passages = []) {
  return new Viewer(incoming, original, original ? passages : []).root;
}

class Viewer {
  constructor(incoming, original, passages) {
    this.passages = passages;
    this.current = -1;
    const ranges = (from, to) => passages.map((passage, index) => ({ start: passage[from], end: passage[to], index }));
    this.left = new Pane(incoming, ranges("start", "end"));
    this.right = original && new Pane(original, ranges("original_start", "original_end"));
    this.panes = [this.left, this.right].filter(Boolean);
    this.position = el("output", {});
    this.root = el(
      "section",
      { class: "viewer", "aria-label": t("viewer.label") },
      this.#bar(incoming),
      this.#legend(),
      el("div", { class: original ? "panes" : "panes single" }, this.panes.map((pane) => this.#frame(pane))),
    );
    this.#tellPosition();
    this.panes.forEach((pane) => this.#listen(pane));
  }

  #bar(incoming) {
    const parts = [];
    if (this.passages.length) {
      parts.push(
        el(
          "div",
          { class: "stepper", role: "group", "aria-label": t("viewer.passages") },
          el("button", { type: "button", "aria-label": t("viewer.previous"), on: { click: () => this.#step(-1) } }, "↑"),
          this.position,
          el("button", { type: "button", "aria-label": t("viewer.next"), on: { click: () => this.#step(1) } }, "↓"),
        ),
      );
    }
    if (incoming.repaired !== undefined && incoming.repaired !== incoming.text) parts.push(this.#textChoice(incoming));
    return el("div", { class: "bar" }, parts);
  }

  /** As received, or repaired: one click. */
  #textChoice(incoming) {
    const buttons = ["received", "repaired"].map((which) =>
      el("button", { type: "button", "aria-pressed": String(which === "received"), data: { which } }, t(`viewer.${which}`)),
    );
    const choose = (which) => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.which === which));
      if (which === "repaired") this.left.showRepaired();
      else this.left.show();
      if (this.left.strip) this.left.strip.replaceWith((this.left.strip = map(this.left)));
      this.#emphasize(this.current);
      this.left.reveal(this.current);
      announce(t(`viewer.${which}`));
    };
    for (const button of buttons) button.addEventListener("click", () => choose(button.dataset.which));
    return el("div", { class: "segments end", role: "group", "aria-label": t("viewer.text") }, buttons);
  }

  /** The kinds of damage that are marked; each can be switched off. */
  #legend() {
    const counts = new Map();
    for (const pane of this.panes) for (const { kind } of pane.marks) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (!counts.size) return null;
    const buttons = [...counts].map(([kind, count]) => {
      const button = el("button", { type: "button", class: kind, "aria-pressed": "true" }, damageName(kind), el("b", {}, number(count)));
      button.addEventListener("click", () => {
        const isOn = button.getAttribute("aria-pressed") === "false";
        button.setAttribute("aria-pressed", String(isOn));
        for (const pane of this.panes) pane.showDamage(kind, isOn);
      });
      return button;
    });
    return el("div", { class: "legend", role: "group", "aria-label": t("viewer.damage") }, buttons);
  }

  #frame(pane) {
    const size = t("viewer.size", { n: pane.length });
    pane.strip = map(pane);
    return el(
      "div",
      { class: "pane" },
      el("header", {}, el("h3", {}, foreign(pane.heading)), el("span", {}, size)),
      pane.strip,
      pane.root,
    );
  }

  #listen(pane) {
    let resting = 0;
    const at = (event) => {
      const mark = event.target.closest?.("[data-passage]");
      return mark ? Number(mark.dataset.passage) : -1;
    };
    pane.root.addEventListener("mouseover", (event) => {
      const index = at(event);
      clearTimeout(resting);
      if (index < 0) return;
      this.#emphasize(index);
      resting = setTimeout(() => this.#other(pane)?.reveal(index, { onlyIfHidden: true }), REST_MS);
    });
    pane.root.addEventListener("mouseout", () => clearTimeout(resting));
    pane.root.addEventListener("click", (event) => this.#go(at(event), pane));
    pane.root.addEventListener("focusin", (event) => this.#go(at(event), pane));
    pane.root.addEventListener("keydown", (event) => this.#onKey(event, pane, at(event)));
  }

  #onKey(event, pane, index) {
    if (index < 0) return;
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step) pane.focus(pane.neighbour(index, step));
    else if (event.key === "Enter" || event.key === " ") this.#other(pane)?.focus(index);
    else return;
    event.preventDefault();
  }

  /** Make a passage the current one and bring the other side to it. */
  #go(index, from) {
    if (index < 0) return;
    this.current = index;
    this.#emphasize(index);
    this.#tellPosition();
    this.#other(from)?.reveal(index);
  }

  #step(by) {
    const index = this.current < 0 ? this.left.neighbour(-1, 1) : this.left.neighbour(this.current, by);
    this.current = index;
    for (const pane of this.panes) pane.reveal(index);
    this.#emphasize(index);
    this.#tellPosition();
    const passage = this.passages[index];
    announce(t("viewer.at", { n: this.left.rank(index) + 1, of: this.passages.length, size: passage.end - passage.start }));
  }

  #emphasize(index) {
    for (const pane of this.panes) pane.emphasize(index);
  }

  #other(pane) {
    return pane === this.left ? this.right : this.left;
  }

  #tellPosition() {
    const of = this.passages.length;
    this.position.textContent =
      this.current < 0 ? t("viewer.count", { n: of }) : t("viewer.position", { n: this.left.rank(this.current) + 1, of });
  }
}

/** A strip over a text that shows which parts of it the other one has too. */
function map(pane) {
  const { text, ranges } = pane.drawn;
  if (!ranges.length) return el("div", { class: "map" });
  const total = Math.max(text.length, 1);
  const strip = svg("svg", { class: "map", viewBox: "0 0 1000 8", preserveAspectRatio: "none", "aria-hidden": "true" });
  let end = -1;
  for (const range of ranges) {
    const x = (1000 * range.start) / total;
    const width = Math.max((1000 * (range.end - range.start)) / total, 1);
    if (x + width <= end + 0.5) continue; // thousands of passages, a thousand places
    end = x + width;
    strip.append(svg("rect", { x: x.toFixed(2), y: 0, width: width.toFixed(2), height: 8 }));
  }
  return strip;
}
