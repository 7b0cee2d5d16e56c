// The timing itself: rounds in which everybody has a turn, each in a fresh page.
import { freshPage, launch } from "./browser.mjs";
import { watchOthers } from "./load.mjs";
import { median } from "./stats.mjs";

const LARGE = 100_000;
/** Rounds in which a slow contender is measured on large catalogs. */
const SLOW_ROUNDS = 2;

/** How long a cell is measured in one round. */
function effort(size, slow) {
  if (size < LARGE) return { warmMs: 150, budgetMs: 300, least: 5, most: 200 };
  return slow ? { warmMs: 0, budgetMs: 0, least: 1, most: 1 } : { warmMs: 200, budgetMs: 500, least: 3, most: 50 };
}

/** The sizes that a contender is measured on in a round. */
function due({ slow, software }, sizes, round) {
  if (software) return round === 0 ? sizes.filter((size) => size < LARGE) : [];
  return sizes.filter((size) => size < LARGE || !slow || round < SLOW_ROUNDS);
}

/** Scores that are not those of the reference: no reason to try again. */
class Disagreement extends Error {}

/** Runs in the page: opens a contender and keeps it. */
async function openInPage({ page, options }) {
  const [contender, inputs] = await Promise.all([import(`/hot/page/${page}.js`), import("/hot/page/inputs.js")]);
  const query = await inputs.loadQuery();
  globalThis.bench = { contender: await contender.open(options), inputsOf: (size) => inputs.inputsOf(size, query) };
}

/** Runs in the page: makes one size ready and compares its scores. */
async function prepareInPage(size) {
  const { bench } = globalThis;
  bench.cell?.free?.();
  bench.cell = await bench.contender.prepare(bench.inputsOf(size));
  return { agreement: await bench.cell.check(), about: bench.contender.about };
}

/** Runs in the page. */
async function measureInPage(effort) {
  const { measure } = await import("/hot/page/measure.js");
  return await measure(globalThis.bench.cell.score, effort);
}

/** What a contender says of itself that is not what its row is about. */
function lacking({ wants = {} }, about) {
  const lacks = Object.keys(wants).find((key) => about[key] !== wants[key]);
  return lacks && `the package does not do ${lacks} ${wants[lacks]} here, but ${about[lacks]}`;
}

/** Makes one size ready and holds its scores to the reference. */
async function prepare(ask, contender, size) {
  const prepared = await ask(prepareInPage, size);
  const { worst, reason = "" } = prepared.agreement;
  if (!lacking(contender, prepared.about) && !(worst <= contender.tolerance)) {
    throw new Disagreement(`${size} candidates: off by ${worst}, allowed are ${contender.tolerance} ${reason}`);
  }
  return prepared;
}

/** One contender's turn: what it says of itself and a cell for every size, or why it was left out. */
async function turn(browser, url, contender, sizes, measured) {
  const context = await browser.newContext();
  try {
    const { ask } = await freshPage(context, `${url}/hot/`);
    await ask(openInPage, contender);
    const [cells, found] = [{}, {}];
    for (const size of sizes) {
      const { agreement, about } = await prepare(ask, contender, size);
      const left = lacking(contender, about);
      if (left) return { left };
      found.about = about;
      const others = watchOthers();
      const samples = measured ? await ask(measureInPage, effort(size, contender.slow)) : [];
      cells[size] = { samples, median: median(samples), others: others(), agreement };
    }
    return { ...found, cells };
  } catch (error) {
    error.message = `${contender.label}: ${error.message}`;
    throw error;
  } finally {
    await context.close();
  }
}

/** A turn in the browser that the contender needs; what fails but for wrong scores is tried once more. */
async function turnOf(browser, url, contender, sizes, { measured, log }) {
  const own = contender.software ? await launch({ gpu: true }) : undefined;
  const attempt = () => turn(own ?? browser, url, contender, sizes, measured);
  try {
    return await attempt().catch((error) => {
      if (error instanceof Disagreement) throw error;
      log(`once more: ${error.message}`);
      return attempt();
    });
  } catch (error) {
    if (!contender.optional || error instanceof Disagreement) throw error;
    return { left: error.message.split("\n")[0] };
  } finally {
    await own?.close();
  }
}

/**
 * Times everybody on every size, `rounds` times. Gives by contender's id the cells `cells[size] = [one per round]`, what each
 * says of itself, and the reasons why rows were left out. Without `measured` scores are compared and nothing is timed.
 *
 * @throws where a contender's scores are not those of the reference.
 */
export async function timeAll({ url, contenders, sizes, rounds, log, measured = true }) {
  const browser = await launch();
  const empty = () => Object.fromEntries(sizes.map((size) => [size, []]));
  const results = new Map(contenders.map(({ id }) => [id, { cells: empty() }]));
  const ceilings = [];
  try {
    for (let round = 0; round < rounds; round++) {
      if (measured) ceilings.push(await measureCeiling(browser, url));
      for (let at = 0; at < contenders.length; at++) {
        const contender = contenders[(at + round * 7) % contenders.length];
        const [result, wanted] = [results.get(contender.id), due(contender, sizes, round)];
        if (result.left || wanted.length === 0) continue;
        const done = await turnOf(browser, url, contender, wanted, { measured, log });
        const medians = wanted.map((size) => done.cells?.[size].median.toPrecision(3));
        log(`round ${round + 1} ${contender.id} ${done.left ?? medians.join(" ")}`);
        for (const size of wanted) if (done.cells) result.cells[size].push({ round, ...done.cells[size] });
        Object.assign(result, { left: done.left, about: done.about });
      }
    }
    return { results, ceilings, version: browser.version() };
  } finally {
    await browser.close();
  }
}

async function measureCeiling(browser, url) {
  const context = await browser.newContext();
  const { ask } = await freshPage(context, `${url}/hot/`);
  const others = watchOthers();
  const rates = await ask(async () => (await import("/hot/page/ceiling.js")).ceiling());
  await context.close();
  return { rates, others: others() };
}
