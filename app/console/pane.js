// One text with its passages and damage, drawn as far as it is looked at: a text of
// five million characters is thousands of blocks, of which some dozen are filled.

import { el } from "./dom.js";
import { damageName, t } from "./i18n.js";
import { OffsetMap, lastNotAbove } from "./offsets.js";

const BLOCK_CHARS = 1500; // about a screen
const LONGEST_LINE = 6000; // a longer one is cut, or a text without line ends would be one block
const EAGER_CHARS = 60_000; // a usual article is there as a whole, to search and to read out
const COLOURS = 6;
const PIXELS_A_CHAR = 0.8; // a first guess at the height of what is not filled yet

// Characters that show nothing, or turn the line around.
const CONTROL =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|\udb40[\udc00-\udfff]/g;

export class Pane {
  /**
   * @param {import("./viewer.js").Side} side
   * @param {{start: number, end: number, index: number}[]} passages In the text as received.
   */
  constructor(side, passages) {
    this.heading = side.heading;
    this.text = side.text;
    const offsets = new OffsetMap(side.text, side.stretches);
    this.length = offsets.length;
    this.side = side;
    this.passages = passages;
    this.ranges = rangesOf(passages, this.text, offsets);
    this.marks = disjoint(side.marks ?? [], offsets);
    this.off = new Set();
    this.root = el("div", {
      class: "text", role: "region", tabindex: "0", lang: side.lang ?? "zh", dir: "auto",
      "aria-label": side.heading || t("viewer.text"),
    });
    this.show();
  }

  /** Draw the text with its passages and damage. */
  show() {
    this.#draw(this.text, this.ranges, this.marks);
  }

  /** Draw the repaired text in its place, with the same passages. */
  showRepaired() {
    const { repaired, repaired_stretches: stretches } = this.side;
    this.#draw(repaired, rangesOf(this.passages, repaired, new OffsetMap(repaired, stretches)), []);
  }

  /** Mark a kind of damage, or no longer. */
  showDamage(kind, isOn) {
    if (isOn) this.off.delete(kind);
    else this.off.add(kind);
    for (const mark of this.root.querySelectorAll(`.damage.${kind}`)) mark.classList.toggle("off", !isOn);
  }

  /** Scroll to a passage. */
  reveal(index, { onlyIfHidden = false } = {}) {
    const mark = this.#element(index);
    if (!mark) return;
    const frame = this.root.getBoundingClientRect();
    const place = mark.getBoundingClientRect();
    if (onlyIfHidden && place.top >= frame.top && place.top < frame.bottom - 30) return;
    const top = this.root.scrollTop + place.top - frame.top - frame.height / 3;
    const isNear = Math.abs(top - this.root.scrollTop) < 3 * frame.height;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.root.scrollTo({ top, behavior: isNear && !isCalm ? "smooth" : "instant" });
  }

  /** Show which passage is meant. */
  emphasize(index) {
    for (const mark of this.root.querySelectorAll(".passage.active")) mark.classList.remove("active");
    for (const mark of this.root.querySelectorAll(`[data-passage="${index}"]`)) mark.classList.add("active");
  }

  /** Move the keyboard to a passage. */
  focus(index) {
    const mark = this.#element(index);
    if (!mark) return;
    for (const former of this.root.querySelectorAll('.passage[tabindex="0"]')) former.tabIndex = -1;
    mark.tabIndex = 0;
    mark.focus({ preventScroll: true });
    this.reveal(index, { onlyIfHidden: true });
  }

  /** Return the passage that stands so many behind another in this text, around the ends. */
  neighbour(index, by) {
    const { ranges } = this.drawn;
    const rank = index < 0 ? 0 : this.rank(index) + by;
    return ranges[(rank + ranges.length) % ranges.length]?.index ?? -1;
  }

  /** Return which passage of this text it is, counted from 0. */
  rank(index) {
    return this.order.get(index) ?? 0;
  }

  #draw(text, ranges, marks) {
    this.drawn = { text, ranges, marks };
    this.order = new Map(ranges.map((range, rank) => [range.index, rank]));
    this.blocks = blocksOf(text).map(({ start, end }) => ({ start, end, node: el("div", { class: "block", dir: "auto" }), isFilled: false }));
    this.root.replaceChildren(...this.blocks.map((block) => block.node));
    this.root.scrollTop = 0;
    this.watcher?.disconnect();
    if (text.length <= EAGER_CHARS) {
      for (const block of this.blocks) this.#fill(block);
      return;
    }
    this.watcher = new IntersectionObserver((entries) => this.#onSight(entries), { root: this.root, rootMargin: "600px" });
    for (const block of this.blocks) {
      block.node.style.minHeight = `${Math.ceil((block.end - block.start) * PIXELS_A_CHAR)}px`;
      block.node.blockOfPane = block;
      this.watcher.observe(block.node);
    }
  }

