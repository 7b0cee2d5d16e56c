// tidyrank as the package is used. It is given a job, not features: prices, distances, filters and encoding are in its time.
import { compare, topRows } from "./agree.js";

const TOP = 10;
/** Requests differ in client and job, so that nothing can be kept from one to the next. */
const JOBS = 97;

/** `mode`: as in the package; `top`: the ten best with everything about them instead of all scores. */
export async function open({ mode, top = false, sameClient = false, load }) {
  const { Recommender } = await import(new URL("../tidyrank/index.js", import.meta.url));
  const about = {};

  return {
    about,
    async prepare(inputs) {
      const recommender = await Recommender.load(inputs.manifest, { cache: false, ...load });
      const { job } = inputs.query;
      const others = jobsLike(job, sameClient);
      const ask = top ? ranking(recommender, mode) : allScores(recommender, mode);
      let at = 0;
      const { meta } = await ask(job);
      if (meta.fallback) throw new Error(meta.fallback.text);
      Object.assign(about, meta);
      return {
        score: () => ask(others[at++ % JOBS]),
        check: () => (top ? checkTop : checkAll)(recommender, job, mode, inputs),
        free: () => recommender.dispose(),
      };
    },
  };
}

function jobsLike(job, sameClient) {
  return Array.from({ length: JOBS }, (_, at) => ({
    ...job,
    clientId: sameClient ? job.clientId : `client-${String(2 + 5 * at).padStart(6, "0")}`,
    sizeM2: job.sizeM2 + at,
    location: { ...job.location, latitude: job.location.latitude + at / 2000 },
  }));
}

const ranking = (recommender, mode) => (job) => recommender.recommendCleaners(job, { mode, limit: TOP });

const allScores = (recommender, mode) => (job) => recommender.scoreCleaners(job, { mode });

const rowOf = (cleanerId) => Number(cleanerId.slice("cleaner-".length)) - 1;

/** Scores from 0 to 1 in the order of the rows; NaN where there is none. */
function byRow({ rows, scores }, size) {
  const out = new Float32Array(size).fill(Number.NaN);
  rows.forEach((row, at) => {
    out[row] = scores[at] / 100;
  });
  return out;
}

const everyScore = async (recommender, job, mode, size) => byRow(await recommender.scoreCleaners(job, { mode }), size);

async function checkAll(recommender, job, mode, inputs) {
  return compare(await everyScore(recommender, job, mode, inputs.size), await inputs.reference());
}

/** The ten must be the ten best of all scores, with the same scores, and their neural scores those of the reference. */
async function checkTop(recommender, job, mode, inputs) {
  const { items } = await recommender.recommendCleaners(job, { mode, limit: TOP });
  const reference = await inputs.reference();
  const rows = items.map(({ cleanerId }) => rowOf(cleanerId));
  const found = compare(
    items.map(({ neuralScore }) => neuralScore / 100),
    rows.map((row) => reference[row]),
  );
  const all = await everyScore(recommender, job, mode, inputs.size);
  const best = topRows(all, TOP);
  const scores = byRow({ rows, scores: items.map(({ score }) => score) }, inputs.size);
  const same = best.length === rows.length && best.every((row, at) => row === rows[at] && all[row] === scores[row]);
  return same ? found : { ...found, worst: Number.POSITIVE_INFINITY, reason: `not the ten best: ${rows} for ${best}` };
}
