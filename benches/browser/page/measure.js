// Times a scorer: warm-up, then samples until the budget is spent.

/** Runs of less than this many milliseconds are timed several at once: the clock resolves a few microseconds. */
const SAMPLE_MS = 1;

/** Milliseconds per run of `score`, one per sample. `score` may give a promise. */
export async function measure(score, { warmMs, budgetMs, least, most }) {
  let run = await timed(score, 1);
  const warmUntil = performance.now() + warmMs - run;
  while (performance.now() < warmUntil) run = await timed(score, 1);
  const together = Math.max(1, Math.ceil(SAMPLE_MS / Math.max(run, 1e-3)));
  const samples = [];
  const until = performance.now() + budgetMs;
  while (samples.length < least || (samples.length < most && performance.now() < until)) {
    samples.push(await timed(score, together));
  }
  return samples;
}

async function timed(score, times) {
  const began = performance.now();
  for (let at = 0; at < times; at++) {
    const result = score();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - began) / times;
}
