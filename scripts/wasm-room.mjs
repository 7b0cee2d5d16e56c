// What takes the room in a wasm module that still has its names: bytes of code by crate and function, bytes of data.
import { gzipSync } from "node:zlib";

const CODE = 10;
const DATA = 11;
const CUSTOM = 0;
const FUNCTION_NAMES = 1;
const IMPORT = 2;

/** Reads the numbers and texts of the wasm binary format, from one place to another. */
class Reader {
  constructor(bytes, at = 0, end = bytes.length) {
    Object.assign(this, { bytes, at, end });
  }

  get done() {
    return this.at >= this.end;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned number in LEB128. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text() {
    return new TextDecoder().decode(this.take(this.number()));
  }

  /** A part with its length before it. */
  part() {
    const length = this.number();
    const part = new Reader(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }
}

/** The sections of a module as `{id, name, body}`. */
function sectionsOf(module) {
  const reader = new Reader(module, 8);
  const sections = [];
  while (!reader.done) {
    const id = reader.byte();
    const body = reader.part();
    const size = body.end - body.at;
    sections.push({ id, size, name: id === CUSTOM ? body.text() : "", body });
  }
  return sections;
}

/** Functions that come from outside have the first indices. */
function importedFunctions(body) {
  if (!body) return 0;
  let functions = 0;
  for (let left = body.number(); left > 0; left--) {
    body.text();
    body.text();
    const kind = body.byte();
    if (kind === 0) functions++;
    if (kind === 1) body.byte();
    if (kind === 1 || kind === 2) {
      if (body.byte() & 1) body.number();
    } else if (kind === 3) body.byte();
    body.number();
  }
  return functions;
}

function namesOf(body) {
  const names = new Map();
  while (body && !body.done) {
    const id = body.byte();
    const part = body.part();
    if (id !== FUNCTION_NAMES) continue;
    for (let left = part.number(); left > 0; left--) names.set(part.number(), part.text());
  }
  return names;
}

/** The crate of a function by its Rust path; for `<T as Trait>::f` that of `T`. What wasm-bindgen exports is ours. */
export function crateOf(name) {
  const path = /([a-z_][a-z0-9_]*)::/.exec(name.replace(/^[<&*(]*(mut |dyn |\[)*/, ""));
  return path ? path[1] : "tidyrank (exports)";
}

/** Size of everything in a module: `functions` as `{name, crate, bytes}`, `code`, `data` and `other` in bytes. */
export function roomOf(module) {
  const sections = sectionsOf(module);
  const find = (id) => sections.find((section) => section.id === id);
  const names = namesOf(sections.find((section) => section.name === "name")?.body);
  let index = importedFunctions(find(IMPORT)?.body);
  const functions = [];
  const { body, size: code } = find(CODE);
  for (let left = body.number(); left > 0; left--, index++) {
    const start = body.at;
    body.part();
    const bytes = module.subarray(start, body.at);
    const name = (names.get(index) ?? `function ${index}`).replace(/\[[0-9a-f]{14,16}\]/g, "");
    functions.push({ name, crate: crateOf(name), bytes });
  }
  const data = find(DATA)?.size ?? 0;
  const other = sections.filter(({ id, name }) => id !== CODE && id !== DATA && name !== "name");
  return { functions, code, data, other: other.reduce((sum, { size }) => sum + size, 0) };
}

/** The functions by crate, largest first: `{crate, functions, raw, gzip}`; gzip is of the crate's code alone. */
export function byCrate(functions) {
  const rows = [...grouped(functions)].map(([crate, of]) => {
    const bytes = Buffer.concat(of.map(({ bytes }) => bytes));
    return { crate, functions: of.length, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
  });
  return rows.sort((a, b) => b.raw - a.raw);
}

function grouped(functions) {
  const crates = new Map();
  for (const one of functions) crates.set(one.crate, [...(crates.get(one.crate) ?? []), one]);
  return crates;
}
