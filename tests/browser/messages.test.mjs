// Reasons in words: the package says what the command line says, in both languages, and what a host says instead.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { inRoot } from "../../scripts/paths.mjs";
import { expectedRankings, importInstalled, installedPackage, modelFolder } from "./support.mjs";

const fixture = JSON.parse(readFileSync(inRoot("tests/fixtures/messages.json"), "utf8"));

describe("reasons in words", () => {
  let tidyrank;

  before(async () => {
    tidyrank = await importInstalled(installedPackage().project);
  });

  const load = (options) => tidyrank.Recommender.load(`${modelFolder()}/manifest.json`, options);
  const job = () => expectedRankings().find(({ items }) => items.length > 5).job;
  const reasonsOf = ({ items }) => items.flatMap(({ reasons }) => reasons);

  test("are those of the command line, in every language", () => {
    assert.ok(fixture.length > 40);
    for (const { locale, code, params, text } of fixture) {
      assert.equal(tidyrank.messageText({ code, params }, locale), text, `${locale} ${code}`);
    }
  });

  test("come in the language of the recommender, or of the request", async () => {
    const recommender = await load({ locale: "el" });
    const greek = reasonsOf(await recommender.recommendCleaners(job()));
    const english = reasonsOf(await recommender.recommendCleaners(job(), { locale: "en-GB" }));
    assert.ok(greek.length > 5 && greek.every(({ text }) => /[Α-Ωα-ω]/.test(text)), JSON.stringify(greek[0]));
    assert.ok(
      english.every(({ text }) => /^[ -~€]+$/.test(text)),
      JSON.stringify(english[0]),
    );
    const bare = (reasons) => reasons.map(({ code, params }) => ({ code, params }));
    assert.deepEqual(bare(greek), bare(english));
    const again = english.map((reason) => tidyrank.messageText(reason, "el"));
    assert.deepEqual(
      again,
      greek.map(({ text }) => text),
    );
  });

  test("may be said otherwise by a host, key by key, in languages of its own", () => {
    const say = (code, params, locale, messages) => tidyrank.messageText({ code, params }, locale, messages);
    const own = {
      en: { near: "{km:1} km!" },
      pl: { "experienced.few": "{count} prace", "experienced.other": "{count} prac", "number.decimal": "," },
    };
    assert.equal(say("near", { km: 2 }, "en", own), "2.0 km!");
    assert.equal(say("eco", {}, "en", own), "Works with eco-friendly products");
    assert.equal(say("experienced", { count: 3 }, "pl", own), "3 prace");
    assert.equal(say("experienced", { count: 5 }, "pl-PL", own), "5 prac");
    assert.equal(say("near", { km: 2 }, "pl", own), "2.0 km!", "a missing text is the English one");
    assert.equal(say("of.the.host", {}, "pl", own), "of.the.host", "and without one the code");
    assert.equal(say("near", { km: 2 }, "not a locale!"), "Near: 2.0 km away");
    assert.equal(say("toString", {}, "constructor"), "toString");
    assert.equal(
      say("specialised", { count: 2, type: "<b>{count}</b>" }),
      "Specialised: 2 jobs of this kind (<b>{count}</b>)",
    );
  });

  test("in no language at all are refused", async () => {
    await assert.rejects(load({ locale: 7 }), { name: "TidyrankError", code: "load.invalid" });
    const recommender = await load();
    await assert.rejects(recommender.recommendCleaners(job(), { locale: "" }), { code: "request.invalid" });
  });
});
