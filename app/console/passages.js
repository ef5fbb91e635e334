// Long passages, cut where paragraphs begin, so that a paragraph leads to its like.

/**
 * Cut passages at anchors.
 *
 * @param {{start: number, end: number, original_start: number, original_end: number}[]} passages
 * @param {{start: number, original_start: number}[]} anchors Ascending within a passage.
 */
export function cutAtAnchors(passages, anchors = []) {
  const sorted = [...anchors].sort((a, b) => a.start - b.start);
  let next = 0;
  return passages.flatMap((passage) => {
    const cuts = [];
    while (next < sorted.length && sorted[next].start <= passage.start) next += 1;
    for (; next < sorted.length && sorted[next].start < passage.end; next += 1) cuts.push(sorted[next]);
    const starts = [passage, ...cuts];
    return starts.map((from, place) => {
      const to = starts[place + 1];
      return {
        start: from.start,
        end: to?.start ?? passage.end,
        original_start: from.original_start,
        original_end: to?.original_start ?? passage.original_end,
      };
    });
  });
}
