// A thousand questions for the released model, the same on every machine, and how to ask them. `tidyrank ask` is asked the
// same ones by `determinism.test.mjs`.

/** Numbers from a seed: PCG-XSH-RR 32 (M. O'Neill 2014) in BigInt. */
function numbersOf(seed) {
  const MASK = (1n << 64n) - 1n;
  let state = (BigInt(seed) * 2n + 1n) & MASK;
  const next = () => {
    const old = state;
    state = (old * 6364136223846793005n + 1442695040888963407n) & MASK;
    const mixed = Number((((old >> 18n) ^ old) >> 27n) & 0xffffffffn);
    const turn = Number(old >> 59n);
    return ((mixed >>> turn) | (mixed << (-turn & 31))) >>> 0;
  };
  const unit = () => next() / 2 ** 32;
  const below = (n) => Math.floor(unit() * n);
  const of = (list) => list[below(list.length)];
  /** Undefined but once in `n` times: a field that is left out. */
  const sometimes = (n, make) => (below(n) === 0 ? make() : undefined);
  const mostly = (n, make) => (below(n) === 0 ? undefined : make());
  const list = (length, make) => Array.from({ length }, (_, at) => make(at));
  return { unit, below, of, sometimes, mostly, list };
}

const HOSTILE = [
  "",
  "<img src=x onerror=alert(1)>",
  "'; DROP TABLE jobs; --",
  "\u0000\u001f\u2028",
  "ξ𝔘\u202e",
  "__proto__",
];
const WRONG_NUMBERS = [-1, -0.5, 1e39, 1e308, -1e300];

