// Just enough of safetensors to read a model and to read and write catalogs.

const ARRAYS = {
  F64: Float64Array,
  I64: BigInt64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I16: Int16Array,
  I8: Int8Array,
};

/** Metadata, and by name the shape and the values of every tensor. */
export function read(bytes) {
  const buffer = Buffer.from(bytes);
  const length = Number(buffer.readBigUInt64LE(0));
  const { __metadata__: metadata, ...entries } = JSON.parse(buffer.subarray(8, 8 + length).toString());
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(entries)) {
    const [start, end] = offsets.map((offset) => 8 + length + offset);
    const copy = Uint8Array.prototype.slice.call(buffer, start, end);
    tensors[name] = { dtype, shape, values: new ARRAYS[dtype](copy.buffer) };
  }
  return { metadata, tensors };
}

/** The file with this content; the widest values come first, so that all are aligned. */
export function write({ metadata, tensors }) {
  const header = { __metadata__: metadata };
  const width = ([, { dtype }]) => ARRAYS[dtype].BYTES_PER_ELEMENT;
  const order = Object.entries(tensors).sort((a, b) => width(b) - width(a));
  let offset = 0;
  for (const [name, { dtype, shape, values }] of order) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const raw = ({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([length, padded, ...order.map(([, tensor]) => raw(tensor))]);
}
