// The bytes that cross the border to the engine: `src/wasm/wire.rs` is the other side and says how they stand.
import type { Failure } from "./errors.js";

/** The length of what is unknown. */
const MISSING = 0xffffffff;

/** Writes a request. */
export class Writer {
  #bytes = new Uint8Array(1024);
  #length = 0;

  number(value: number): void {
    this.#room(8).setFloat64(0, value, true);
  }

  length(value: number | undefined): void {
    this.#room(4).setUint32(0, value ?? MISSING, true);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.length(bytes.length);
    this.#append(bytes);
  }

  append(other: Writer): void {
    this.#append(other.bytes());
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #append(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length - bytes.length);
  }

  #room(size: number): DataView {
    const start = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return new DataView(this.#bytes.buffer, start, size);
  }
}

/** Writes a value that is understood, `undefined` as unknown; refuses any other. `field` is its name. */
export type Write = (to: Writer, value: unknown, field: string) => void;

function refuse(field: string, value: unknown): never {
  // JSON would make null, which is "unknown", of what is no number.
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw { code: "request.invalid", message: `request field \`${field}\`: ${value} is no finite number` };
  }
  throw shape(`field \`${field}\` has a value that it cannot have`);
}

function shape(message: string): Failure {
  return { code: "request.shape", message };
}

/** One number; `understand` gives `undefined` for what it is not. */
function scalar(understand: (value: unknown) => number | undefined): Write {
  return (to, value, field) => {
    const number = value === undefined ? Number.NaN : understand(value);
    to.number(number ?? refuse(field, value));
  };
}

const within = (limits: (value: number) => boolean) =>
  scalar((value) => (typeof value === "number" && limits(value) ? value : undefined));

export const number = within(Number.isFinite);
/** A whole number from 0 to 2³² - 1. */
export const count = within((value) => value >>> 0 === value);
/** A whole number of 64 bits. */
export const integer = within((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 63);
export const flag = scalar((value) => (typeof value === "boolean" ? Number(value) : undefined));
/** One of these texts. */
export const choice = (names: readonly string[]) =>
  scalar((value) => {
    const at = names.indexOf(value as string);
    return at < 0 ? undefined : at;
  });

export const text: Write = (to, value, field) => {
  if (value === undefined) to.length(undefined);
  // A lone half of a surrogate pair is no text.
  else if (typeof value === "string" && !/\p{Surrogate}/u.test(value)) to.text(value);
  else refuse(field, value);
};

/** Each element must be there. */
export function list(element: Write): Write {
  return (to, value, field) => {
    if (value !== undefined && !Array.isArray(value)) refuse(field, value);
    const values = value as unknown[] | undefined;
    to.length(values?.length);
    values?.forEach((value, at) => {
      const name = `${field}[${at}]`;
      if (value === undefined || value === null) refuse(name, value);
      element(to, value, name);
    });
  };
}

/** An object with these fields, written in this order; unknown ones are refused, or left out where it is `lenient`. */
export function object(fields: Record<string, Write>, unknown?: "lenient"): Write {
  const known = Object.keys(fields);
  return (to, value, field) => {
    if (value === undefined) return to.length(undefined);
    if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(field, value);
    const given = Object.keys(value as object).filter((name) => (value as Record<string, unknown>)[name] !== undefined);
    const stranger = unknown ?? given.find((name) => !known.includes(name));
    if (stranger !== unknown) throw shape(`unknown field \`${stranger}\`, expected one of ${known.join(", ")}`);
    to.length(1);
    writeFields(to, value, fields);
  };
}

/** These fields of an object, in this order; one that is null counts as missing. */
export function writeFields(to: Writer, value: unknown, fields: Record<string, Write>): void {
  if (typeof value !== "object" || value === null) throw shape("an object is needed");
  for (const [name, write] of Object.entries(fields)) {
    const own = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    write(to, own ?? undefined, name);
  }
}

/** A field that must be there. */
export function needed(write: Write): Write {
  return (to, value, field) => {
    if (value === undefined) throw shape(`missing field \`${field}\``);
    write(to, value, field);
  };
}

/** Reads an answer. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  number(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  /** `undefined` where it is missing. */
  length(): number | undefined {
    this.#at += 4;
    const length = this.#view.getUint32(this.#at - 4, true);
    return length === MISSING ? undefined : length;
  }

  bytes(length: number): Uint8Array {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Reads a value. */
export type Read<T> = (from: Reader) => T;

export const readNumber: Read<number> = (from) => from.number();
export const readFlag: Read<boolean> = (from) => from.number() === 1;

/** Null where it is unknown. */
export const readMaybe: Read<number | null> = (from) => {
  const number = from.number();
  return Number.isNaN(number) ? null : number;
};

export const readMaybeFlag: Read<boolean | null> = (from) => {
  const number = readMaybe(from);
  return number === null ? null : number === 1;
};

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** A text, `T` where it is always one of a few. */
export function readText<T extends string = string>(from: Reader): T {
  return utf8.decode(from.bytes(from.length() ?? 0)) as T;
}

/** One of these texts by its number. */
export const readChoice =
  <T extends string>(names: readonly T[]): Read<T> =>
  (from) =>
    names[from.number()] as T;

export const readList =
  <T>(element: Read<T>): Read<T[]> =>
  (from) =>
    Array.from({ length: from.length() ?? 0 }, () => element(from));

/** Null where it is missing. */
export const readPart =
  <T>(part: Read<T>): Read<T | null> =>
  (from) =>
    from.length() === undefined ? null : part(from);

/** A field that is left out where it is missing. */
export const readOptional =
  <T>(part: Read<T>): Read<T | undefined> =>
  (from) =>
    from.length() === undefined ? undefined : part(from);

/** A list of numbers of four bytes each. */
export const readColumn =
  <T>(Column: new (buffer: ArrayBuffer) => T): Read<T> =>
  (from) =>
    new Column(from.bytes(4 * (from.length() ?? 0)).slice().buffer as ArrayBuffer);

/** An object of which each field is read in this order. */
export function readObject<T>(fields: { [K in keyof Required<T>]: Read<T[K]> }): Read<T> {
  const entries = Object.entries(fields) as [string, Read<unknown>][];
  return (from) => {
    const object: Record<string, unknown> = {};
    for (const [name, read] of entries) {
      const value = read(from);
      if (value !== undefined) object[name] = value;
    }
    return object as T;
  };
}
