// From the import of a runtime to its first ranking of a catalog of 200.

const DATA = new URL("../data/", import.meta.url);

/** Milliseconds: all of it, and the part until the runtime and its model are loaded. */
export async function start({ page, options, query, features }) {
  const given = { ...query, user: Float32Array.from(query.user), features: Float32Array.from(features) };
  return page === "tidyrank" ? await startTidyrank(given) : await startPeer(page, options, given);
}

/** The package's defaults: a worker, its cache. The client's vector comes with the request, as it does for the peers. */
async function startTidyrank({ job, user }) {
  const began = performance.now();
  const { Recommender } = await import(new URL("../tidyrank/index.js", import.meta.url));
  const recommender = await Recommender.load(new URL("market-200/manifest.json", DATA), { clients: false });
  const loaded = performance.now();
  const { items } = await recommender.recommendCleaners(job, { clientVector: Array.from(user) });
  const ended = performance.now();
  if (items.length !== 10) throw new Error(`${items.length} cleaners instead of 10`);
  return { total: ended - began, loaded: loaded - began };
}

/** The catalog's embedding rows come in the same file; the features of the candidates are ready before the clock starts. */
async function startPeer(page, options, { user, kind, features, alpha }) {
  const began = performance.now();
  const adapter = await import(`./${page}.js`);
  const [contender, items] = await Promise.all([adapter.open(options), catalogRows()]);
  const loaded = performance.now();
  const scores = await contender.plain(user, kind, items, features, alpha)();
  const ended = performance.now();
  if (scores.length !== 200) throw new Error(`${scores.length} scores instead of 200`);
  return { total: ended - began, loaded: loaded - began };
}

async function catalogRows() {
  const bytes = await (await fetch(new URL("market-200/catalog.safetensors", DATA))).arrayBuffer();
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  const values = (name, ArrayType) => {
    const [from, to] = header[name].data_offsets;
    return new ArrayType(bytes.slice(8 + length + from, 8 + length + to));
  };
  const [codes, scales, width] = [values("rows", Int16Array), values("scale", Float32Array), header.rows.shape[1]];
  return Float32Array.from(codes, (code, at) => code * scales[Math.floor(at / width)]);
}
