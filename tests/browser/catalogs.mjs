// Catalogs of any size out of the released one: its cleaners again and again, elsewhere and by other names.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { modelFile, modelFolder } from "./support.mjs";

/** A cleaner of the released catalog by its place there, moved by so many degrees. */
export const moved = (from, north = 0, east = 0) => ({ from, north, east });

/** The files of the released model that the package loads, but for the catalog. */
const SERVED = ["model.q8", "clients", "conformal", "foldin", "bids"];

/** Writes a model folder that differs from the released one in its catalog: these cleaners, in this order. */
export function writeModel(folder, cleaners) {
  mkdirSync(folder, { recursive: true });
  for (const role of SERVED) cpSync(join(modelFolder(), `${role}.safetensors`), join(folder, `${role}.safetensors`));
  const bytes = catalogOf(cleaners);
  writeFileSync(join(folder, "catalog.safetensors"), bytes);
  const manifest = JSON.parse(readFileSync(join(modelFolder(), "manifest.json"), "utf8"));
  const entry = manifest.files.find((file) => file.role === "catalog");
  entry.size = bytes.length;
  entry.sha256 = createHash("sha256").update(bytes).digest("hex");
  manifest.files = manifest.files.filter((file) => ["catalog", ...SERVED].includes(file.role));
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
}

function catalogOf(cleaners) {
  const whole = Buffer.from(modelFile("catalog.safetensors"));
  const start = 8 + Number(whole.readBigUInt64LE(0));
  const { __metadata__: metadata, ...tensors } = JSON.parse(whole.subarray(8, start).toString());
  const header = { __metadata__: { ...metadata } };
  const names = JSON.parse(metadata.names);
  const ids = cleaners.map((_, at) => `c${String(at).padStart(7, "0")}`);
  header.__metadata__.ids = header.__metadata__.embedding_ids = JSON.stringify(ids);
  header.__metadata__.names = JSON.stringify(cleaners.map(({ from }) => names[from]));
  const parts = [];
  let offset = 0;
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(tensors)) {
    const [from, to] = data_offsets.map((at) => at + start);
    const ofMarket = name.startsWith("market.");
    const width = (to - from) / (shape[0] || 1);
    const column = ofMarket ? whole.subarray(from, to) : Buffer.alloc(cleaners.length * width);
    const rows = ofMarket ? [] : cleaners;
    rows.forEach((cleaner, at) => {
      const row = whole.subarray(from + cleaner.from * width, from + (cleaner.from + 1) * width);
      row.copy(column, at * width);
      if (name !== "location") return;
      column.writeFloatLE(row.readFloatLE(0) + cleaner.north, at * width);
      column.writeFloatLE(row.readFloatLE(4) + cleaner.east, at * width + 4);
    });
    parts.push(column);
    header[name] = { dtype, shape: shape[0] && !ofMarket ? [cleaners.length, ...shape.slice(1)] : shape };
    header[name].data_offsets = [offset, offset + column.length];
    offset += column.length;
  }
  let text = JSON.stringify(header);
  text += " ".repeat((8 - (text.length % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
  return Buffer.concat([length, Buffer.from(text), ...parts]);
}
