import { fileURLToPath } from "node:url";

// Nothing here is for tidyrank: its worker and its WebAssembly are found by their `new URL(…, import.meta.url)`.
export default {
  entry: "./src/main.js",
  output: { path: fileURLToPath(new URL("public/build", import.meta.url)), clean: true },
};
