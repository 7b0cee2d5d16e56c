// The questions that have no peer: folding in, jobs, bids and explanations, on the released model, in the page's thread and in its worker.
import { freshPage, launch } from "./browser.mjs";
import { watchOthers } from "./load.mjs";
import { median, percentile } from "./stats.mjs";
import { counted } from "./summary.mjs";

const EFFORT = { warmMs: 300, budgetMs: 500, least: 20, most: 400 };
/** Where the engine is. */
export const PLACES = { page: { worker: false }, worker: { worker: true } };

/** All rows. `asks` names what `page/questions.js` asks, `count` how many things the question holds. */
export const QUESTIONS = [
  { id: "fold-1", label: "foldIn, 1 rating", asks: "foldIn", count: 1 },
  { id: "fold-10", label: "foldIn, 10 ratings", asks: "foldIn", count: 10 },
  { id: "fold-100", label: "foldIn, 100 ratings", asks: "foldIn", count: 100 },
  { id: "jobs-10", label: "recommendJobs, 10 jobs", asks: "recommendJobs", count: 10 },
  { id: "jobs-100", label: "recommendJobs, 100 jobs", asks: "recommendJobs", count: 100 },
  { id: "bid", label: "suggestBid", asks: "suggestBid" },
  { id: "explain", label: "explain, with what would change it", asks: "explain" },
];

/** Runs in the page: opens a question, looks at its answer, and times it. */
async function askInPage({ question, load, effort }) {
  const { open } = await import("/hot/page/questions.js");
  const { score, check, free } = await open({ ...question, load, manifest: "/hot/model/manifest.json" });
  await check();
  const { measure } = await import("/hot/page/measure.js");
  const samples = effort ? await measure(score, effort) : [];
  free();
  return samples;
}

async function turn(browser, url, question, place, measured) {
  const context = await browser.newContext();
  try {
    const { ask } = await freshPage(context, `${url}/hot/`);
    const others = watchOthers();
    const effort = measured ? EFFORT : undefined;
    const samples = await ask(askInPage, { question, load: PLACES[place], effort });
    return { samples, median: median(samples), others: others() };
  } catch (error) {
    error.message = `${question.label} (${place}): ${error.message}`;
    throw error;
  } finally {
    await context.close();
  }
}

/**
 * Asks every question in both places, `rounds` times in turn, each in a fresh page: the figures in milliseconds by row. Without
 * `measured` answers are looked at and nothing is timed.
 *
 * @throws where an answer is not what was asked for.
 */
export async function askAll({ url, questions, rounds, log, measured = true }) {
  const browser = await launch();
  const version = browser.version();
  const cells = new Map(questions.map(({ id }) => [id, { page: [], worker: [] }]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const question of questions) {
        for (const place of Object.keys(PLACES)) {
          const cell = await turn(browser, url, question, place, measured);
          log(`round ${round + 1} ${question.id} ${place} ${cell.median.toPrecision(3)}`);
          cells.get(question.id)[place].push(cell);
        }
      }
    }
  } finally {
    await browser.close();
  }
  const rowOf = ({ id, label }) => {
    const { page, worker } = cells.get(id);
    return { id, label, page: figures(page), worker: figures(worker) };
  };
  return { version, rows: questions.map(rowOf) };
}

function figures(cells) {
  const rounds = counted(cells);
  const samples = rounds.flatMap((round) => round.samples);
  return {
    median: median(rounds.map((round) => round.median)),
    p95: percentile(samples, 0.95),
    min: Math.min(...samples),
    samples: samples.length,
    rounds: rounds.length,
    others: Number(Math.max(...rounds.map(({ others }) => others)).toFixed(2)),
  };
}
