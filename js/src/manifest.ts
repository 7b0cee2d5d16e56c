// A manifest as the engine reads it: its fields in the order of `src/wasm/manifest.rs`. What serving does not need is left out.
import { isFailure } from "./errors.js";
import { count, integer, list, needed, number, object, text, type Write, Writer, writeFields } from "./wire.js";

const versions: Record<string, Write> = { format_version: needed(count), oldest_readable: needed(count) };

const file = { role: needed(text), path: needed(text), sha256: needed(text), size: needed(integer) };

const fields: Record<string, Write> = {
  name: needed(text),
  version: needed(text),
  schema_hash: needed(text),
  rule_weight: needed(number),
  price_weight: number,
  jobs_rule_weight: number,
  files: needed(list(object(file, "lenient"))),
};

/** The bytes of `manifest.json` in the engine's. The engine refuses what is wrong, a version that it does not know first. */
export function manifestBytes(json: Uint8Array): Uint8Array {
  const body = new Writer();
  let manifest: unknown;
  const problem = problemOf(() => {
    manifest = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
    writeFields(new Writer(), manifest, versions);
  });
  const whole = new Writer();
  if (problem === undefined) writeFields(whole, manifest, versions);
  else for (const _ of Object.keys(versions)) whole.number(Number.NaN);
  const reason = problem ?? problemOf(() => writeFields(body, manifest, fields));
  if (reason === undefined) whole.length(undefined);
  else whole.text(reason);
  whole.append(body);
  return whole.bytes();
}

/** What goes wrong in a piece of work. */
function problemOf(work: () => void): string | undefined {
  try {
    work();
  } catch (thrown) {
    return thrown instanceof Error || isFailure(thrown) ? thrown.message : String(thrown);
  }
  return undefined;
}