  #onSight(entries) {
    for (const entry of entries) if (entry.isIntersecting) this.#fill(entry.target.blockOfPane);
  }

  #fill(block) {
    if (block.isFilled) return;
    block.isFilled = true;
    block.node.style.minHeight = "";
    this.watcher?.unobserve(block.node);
    const { text, ranges, marks } = this.drawn;
    let passage = null; // the element that is being filled, and its range
    let range = null;
    for (const piece of pieces(block, ranges, marks)) {
      if (piece.range !== range) {
        range = piece.range;
        passage = range && this.#passage(range, block);
        if (passage) block.node.append(passage);
      }
      const parent = passage ?? block.node;
      const shown = text.slice(piece.start, piece.end);
      if (piece.mark) parent.append(this.#damage(piece.mark, shown));
      else appendText(parent, shown);
    }
    if (!block.node.firstChild) block.node.append(el("br"));
  }

  #passage(range, block) {
    const isFirst = range === this.drawn.ranges[0] && range.start >= block.start;
    return el("mark", {
      class: `passage colour-${range.index % COLOURS}`,
      role: "link",
      tabindex: isFirst ? "0" : "-1",
      data: { passage: range.index },
    });
  }

  #damage(mark, shown) {
    const name = damageName(mark.kind);
    const node = el("span", {
      class: `damage ${mark.kind}${this.off.has(mark.kind) ? " off" : ""}`,
      title: mark.replacement ? `${name} → ${mark.replacement}` : name,
    });
    appendText(node, shown);
    return node;
  }

  #element(index) {
    const range = this.drawn.ranges[this.order.get(index)];
    if (!range) return null;
    const block = this.blocks[lastNotAbove(this.blocks, range.start, (candidate) => candidate.start)];
    this.#fill(block);
    return this.root.querySelector(`[data-passage="${range.index}"]`);
  }
}

/** Return where passages are in a string that is shown. */
function rangesOf(passages, text, offsets) {
  return fromLineStarts(disjoint(passages, offsets), text).map((range) => trimmed(range, text));
}

/** Return stretches of the shown string, ascending and disjoint. */
function disjoint(stretches, offsets) {
  const found = stretches
    .map((stretch) => ({ ...stretch, start: offsets.index(stretch.start), end: offsets.index(stretch.end) }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  let done = 0;
  const kept = [];
  for (const stretch of found) {
    const start = Math.max(stretch.start, done);
    if (start >= stretch.end) continue;
    kept.push({ ...stretch, start });
    done = stretch.end;
  }
  return kept;
}

/** Where one passage ends in a line and the next begins with its first letter, take the marks before it along. */
function fromLineStarts(ranges, text) {
  ranges.forEach((range, place) => {
    const before = ranges[place - 1];
    if (before?.end !== range.start) return;
    const lead = /\n[^\p{L}\p{N}\n]*$/u.exec(text.slice(Math.max(before.start + 1, range.start - 40), range.start));
    if (lead) before.end = range.start -= lead[0].length - 1;
  });
  return ranges;
}

/** Leave the blanks around a passage without colour. */
function trimmed(range, text) {
  const shown = text.slice(range.start, range.end);
  const blanks = shown.length - shown.trimStart().length;
  return { ...range, start: range.start + Math.min(blanks, shown.length - 1), end: range.start + Math.max(shown.trimEnd().length, 1) };
}

/** Cut a text into whole lines of about a screen each; the line end belongs to the block. */
function blocksOf(text) {
  const blocks = [];
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf("\n", start + BLOCK_CHARS);
    let end = newline < 0 ? text.length : newline + 1;
    if (end - start > LONGEST_LINE) {
      const stop = text.lastIndexOf("。", start + LONGEST_LINE) + 1;
      end = stop > start + BLOCK_CHARS ? stop : start + LONGEST_LINE;
      if (/[\udc00-\udfff]/.test(text[end] ?? "")) end -= 1; // no half characters
    }
    blocks.push({ start, end });
    start = end;
  }
  return blocks;
}

/** Cut a block wherever a passage or a mark begins or ends. */
function* pieces(block, ranges, marks) {
  let nextRange = firstAt(ranges, block.start);
  let nextMark = firstAt(marks, block.start);
  let start = block.start;
  while (start < block.end) {
    while (ranges[nextRange]?.end <= start) nextRange += 1;
    while (marks[nextMark]?.end <= start) nextMark += 1;
    const range = ranges[nextRange];
    const mark = marks[nextMark];
    const inRange = range && range.start <= start;
    const inMark = mark && mark.start <= start;
    let end = block.end;
    for (const edge of [range && (inRange ? range.end : range.start), mark && (inMark ? mark.end : mark.start)]) {
      if (edge !== undefined && edge < end) end = edge;
    }
    yield { start, end, range: inRange ? range : null, mark: inMark ? mark : null };
    start = end;
  }
}

function firstAt(stretches, start) {
  const before = lastNotAbove(stretches, start, (stretch) => stretch.start);
  return Math.max(before, 0);
}

function appendText(parent, text) {
  let done = 0;
  for (const match of text.matchAll(CONTROL)) {
    if (match.index > done) parent.append(text.slice(done, match.index));
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    parent.append(el("span", { class: "control" }, `U+${code}`));
    done = match.index + match[0].length;
  }
  if (done < text.length) parent.append(done ? text.slice(done) : text);
}
