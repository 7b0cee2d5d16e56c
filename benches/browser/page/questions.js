// The questions that have no peer, as a page asks them. No two in a row are alike, and no answers are kept.

/** Questions that are made before they are asked, in turn. */
const VARIANTS = 97;
const LATEST = 1_767_000_000;

/** `asks`: a method of the recommender; `count`: how many ratings or jobs; `load`: where the engine is. */
export async function open({ asks, count, load, manifest }) {
  const { Recommender } = await import(new URL("../tidyrank/index.js", import.meta.url));
  const recommender = await Recommender.load(manifest, { cache: false, backend: "cpu", ...load });
  const { market, cleaners } = await recommender.catalog();
  const ids = cleaners.map(({ cleanerId }) => cleanerId);
  const job = (at) => ({
    propertyType: market.propertyTypes[at % market.propertyTypes.length],
    location: {
      latitude: market.centre.latitude + ((at % 13) - 6) / 200,
      longitude: market.centre.longitude + ((at % 17) - 8) / 200,
    },
    sizeM2: 60 + at,
    durationH: 2 + (at % 5),
    budget: 50 + at,
    postedAt: LATEST - 3600 * at,
  });
  const id = (at) => ids[at % ids.length];
  const many = (make) => Array.from({ length: count }, (_, at) => make(at));
  const kinds = {
    foldIn: {
      question: (at) => [
        many((one) => ({ cleanerId: id(at + one), rating: 6 + ((at + one) % 9) / 2, job: job(at + one) })),
      ],
      right: ({ used, ignored, clientVector }) =>
        used === count && ignored.length === 0 && clientVector.every(Number.isFinite) && clientVector.some(Boolean),
    },
    recommendJobs: {
      question: (at) => [id(at), many((one) => ({ ...job(at + one), jobId: `job-${one}` }))],
      right: ({ items, meta }) => items.length > 0 && meta.fallback === null && meta.candidates === count,
    },
    suggestBid: {
      question: (at) => [job(at), id(at)],
      right: ({ source, curve }) => source === "model" && curve.length > 0,
    },
    explain: {
      question: (at) => [{ ...job(at), postedAt: undefined }, id(at)],
      right: ({ rank, neural, counterfactuals }) =>
        rank > 0 && neural !== null && (rank === 1 || counterfactuals.length > 0),
    },
  };
  const { question, right } = kinds[asks];
  const questions = Array.from({ length: VARIANTS }, (_, at) => question(at));
  let at = 0;
  const score = () => recommender[asks](...questions[at++ % VARIANTS]);
  return {
    score,
    async check() {
      const answer = await score();
      if (!right(answer)) throw new Error(`not the answer to ${asks}: ${JSON.stringify(answer).slice(0, 300)}`);
    },
    free: () => recommender.dispose(),
  };
}
