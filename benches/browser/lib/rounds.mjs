// The timing itself: rounds in which everybody has a turn, each in a fresh page.
import { freshPage, launch } from "./browser.mjs";
import { watchOthers } from "./load.mjs";
import { median } from "./stats.mjs";

/** How long a cell is measured in one round. */
function effort(size, slow) {
  if (size < 100_000) return { warmMs: 150, budgetMs: 300, least: 5, most: 200 };
  return slow ? { warmMs: 0, budgetMs: 0, least: 1, most: 1 } : { warmMs: 200, budgetMs: 500, least: 3, most: 50 };
}

/** Runs in the page: opens a contender and keeps it. */
async function openInPage({ page, options }) {
  const [contender, inputs] = await Promise.all([import(`/hot/page/${page}.js`), import("/hot/page/inputs.js")]);
  const query = await inputs.loadQuery();
  globalThis.bench = { contender: await contender.open(options), inputsOf: (size) => inputs.inputsOf(size, query) };
  return globalThis.bench.contender.about;
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

const unfit = (contender, about) => Object.entries(contender.wants ?? {}).find(([key, value]) => about[key] !== value);

/** One contender's turn: `put(size, cell)` for every size; gives what it says of itself, or why it was left out. */
async function turn(context, url, contender, sizes, put) {
  const { page, ask } = await freshPage(context, `${url}/hot/`);
  try {
    let about = await ask(openInPage, contender);
    for (const size of sizes) {
      const prepared = await ask(prepareInPage, size);
      about = prepared.about;
      const lacks = unfit(contender, about);
      if (lacks) return { left: `the package does not do ${lacks[0]}: ${lacks[1]} here (${about[lacks[0]]})` };
      if (!(prepared.agreement.worst <= contender.tolerance)) {
        const { worst, reason = "" } = prepared.agreement;
        throw new Error(
          `${contender.label}, ${size} candidates: off by ${worst}, allowed ${contender.tolerance} ${reason}`,
        );
      }
      const others = watchOthers();
      const samples = await ask(measureInPage, effort(size, contender.slow));
      put(size, { samples, median: median(samples), others: others(), agreement: prepared.agreement });
    }
    return { about };
  } catch (error) {
    error.message = `${contender.label}: ${error.message}`;
    throw error;
  } finally {
    await page.close();
  }
}

/**
 * Times everybody on every size, `rounds` times. Gives by contender's id the cells `cells[size] = [one per round]`, and the
 * reasons why rows were left out.
 *
 * @throws where a contender's scores are not those of the reference.
 */
export async function timeAll({ url, contenders, sizes, rounds, log }) {
  const browsers = { plain: await launch(), gpu: undefined };
  const results = new Map(
    contenders.map(({ id }) => [id, { cells: Object.fromEntries(sizes.map((size) => [size, []])) }]),
  );
  const ceilings = [];
  try {
    for (let round = 0; round < rounds; round++) {
      ceilings.push(await measureCeiling(browsers.plain, url));
      for (let at = 0; at < contenders.length; at++) {
        const contender = contenders[(at + round * 7) % contenders.length];
        const result = results.get(contender.id);
        if (result.left || (contender.software && round > 0)) continue;
        if (contender.software) browsers.gpu ??= await launch({ gpu: true });
        const context = await (contender.software ? browsers.gpu : browsers.plain).newContext();
        const due = sizes.filter((size) => size < 100_000 || !contender.slow || round < 2);
        const put = (size, cell) => result.cells[size].push({ round, ...cell });
        try {
          Object.assign(result, await turn(context, url, contender, due, put));
        } catch (error) {
          if (!contender.optional || /off by/.test(error.message)) throw error;
          result.left = error.message.split("\n")[0];
        }
        await context.close();
        log(round, contender, result);
      }
    }
    return { results, ceilings, version: browsers.plain.version() };
  } finally {
    await Promise.all([browsers.plain.close(), browsers.gpu?.close()]);
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
