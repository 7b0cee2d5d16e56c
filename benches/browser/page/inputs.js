// The arrays that the peers are given for the first `size` cleaners of the catalog, fetched when they are asked for.

const DATA = new URL("../data/", import.meta.url);
const WIDTHS = { items: 64, features: 18, varying: 11, shares: 128, reference: 1 };

/** The first values of a file of numbers. */
async function prefix(name, ArrayType, length) {
  const bytes = length * ArrayType.BYTES_PER_ELEMENT;
  const response = await fetch(new URL(name, DATA), { headers: { range: `bytes=0-${bytes - 1}` } });
  const buffer = await response.arrayBuffer();
  if (buffer.byteLength !== bytes) throw new Error(`${name}: ${buffer.byteLength} bytes instead of ${bytes}`);
  return new ArrayType(buffer);
}

const table = (name, size, ArrayType = Float32Array) =>
  prefix(`${name}.${ArrayType === Float32Array ? "f32" : "f64"}`, ArrayType, size * WIDTHS[name]);

/** What a request brings: the job, the client's row, and their ready parts of the first layers. */
export async function loadQuery() {
  const query = await (await fetch(new URL("query.json", DATA))).json();
  const rows = ["user", "client", "work"].map((name) => [name, Float32Array.from(query[name])]);
  return { ...query, ...Object.fromEntries(rows) };
}

/** The inputs for one size. */
export function inputsOf(size, query) {
  return {
    size,
    query,
    /** Embedding rows `[size, 64]`. */
    items: () => table("items", size),
    /** Normalised features `[size, 18]`. */
    features: () => table("features", size),
    /** Those that differ between candidates `[size, 11]`. */
    varying: () => table("varying", size),
    /** The embeddings' part of the first collaborative layer `[size, 128]`. */
    shares: () => table("shares", size),
    /** The scores of the fp32 network in f64 `[size]`. */
    reference: () => table("reference", size, Float64Array),
    /** The address of the catalog's manifest. */
    manifest: new URL(`market-${size}/manifest.json`, DATA).href,
  };
}
