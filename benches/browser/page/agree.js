// Whether scores are those of the reference.

/** The largest and the root mean square difference; a score that is missing or no number counts as infinitely wrong. */
export function compare(scores, reference) {
  if (scores.length !== reference.length) throw new Error(`${scores.length} scores for ${reference.length} candidates`);
  let [worst, squares] = [0, 0];
  for (let at = 0; at < reference.length; at++) {
    const difference = Math.abs(scores[at] - reference[at]);
    worst = difference <= worst ? worst : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
    squares += difference * difference;
  }
  return { worst, rms: Math.sqrt(squares / reference.length), compared: reference.length };
}

/** The rows of the `k` highest scores, highest first, equal ones by row; rows without a score are left out. */
export function topRows(scores, k) {
  const rows = Array.from(scores.keys()).filter((row) => !Number.isNaN(scores[row]));
  return rows.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
}
