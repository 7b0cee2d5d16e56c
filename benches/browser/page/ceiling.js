// The multiply-add rate of this machine's wasm SIMD, one thread.

const KERNELS = [
  "i16_registers",
  "i16_tile_3x2",
  "i16_tile_4x2",
  "f32_registers",
  "f32_tile_4x2",
  "f32_fused_tile_4x2",
];
const MACS_A_RUN = 1e8;

/** GMAC/s by kernel: the best of `runs`. */
export async function ceiling(runs = 9) {
  const response = await fetch(new URL("../peers/ceiling.wasm", import.meta.url));
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer());
  const rates = {};
  for (const [at, name] of KERNELS.entries()) {
    const macs = instance.exports.macs(at);
    const rounds = Math.round(MACS_A_RUN / macs);
    for (let run = 0; run < runs + 3; run++) {
      const began = performance.now();
      instance.exports[name](rounds);
      const rate = (rounds * macs) / (performance.now() - began) / 1e6;
      if (run >= 3) rates[name] = Math.max(rates[name] ?? 0, rate);
    }
  }
  return rates;
}
