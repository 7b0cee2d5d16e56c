// Just enough of safetensors to take the fp32 network out of a model and to make larger catalogs.
import { createHash } from "node:crypto";

const WIDTH = { I64: 8, F32: 4, U32: 4, I16: 2, I8: 1 };

function read(bytes) {
  const buffer = Buffer.from(bytes);
  const length = Number(buffer.readBigUInt64LE(0));
  const header = JSON.parse(buffer.subarray(8, 8 + length).toString());
  const { __metadata__: metadata, ...tensors } = header;
  for (const tensor of Object.values(tensors)) {
    const [start, end] = tensor.data_offsets;
    tensor.bytes = buffer.subarray(8 + length + start, 8 + length + end);
  }
  return { metadata, tensors };
}

function write({ metadata, tensors }) {
  const header = { __metadata__: metadata };
  let offset = 0;
  const order = Object.entries(tensors).sort(([, a], [, b]) => WIDTH[b.dtype] - WIDTH[a.dtype]);
  for (const [name, { dtype, shape, bytes }] of order) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...order.map(([, tensor]) => tensor.bytes)]);
}

/** The two branches of the network, layer by layer, as plain arrays. */
export function readModel(bytes) {
  const { tensors } = read(bytes);
  const numbers = (name) => {
    const { bytes } = tensors[name];
    return Array.from(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
  };
  const layer = (prefix) => ({
    weight: numbers(`${prefix}.weight`),
    bias: numbers(`${prefix}.bias`),
    inputs: tensors[`${prefix}.weight`].shape[1],
  });
  return ["collaborative", "content"].map((branch) =>
    ["layers.0", "layers.1", "layers.2", "output"].map((name) => layer(`${branch}.${name}`)),
  );
}

/** A catalog of `size` cleaners: the given one cut, or repeated under new ids; and the manifest that names it. */
export function enlarge(manifest, catalog, size) {
  const { metadata, tensors } = read(catalog);
  const ids = JSON.parse(metadata.ids);
  const pick = Array.from({ length: size }, (_, at) => at % ids.length);
  const name = (at) => (at < ids.length ? ids[at] : `${ids[at % ids.length]}-${Math.floor(at / ids.length)}`);
  const offered = tensors["offers.count"].bytes;
  const counts = ids.map((_, at) => offered.readUInt32LE(4 * at));
  const starts = counts.map((_, at) => counts.slice(0, at).reduce((sum, count) => sum + count, 0));
  const offers = pick.flatMap((row) => Array.from({ length: counts[row] }, (_, at) => starts[row] + at));
  const embedded = new Map(JSON.parse(metadata.embedding_ids).map((id, at) => [id, at]));
  const rows = pick.map((row) => embedded.get(ids[row]) ?? 0);
  for (const [key, tensor] of Object.entries(tensors)) {
    const chosen =
      key === "rows" || key === "scale" ? rows : key.startsWith("offers.") && key !== "offers.count" ? offers : pick;
    const step = WIDTH[tensor.dtype] * tensor.shape.slice(1).reduce((product, length) => product * length, 1);
    tensor.bytes = Buffer.concat(chosen.map((row) => tensor.bytes.subarray(row * step, (row + 1) * step)));
    tensor.shape = [chosen.length, ...tensor.shape.slice(1)];
  }
  metadata.ids = JSON.stringify(pick.map((_, at) => name(at)));
  metadata.embedding_ids = metadata.ids;
  metadata.names = JSON.stringify(pick.map((_, at) => `cleaner ${at}`));
  const bytes = write({ metadata, tensors });
  const parsed = JSON.parse(new TextDecoder().decode(manifest));
  const entry = parsed.files.find((file) => file.role === "catalog");
  entry.size = bytes.length;
  entry.sha256 = createHash("sha256").update(bytes).digest("hex");
  return { manifest: Buffer.from(JSON.stringify(parsed)), catalog: bytes, size };
}
