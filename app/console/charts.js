// Small charts without a library. Each says in words what it shows.

import { el, svg } from "./dom.js";

/**
 * Named bars.
 *
 * @param {{name: Node|string, value: number, shown: string, class?: string}[]} items
 * @param {number} [full] The value of a full bar; the largest one if left out.
 */
export function bars(items, full = Math.max(...items.map((item) => item.value), Number.MIN_VALUE)) {
  return el(
    "ul",
    { class: "bars" },
    items.map((item) => {
      const fill = el("div", { class: `fill ${item.class ?? ""}` });
      fill.style.width = `${(100 * item.value) / full}%`;
      return el(
        "li",
        {},
        el("span", { class: "name" }, item.name),
        el("div", { class: "track", "aria-hidden": "true" }, item.value > 0 ? fill : null),
        el("span", { class: "value" }, item.shown),
      );
    }),
  );
}

/** Columns over a row of bins; `ends` are shown below the first and the last. */
export function columns(values, label, ends = []) {
  const most = Math.max(...values, 1);
  const gap = values.length > 60 ? 0 : 0.15;
  const chart = svg("svg", { class: "chart", viewBox: `0 0 ${values.length} 100`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  values.forEach((value, place) => {
    if (!value) return;
    const height = Math.max((100 * value) / most, 1.5);
    chart.append(svg("rect", { class: "column", x: place + gap / 2, y: 100 - height, width: 1 - gap, height }));
  });
  chart.append(svg("line", { class: "base", x1: 0, x2: values.length, y1: 100, y2: 100 }));
  return el("div", {}, chart, el("div", { class: "axis", "aria-hidden": "true" }, ends.map((end) => el("span", {}, end))));
}

/**
 * Curves over the same time, the newest value on the right.
 *
 * @param {number[][]} series
 * @param {number} length How many values fill the width.
 */
export function curves(series, length, label) {
  const most = Math.max(...series.flat(), Number.MIN_VALUE) * 1.08;
  const chart = svg("svg", { class: "chart", viewBox: `0 0 ${length - 1} 100`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  series.forEach((values, which) => {
    const points = values.map((value, place) => `${length - values.length + place},${(100 - (100 * value) / most).toFixed(2)}`);
    if (!which && points.length > 1) {
      chart.append(svg("polygon", { class: "area", points: `${length - values.length},100 ${points.join(" ")} ${length - 1},100` }));
    }
    chart.append(svg("polyline", { class: which ? "curve second" : "curve", points: points.join(" ") }));
  });
  chart.append(svg("line", { class: "base", x1: 0, x2: length - 1, y1: 100, y2: 100 }));
  return chart;
}