/** `count` questions about a catalog; `clients`: ids that the model knows. */
export function questions(seed, count, catalog, clients) {
  const random = numbersOf(seed);
  const { unit, below, of, sometimes, mostly, list } = random;
  const { market, asOf, cleaners } = catalog;
  const id = () => of(cleaners).cleanerId;
  const anyId = () => of([id, id, id, id, id, () => `nobody-${below(9)}`, () => of(HOSTILE)])();
  const kind = () => of(market.propertyTypes);
  const point = () => ({
    latitude: market.centre.latitude + (unit() - 0.5) * 0.5,
    longitude: market.centre.longitude + (unit() - 0.5) * 0.5,
  });
  const amount = (most) => of([() => unit() * most, () => below(most), () => below(4 * most) / 4])();

  const bid = (who) => ({ cleanerId: who(), amount: mostly(5, () => amount(150)) });
  const job = (who = id) => ({
    clientId: mostly(4, () => of([of(clients), of(clients), "nobody-knows-this-client", of(HOSTILE)])),
    propertyType: mostly(8, kind),
    location: mostly(8, point),
    sizeM2: mostly(6, () => amount(300)),
    durationH: mostly(8, () => 0.5 + amount(9)),
    eco: of([undefined, true, false, null]),
    budget: sometimes(2, () => amount(200)),
    postedAt: mostly(4, () => asOf - below(400 * 86400) + 300 * 86400),
    scheduledAt: mostly(4, () => asOf + below(20 * 86400)),
    bids: sometimes(3, () => list(below(6), () => bid(who))),
  });
  const profile = () => ({
    cleanerId: sometimes(2, anyId),
    location: mostly(4, point),
    hourlyRate: mostly(4, () => amount(40)),
    eco: of([undefined, true, false]),
    propertyTypes: sometimes(3, () => list(1 + below(3), kind)),
    hours: sometimes(2, () =>
      list(below(8), (weekday) => ({ weekday: weekday % 7, from: 6 + below(6), to: 13 + below(12) })),
    ),
  });
  const cleaner = () => of([anyId, id, profile])();
  const ranking = () => ({
    limit: of([undefined, undefined, 0, 1, 2, 5, 1_000_000_000, null]),
    mode: of([undefined, "ensemble", "neural", "rules"]),
    ruleWeight: sometimes(4, () => of([0, 0.25, unit(), 1])),
    level: sometimes(6, () => of([0.5, 0.8, 0.95, 0.99])),
    locale: sometimes(3, () => of(["en", "el", "el-GR", "en_GB", "fr"])),
  });

  const filters = () => ({
    maxDistanceKm: sometimes(2, () => amount(25)),
    maxPrice: sometimes(5, () => amount(120)),
    minRating: sometimes(5, () => amount(10)),
    eco: sometimes(6, () => of([true, false])),
    available: sometimes(5, () => of([true, false])),
    propertyTypes: sometimes(6, () => list(below(3), kind)),
    minScore: sometimes(6, () => amount(90)),
    hide: sometimes(5, () => list(below(4), anyId)),
    seen: sometimes(5, () => list(below(4), anyId)),
    strict: sometimes(4, () => of([true, false])),
  });
  const houseRule = () => ({
    cleanerId: anyId(),
    ...of([
      () => ({ action: "pin", position: sometimes(2, () => 1 + below(6)) }),
      () => ({ action: "boost", points: below(41) - 20 }),
      () => ({ action: "bury" }),
    ])(),
  });
  const policies = () => ({
    house: sometimes(3, () => list(1 + below(3), houseRule)),
    diversity: sometimes(4, () => ({ lambda: of([0, 0.5, unit(), 1]), pool: sometimes(3, () => 5 + below(40)) })),
    exposure: sometimes(4, () => ({ share: of([0, 0.2, 0.5, 1]), below: sometimes(2, () => 1 + below(20)) })),
    explore: sometimes(4, () => ({
      method: of(["epsilon", "thompson"]),
      epsilon: sometimes(2, () => of([0, 0.1, unit(), 1])),
      seed: below(1e6),
      pool: sometimes(3, () => 5 + below(30)),
    })),
  });

  const made = {
    recommendCleaners: () => ({
      job: job(),
      options: {
        ...ranking(),
        priceWeight: sometimes(4, () => of([0, 0.4, unit(), 1])),
        candidates: sometimes(4, () => of(["catalog", "bidders"])),
        clientVector: sometimes(8, () => list(64, () => (below(257) - 128) / 1024)),
        filters: sometimes(2, filters),
        ...policies(),
      },
    }),
    recommendJobs: () => ({
      cleaner: cleaner(),
      jobs: list(of([0, 1, 2, 5, 12]), (at) => {
        const clientJobs = sometimes(2, () => below(9));
        return {
          jobId: at > 0 || below(9) ? `job ${at}` : of(HOSTILE),
          ...job(anyId),
          clientJobs,
          clientCompleted: clientJobs === undefined ? sometimes(9, () => 3) : below(clientJobs + 1),
        };
      }),
      options: {
        ...ranking(),
        filters: sometimes(2, () => ({
          maxDistanceKm: sometimes(3, () => amount(25)),
          minPay: sometimes(4, () => amount(100)),
          propertyTypes: sometimes(4, () => list(below(3), kind)),
          eco: sometimes(5, () => of([true, false])),
          available: sometimes(4, () => of([true, false])),
          minScore: sometimes(4, () => amount(90)),
          hide: sometimes(4, () => list(below(3), () => `job ${below(12)}`)),
          seen: sometimes(4, () => list(below(3), () => of([`job ${below(12)}`, of(HOSTILE)]))),
          strict: sometimes(3, () => of([true, false])),
        })),
      },
    }),
    suggestBid: () => ({
      job: job(anyId),
      cleaner: cleaner(),
      options: {
        prices: sometimes(3, () => list(below(5), () => amount(120))),
        fee: sometimes(3, () => of([0, 0.1, unit()])),
        at: sometimes(3, () => asOf + below(86400)),
        locale: sometimes(3, () => of(["en", "el"])),
      },
    }),
  };
  made.explain = () => {
    const { job, options } = made.recommendCleaners();
    const { level, limit, ...rest } = options;
    const wanted = { ...rest, counterfactuals: of([undefined, true, false]), limit: of([undefined, 1, 5]) };
    return { job, cleanerId: id(), options: wanted };
  };
  made.explainExclusion = () => {
    const { job, options } = made.recommendCleaners();
    return { job, cleanerId: anyId(), options };
  };
  made.foldIn = () => ({
    history: list(below(8), () => ({ cleanerId: anyId(), rating: of([below(11), amount(10)]), job: mostly(3, job) })),
  });
  /** One thing that is wrong with a question. */
  const spoiltHistory = (question) => {
    const one = { cleanerId: id(), rating: 5 };
    const wrong = of([
      { ...one, rating: of([-1, 11, 1e9, "5"]) },
      { ...one, cleanerId: of([undefined, 5]) },
      { ...one, colour: "red" },
      { ...one, job: { sizeM2: -1 } },
      { ...one, job: { propertyType: "castle" } },
    ]);
    return of([
      { ...question, history: [wrong, ...question.history] },
      { ...question, options: of([5, "all", [], { colour: "red" }]) },
    ]);
  };
  const spoilt = (question) => {
    if (question.history) return spoiltHistory(question);
    const { job, options = {} } = question;
    const inJob = { ...(job ?? question.jobs?.[0]) };
    const withJob = (wrong) =>
      job ? { job: { ...inJob, ...wrong } } : { jobs: [{ jobId: "wrong", ...inJob, ...wrong }] };
    const wrong = of([
      () => withJob({ location: { latitude: of([91, -91, 1e9]), longitude: 0 } }),
      () => withJob({ location: { latitude: 1 } }),
      () => withJob({ [of(["sizeM2", "durationH", "budget"])]: of(WRONG_NUMBERS) }),
      () => withJob({ bids: [{ cleanerId: id(), amount: of(WRONG_NUMBERS) }] }),
      () => withJob({ bids: [{ cleanerId: "nobody" }] }),
      () => withJob({ bids: [{ amount: 3 }] }),
      () => withJob({ propertyType: of(["castle", ...HOSTILE]) }),
      () => withJob({ postedAt: of([1e15, -1e15, 0.5, "2025-01-01"]) }),
      () => withJob({ eco: of(["yes", 1]) }),
      () => withJob({ colour: "red" }),
      () => ({ job: of([null, 5, "job"]), jobs: of([null, 5, {}]) }),
      () => ({ options: { ...options, limit: of([-1, 1.5, 2 ** 33, "10"]) } }),
      () => ({ options: { ...options, mode: of(["", "best", 1]) } }),
      () => ({ options: { ...options, ruleWeight: of([-0.1, 1.1, "half"]) } }),
      () => ({ options: { ...options, filters: { maxDistanceKm: of([-1, "near"]) } } }),
      () => ({ options: { ...options, colour: "red" } }),
      () => ({ options: of([5, "all", []]) }),
      () => ({ options: { ...options, locale: of(["", 5]) } }),
      () => ({ op: of(["recommend", "", "toString"]) }),
      () => {
        // Only where the operation has one: the command line refuses any other argument.
        if (!("cleaner" in question)) return { options: "all" };
        return {
          cleaner: of([null, 5, { colour: "red" }, { hourlyRate: -1 }, { hours: [{ weekday: 9, from: 1, to: 2 }] }]),
        };
      },
    ])();
    return { ...question, ...wrong };
  };
  const ops = Object.keys(made);
  const lines = list(count, (at) => {
    const op = ops[at % ops.length];
    const question = { op, ...made[op]() };
    return at % 5 === 4 ? spoilt(question) : question;
  });
  // As a line of JSON has it: what is undefined is not there.
  return lines.map((question) => JSON.parse(JSON.stringify(question)));
}

/** The canonical text of what `recommender` answers to a question. Self-contained: it also runs inside a page. */
export async function answerTo({ canonicalJson, TidyrankError }, recommender, question) {
  const { op, job, jobs, cleaner, cleanerId, history, options } = question;
  const calls = {
    recommendCleaners: () => recommender.recommendCleaners(job, options),
    recommendJobs: () => recommender.recommendJobs(cleaner, jobs, options),
    explain: () => recommender.explain(job, cleanerId, options),
    explainExclusion: () => recommender.explainExclusion(job, cleanerId, options),
    foldIn: () => recommender.foldIn(history, options),
    suggestBid: () => recommender.suggestBid(job, cleaner, options),
  };
  try {
    if (!Object.hasOwn(calls, op)) throw new TidyrankError("request.shape", "there is no such `op`");
    return canonicalJson(await calls[op]());
  } catch (thrown) {
    return thrown instanceof TidyrankError ? canonicalJson(thrown) : `not a TidyrankError: ${thrown}`;
  }
}
