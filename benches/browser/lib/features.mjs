// The inputs of the network for one job and every cleaner of a catalog, computed from the catalog's columns.
//
// Written from the description of the features (docs/model-format.md, src/features/schema.rs) and shares no code with the
// engine: that the engine's scores agree with a network fed by this is a check of its features too.

const PRIOR_STRENGTH = 3;
const BADGE_STRENGTH = 5;
const EARTH_RADIUS_KM = 6371.0088;
export const FEATURES = 18;
/** Columns that differ between the candidates of a job, in the order of the schema. */
export const VARYING = { from: 5, to: 16 };

// Columns of `stats.counts` and `stats.sums`.
const COUNT = {
  completed: 0,
  cancelled: 1,
  overall: 7,
  quality: 8,
  communication: 9,
  professionalism: 10,
  timeliness: 11,
  onTime: 12,
};
const SUM = { overall: 1, quality: 2, communication: 3, professionalism: 4, timeliness: 5, onTime: 6 };

/** Embedding rows as f32, `[n, width]`. */
export function embeddingRows({ tensors: { rows, scale } }) {
  const width = rows.shape[1];
  return Float32Array.from(rows.values, (code, at) => Math.fround(code) * scale.values[Math.floor(at / width)]);
}

/** The row of one id in a file of embeddings. */
export function embeddingOf(file, id) {
  const at = JSON.parse(file.metadata.ids).indexOf(id);
  if (at < 0) throw new Error(`no embedding of ${id}`);
  const width = file.tensors.rows.shape[1];
  return embeddingRows(file).slice(at * width, (at + 1) * width);
}

/** Normalised features `[n, 18]`, f32; what is not known is 0, the mean. */
export function features(catalog, job, normaliser) {
  const { tensors, metadata } = catalog;
  const [latitude, longitude] = tensors["market.centre"].values;
  const market = { ...JSON.parse(metadata.market), centre: { latitude, longitude } };
  const size = tensors.location.shape[0];
  const query = ofQuery(market, job);
  const out = new Float32Array(size * FEATURES);
  for (let row = 0; row < size; row++) {
    const raw = [...query.slice(0, 5), ...ofPair(tensors, row, job), ...ofCleaner(tensors, row), ...query.slice(5)];
    raw.forEach((value, column) => {
      const { mean, std } = normaliser;
      out[row * FEATURES + column] = Number.isFinite(value) ? (Math.fround(value) - mean[column]) / std[column] : 0;
    });
  }
  return out;
}

function ofQuery(market, job) {
  const local = (job.scheduledAt ?? job.postedAt) + market.utc_offset_minutes * 60;
  const day = Math.floor(local / 86400);
  return [
    job.location.latitude - market.centre.latitude,
    job.location.longitude - market.centre.longitude,
    job.sizeM2 / 1000,
    job.durationH,
    job.eco ? 1 : 0,
    (local - day * 86400) / 86400,
    ((((day + 3) % 7) + 7) % 7) / 6,
  ];
}

function ofPair({ location, hourly_rate: rates }, row, job) {
  const there = { latitude: location.values[2 * row], longitude: location.values[2 * row + 1] };
  return [(rates.values[row] * job.durationH) / 1000, kilometres(job.location, there) / 50];
}

function ofCleaner(tensors, row) {
  const { shape, values: counts } = tensors["stats.counts"];
  const sums = tensors["stats.sums"];
  const count = (column) => counts[row * shape[1] + column];
  const sum = (column) => sums.values[row * sums.shape[1] + column];
  // The market's sums over all cleaners stand in the same columns.
  const { "market.counts": allCounts, "market.sums": allSums } = tensors;
  const prior = (name) => allSums.values[SUM[name]] / allCounts.values[COUNT[name]];
  const shrunk = (hits, of, prior) => (hits + prior * PRIOR_STRENGTH) / (of + PRIOR_STRENGTH);
  const rating = (name) => shrunk(sum(SUM[name]), count(COUNT[name]), prior(name));
  const parts = ["quality", "communication", "professionalism", "timeliness"].map(rating);
  const completed = count(COUNT.completed);
  const badge = count(shape[1] - 1) === 2 ? BADGE_STRENGTH : 0;
  const [done, cancelled] = [COUNT.completed, COUNT.cancelled].map((column) => allCounts.values[column]);
  return [
    parts.reduce((all, part) => all + part, 0) / parts.length,
    ...parts,
    shrunk(completed + badge, completed + badge + count(COUNT.cancelled), done / (done + cancelled)),
    shrunk(sum(SUM.onTime), count(COUNT.onTime), prior("onTime")),
    Math.log1p(completed),
    rating("overall"),
  ];
}

/** Great-circle distance by the haversine formula. */
function kilometres(a, b) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const half = (from, to) => Math.sin(radians(to - from) / 2) ** 2;
  const across = Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * half(a.longitude, b.longitude);
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(half(a.latitude, b.latitude) + across));
}

/** Some columns `[from, to)` of a table of that many, as a table of their own. */
export function columns(table, width, { from, to }) {
  const out = new Float32Array((table.length / width) * (to - from));
  for (let row = 0; row * width < table.length; row++) {
    out.set(table.subarray(row * width + from, row * width + to), row * (to - from));
  }
  return out;
}
