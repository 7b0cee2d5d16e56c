// The few statistics that the dashboards compute themselves, from what this browser recorded.

/** A share with its 95 % interval: E. B. Wilson, "Probable inference", JASA 22 (1927). `undefined` for none. */
export function wilson(successes: number, trials: number): { share: number; low: number; high: number } | undefined {
  if (trials === 0) return undefined;
  const z = 1.959964;
  const share = successes / trials;
  const centre = (share + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half =
    (z / (1 + (z * z) / trials)) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** How many values fall into each of `bins` equal parts of 0 to 100. */
export function histogram(values: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const at = Math.min(bins - 1, Math.max(0, Math.floor((value / 100) * bins)));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}
