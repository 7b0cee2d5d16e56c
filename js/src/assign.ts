// Which variant of an experiment a unit gets. src/native/experiment/assign.rs is the same function.
import type { Applied, Assignment, Experiment, Variant } from "../types/experiments.js";
import type { RecommendOptions } from "../types/index.js";
import { TidyrankError } from "./errors.js";

export function assign(experiment: Experiment, unitId: string): Assignment {
  check(experiment, unitId);
  const { key, salt = "", traffic = 1 } = experiment;
  const text = `${key}:${salt}:${unitId}`;
  const bucket = share(text);
  const variant = share(`${text}:traffic`) < traffic ? variantAt(experiment.variants, bucket) : undefined;
  return { experiment: key, variant: variant?.key ?? null, unitId, bucket };
}

export function applyVariant(experiment: Experiment, assignment: Assignment, options: RecommendOptions = {}): Applied {
  const { variant: key } = assignment;
  const context = { assignment };
  if (key === null) return { options, context, manifest: null };
  const variant = experiment.variants.find((known) => known.key === key);
  if (!variant || assignment.experiment !== experiment.key) {
    throw refusal(`the variant ${JSON.stringify(key)} is not one of the experiment ${JSON.stringify(experiment.key)}`);
  }
  return {
    options: { ...options, ...variant.options },
    context,
    manifest: variant.manifest ?? null,
  };
}

function variantAt(variants: readonly Variant[], bucket: number): Variant | undefined {
  const total = sum(variants);
  let upto = 0;
  for (const variant of variants) {
    upto += variant.weight;
    if (bucket < upto / total) return variant;
  }
  // Rounding may leave the last sum a hair below 1.
  return [...variants].reverse().find((variant) => variant.weight > 0);
}

function sum(variants: readonly Variant[]): number {
  return variants.reduce((total, variant) => total + variant.weight, 0);
}

/** Refuses what cannot be assigned; callers without types may hand over anything. */
function check(experiment: Experiment, unitId: string): void {
  const { key, salt = "", traffic = 1, variants } = experiment ?? {};
  const texts = [key, salt].every((text) => typeof text === "string" && !text.includes(":"));
  if (!texts || key === "") throw refusal("key and salt must be texts without a colon, and the key not empty");
  if (typeof unitId !== "string") throw refusal("the id of the unit must be a text");
  if (!(typeof traffic === "number" && traffic >= 0 && traffic <= 1)) {
    throw refusal(`traffic must be between 0 and 1, not ${traffic}`);
  }
  if (!Array.isArray(variants)) throw refusal("variants must be a list");
  const fine = ({ key, weight }: Variant) => typeof key === "string" && Number.isFinite(weight) && weight >= 0;
  if (!variants.every((variant) => variant && fine(variant))) {
    throw refusal("every variant needs a key and a finite weight from 0 up");
  }
  const total = sum(variants);
  if (!(Number.isFinite(total) && total > 0)) throw refusal("the weights must add up to more than 0");
  if (new Set(variants.map((variant) => variant.key)).size < variants.length) throw refusal("a variant comes twice");
}

function refusal(reason: string): TidyrankError {
  return new TidyrankError("experiment.invalid", reason);
}

function share(text: string): number {
  return murmur3(new TextEncoder().encode(text)) / 2 ** 32;
}

/** MurmurHash3 x86 32 bit with seed 0 (Austin Appleby, public domain). */
export function murmur3(bytes: Uint8Array): number {
  const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  const mix = (k: number) => Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash = (Math.imul(rotate(hash ^ mix(view.getUint32(at, true)), 13), 5) + 0xe6546b64) | 0;
  }
  let last = 0;
  for (let at = bytes.length - 1; at >= whole; at--) last = (last << 8) | view.getUint8(at);
  hash ^= mix(last) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
