// From offsets as the API counts them, in code points of the text as received, to indices of
// the string that is shown, in UTF-16 units.

export class OffsetMap {
  /**
   * @param {string} text What is shown: the main text.
   * @param {{start: number, received_start: number}[]} stretches Where it stands in the
   *   text as received, ascending; both in code points.
   */
  constructor(text, stretches = [{ start: 0, received_start: 0 }]) {
    this.stretches = stretches;
    this.pairs = surrogatePairs(text);
    this.length = text.length - this.pairs.length;
  }

  /** Return the index in the shown string of an offset into the text as received. */
  index(received) {
    const at = lastNotAbove(this.stretches, received, (stretch) => stretch.received_start);
    if (at < 0) return 0;
    const stretch = this.stretches[at];
    const limit = this.stretches[at + 1]?.start ?? this.length;
    const point = Math.min(stretch.start + received - stretch.received_start, limit);
    return point + (lastNotAbove(this.pairs, point - 1, (pair) => pair) + 1);
  }
}

/** Return the position of the last item whose key is not above a value, or -1. */
export function lastNotAbove(items, value, key) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(items[middle]) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Return the code point offsets of characters that take two UTF-16 units. */
function surrogatePairs(text) {
  const pairs = [];
  for (const match of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) pairs.push(match.index - pairs.length);
  return pairs;
}
