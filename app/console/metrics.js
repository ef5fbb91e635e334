// Prometheus' text format, as far as the figures need it.

/** Return samples by name: `{ labels, value }` each. */
export function parseMetrics(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
    if (!parts) continue;
    const labels = Object.fromEntries([...(parts[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));
    if (!samples.has(parts[1])) samples.set(parts[1], []);
    samples.get(parts[1]).push({ labels, value: Number(parts[3]) });
  }
  return samples;
}

/** Add up the samples of a name, those with some labels only. */
export function total(samples, name, wanted = () => true) {
  const found = (samples.get(name) ?? []).filter(({ labels }) => wanted(labels));
  return found.length ? found.reduce((sum, { value }) => sum + value, 0) : null;
}

/** Return the cumulative counts of a histogram by upper bound, ascending. */
export function buckets(samples, name, wanted = () => true) {
  const counts = new Map();
  for (const { labels, value } of samples.get(`${name}_bucket`) ?? []) {
    if (!wanted(labels)) continue;
    const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return [...counts].sort((a, b) => a[0] - b[0]);
}

/**
 * Return a quantile of what was counted between two readings of a histogram, in its unit;
 * null where nothing was. Within a bucket the values are taken to be spread evenly.
 */
export function quantile(now, before, share) {
  const earlier = new Map(before);
  const counts = now.map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)]);
  const all = counts.at(-1)?.[1] ?? 0;
  if (all <= 0) return null;
  const wanted = share * all;
  let [lower, below] = [0, 0];
  for (const [bound, count] of counts) {
    if (count >= wanted) {
      if (bound === Infinity) return lower;
      return lower + ((bound - lower) * (wanted - below)) / Math.max(count - below, 1);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
