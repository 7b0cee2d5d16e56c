// The same question has the same answer to the byte: in the native command line, in Node, and in Chromium with one worker and
// with two. Needs target/release/tidyrank, which `make test` has built.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { serve } from "../../scripts/serve.mjs";
import { answerTo, questions } from "./questions.mjs";
import {
  importInstalled,
  installedPackage,
  knownClients,
  launch,
  modelFolder,
  openSite,
  siteWith,
} from "./support.mjs";

const SEED = 42;
const COUNT = 1000;
let browser;
let server;
let tidyrank;
let recommender;
let asked;
let native;

/** What `tidyrank ask` prints. */
function answersOfTheCommandLine(asked) {
  const program = inRoot("target/release/tidyrank");
  if (!existsSync(program)) throw new Error(`there is no ${program}: cargo build --release`);
  const input = asked.map((question) => `${JSON.stringify(question)}\n`).join("");
  const printed = execFileSync(program, ["ask", "--model", modelFolder()], { input, maxBuffer: 1 << 28 });
  return printed.toString().trimEnd().split("\n");
}

before(async () => {
  const installed = installedPackage();
  tidyrank = await importInstalled(installed.project);
  recommender = await tidyrank.Recommender.load(`${modelFolder()}/manifest.json`);
  asked = questions(SEED, COUNT, await recommender.catalog(), knownClients());
  native = answersOfTheCommandLine(asked);
  server = await serve({ root: siteWith(installed.project), port: 0 });
  browser = await launch();
});
after(async () => {
  recommender?.dispose();
  await browser?.close();
  await server?.close();
});

function assertSame(answers, expected) {
  assert.equal(answers.length, expected.length);
  const different = answers.flatMap((answer, at) => (answer === expected[at] ? [] : [at]));
  const [at] = different;
  const shown = () => `${JSON.stringify(asked[at])}\n${answers[at]}\n${expected[at]}`;
  assert.equal(different.length, 0, `${different.length} differ, the first is ${at}: ${different.length && shown()}`);
}

async function answersOfThePage(options) {
  const { context, page } = await openSite(browser, server.url);
  const answers = await page.evaluate(
    async ({ asked, options, answerTo }) => {
      const ask = new Function(`return ${answerTo}`)();
      const recommender = await window.tidyrank.Recommender.load("/market/manifest.json", options);
      const answers = [];
      for (const question of asked) answers.push(await ask(window.tidyrank, recommender, question));
      recommender.dispose();
      return answers;
    },
    { asked, options, answerTo: answerTo.toString() },
  );
  await context.close();
  return answers;
}

describe("the same bytes", () => {
  test("the questions are varied: every operation, answers and refusals", () => {
    assert.equal(asked.length, COUNT);
    const count = (test) => native.filter(test).length;
    for (const op of ["recommendCleaners", "recommendJobs", "suggestBid", "explain", "explainExclusion", "foldIn"]) {
      assert.ok(asked.filter((question) => question.op === op).length > 150, op);
    }
    for (const code of ["request.shape", "request.invalid", "request.unknown_cleaner"]) {
      assert.ok(count((line) => line.includes(`"code":"${code}"`)) > 20, code);
    }
    assert.ok(count((line) => !line.startsWith('{"error"')) > 600);
    assert.ok(new Set(native).size > 700);
    // Rounded to four decimals.
    assert.ok(native.every((line) => !/\d\.\d{5}/.test(line)));
  });

  test("are those that the documentation promises, number by number", () => {
    const { canonicalJson } = tidyrank;
    for (const [value, text] of [
      [0.00005, "0.0001"],
      [-0.00005, "0"],
      // Halves go up, not away from 0.
      [-0.00015, "-0.0001"],
      [1.00004999, "1"],
      [-0, "0"],
      [2 ** 53, "9007199254740992"],
      [1e305, "1e+305"],
      [Number.NaN, "null"],
      [undefined, "null"],
      [Float32Array.of(0.5, 1e-9), "[0.5,0]"],
      [{ b: 1, a: [{ "€": 1, z: undefined, A: "\u2028<" }] }, '{"a":[{"A":"\u2028<","€":1}],"b":1}'],
      // What names the machine is left out of `meta` alone.
      [
        { meta: { kernel: "x", workers: 2, scored: 1, a: { kernel: 1 } }, kernel: 3 },
        '{"kernel":3,"meta":{"a":{"kernel":1},"scored":1}}',
      ],
    ]) {
      assert.equal(canonicalJson(value), text);
    }
  });

  test("in Node as natively", async () => {
    const answers = [];
    for (const question of asked) answers.push(await answerTo(tidyrank, recommender, question));
    assertSame(answers, native);
  });

  for (const options of [{}, { workers: 2 }, { worker: false }]) {
    test(`in Chromium as natively, ${JSON.stringify(options)}`, async () => {
      assertSame(await answersOfThePage(options), native);
    });
  }

  test("a second time, and from another seed as well", async () => {
    const other = questions(7, 60, await recommender.catalog(), knownClients());
    assert.notDeepEqual(other, asked.slice(0, 60));
    const expected = answersOfTheCommandLine(other);
    assert.deepEqual(answersOfTheCommandLine(other), expected);
    for (const [at, question] of other.entries()) {
      assert.equal(await answerTo(tidyrank, recommender, question), expected[at]);
    }
  });
});
