// Catalogs of any size: the released cleaners, then seeded mixtures of two of them each.
//
// A mixture lies between its parents in everything that the model sees, so no input leaves the range that the model was
// made for, and no two candidates are alike. A catalog is the beginning of every larger one.
import { createHash } from "node:crypto";
import { generator } from "./random.mjs";
import { read, write } from "./safetensors.mjs";

const SEED = 7;
/** Degrees that a mixture is moved by at most: about two kilometres. */
const MOVED = 0.02;

/** The id of the cleaner in a row. */
const idOf = (row) => `cleaner-${String(row + 1).padStart(6, "0")}`;

/** For every row behind the released ones: two parents, the first one's share, and how far it moves. */
function mixtures(released, size) {
  const random = generator(SEED);
  const rows = [];
  for (let row = released; row < size; row++) {
    const a = Math.floor(random() * released);
    const b = (a + 1 + Math.floor(random() * (released - 1))) % released;
    rows.push({ a, b, share: random(), moved: [random() - 0.5, random() - 0.5] });
  }
  return rows;
}

/** A tensor with rows made by `mix(values, a, b, mixture, put)` behind the released ones. */
function extended(tensor, size, rows, mix) {
  const width = tensor.shape.slice(1).reduce((product, length) => product * length, 1);
  const values = new tensor.values.constructor(size * width);
  const released = size - rows.length;
  values.set(tensor.values.subarray(0, released * width));
  rows.forEach((mixture, at) => {
    const into = (released + at) * width;
    for (let column = 0; column < width; column++) {
      const [a, b] = [tensor.values[mixture.a * width + column], tensor.values[mixture.b * width + column]];
      values[into + column] = mix(a, b, mixture, column);
    }
  });
  return { ...tensor, shape: [size, ...tensor.shape.slice(1)], values };
}

const between = (a, b, { share }) => share * a + (1 - share) * b;
const RULES = {
  location: (a, b, mixture, column) => between(a, b, mixture) + MOVED * mixture.moved[column],
  hourly_rate: between,
  "stats.sums": between,
};

/** Counts are rounded up, so that no sum is more than its count; the last column is a flag. */
const counted = (columns) => (a, b, mixture, column) =>
  column === columns - 1 ? a : Math.ceil(between(a, b, mixture));

/** Embedding rows, stored as codes with one scale each. */
function embeddings({ rows: codes, scale }, size, rows) {
  const width = codes.shape[1];
  const decoded = {
    shape: codes.shape,
    values: Float32Array.from(codes.values, (code, at) => code * scale.values[Math.floor(at / width)]),
  };
  const mixed = extended(decoded, size, rows, between).values;
  const [out, scales] = [new Int16Array(size * width), new Float32Array(size)];
  for (let row = 0; row < size; row++) {
    const values = mixed.subarray(row * width, (row + 1) * width);
    scales[row] = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30) / 32767;
    values.forEach((value, at) => {
      out[row * width + at] = Math.round(value / scales[row]);
    });
  }
  return {
    rows: { dtype: "I16", shape: [size, width], values: out },
    scale: { dtype: "F32", shape: [size], values: scales },
  };
}

/** A catalog of `size` cleaners, and the manifest that names it. */
export function enlarge(manifest, catalog, size) {
  const { metadata, tensors } = read(catalog);
  const ids = JSON.parse(metadata.ids);
  if (metadata.embedding_ids !== metadata.ids || ids.some((id, row) => id !== idOf(row))) {
    throw new Error("the released catalog is not the one that this benchmark knows how to enlarge");
  }
  const released = Math.min(ids.length, size);
  const rows = mixtures(ids.length, size);
  const made = embeddings({ rows: cut(tensors.rows, released), scale: cut(tensors.scale, released) }, size, rows);
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name === "rows" || name === "scale") tensors[name] = made[name];
    else if (name.startsWith("market.") || (name.startsWith("offers.") && name !== "offers.count")) continue;
    else {
      const rule = name === "stats.counts" ? counted(tensor.shape[1]) : (RULES[name] ?? ((a) => a));
      tensors[name] = extended(cut(tensor, released), size, rows, rule);
    }
  }
  if (tensors["offers.count"].values.some((count) => count > 0)) throw new Error("offers are not enlarged");
  metadata.ids = JSON.stringify(Array.from({ length: size }, (_, row) => idOf(row)));
  metadata.embedding_ids = metadata.ids;
  metadata.names = JSON.stringify(Array.from({ length: size }, (_, row) => `cleaner ${row}`));
  const bytes = write({ metadata, tensors });
  return { manifest: naming(manifest, bytes), catalog: bytes };
}

/** The first rows of a tensor. */
function cut(tensor, rows) {
  const width = tensor.shape.slice(1).reduce((product, length) => product * length, 1);
  return { ...tensor, shape: [rows, ...tensor.shape.slice(1)], values: tensor.values.subarray(0, rows * width) };
}

function naming(manifest, catalog) {
  const parsed = JSON.parse(new TextDecoder().decode(manifest));
  const entry = parsed.files.find((file) => file.role === "catalog");
  entry.size = catalog.length;
  entry.sha256 = createHash("sha256").update(catalog).digest("hex");
  return Buffer.from(JSON.stringify(parsed));
}
