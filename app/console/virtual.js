// A list of any length of which only the rows in sight are there.

import { el } from "./dom.js";

const ROW = 60; // pixels; rows of a long list are all of one height
const SPARE = 8; // rows kept above and below

export class VirtualList {
  /**
   * @param {(item: any) => Node} render Makes the content of a row.
   * @param {string} label What the list is.
   */
  constructor(render, label) {
    this.render = render;
    this.items = [];
    this.first = -1;
    this.last = -1;
    this.list = el("ul", { class: "rows", "aria-label": label });
    this.root = el("div", { class: "rows scrolling", tabindex: "-1" }, this.list);
    this.root.addEventListener("scroll", () => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(this.root);
  }

  /** Show these items, from the top or from where the list is. */
  show(items, { keepPlace = false } = {}) {
    this.items = items;
    this.list.style.height = `${items.length * ROW}px`;
    this.root.style.height = items.length * ROW < 560 ? `${items.length * ROW + 2}px` : "";
    if (!keepPlace) this.root.scrollTop = 0;
    this.first = this.last = -1;
    this.#draw();
  }

  #draw() {
    const top = this.root.scrollTop;
    const first = Math.max(0, Math.floor(top / ROW) - SPARE);
    const last = Math.min(this.items.length, Math.ceil((top + this.root.clientHeight) / ROW) + SPARE);
    if (first === this.first && last === this.last) return;
    this.first = first;
    this.last = last;
    const kept = new Map([...this.list.children].map((node) => [Number(node.dataset.row), node]));
    const focused = this.list.contains(document.activeElement) ? Number(document.activeElement.closest("li").dataset.row) : -1;
    const nodes = [];
    for (let row = first; row < last; row += 1) {
      const old = kept.get(row);
      nodes.push(old && old.item === this.items[row] ? old : this.#row(row));
    }
    this.list.replaceChildren(...nodes);
    if (focused >= first && focused < last) nodes[focused - first].querySelector("a")?.focus({ preventScroll: true });
  }

  #row(row) {
    const node = el(
      "li",
      { class: "virtual", "aria-setsize": this.items.length, "aria-posinset": row + 1, data: { row } },
      this.render(this.items[row]),
    );
    node.item = this.items[row];
    node.style.top = `${row * ROW}px`;
    node.style.height = `${ROW}px`;
    return node;
  }
}
