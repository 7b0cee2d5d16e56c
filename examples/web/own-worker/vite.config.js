import { defineConfig } from "vite";

export default defineConfig({
  optimizeDeps: { exclude: ["tidyrank"] },
  // The engine is loaded by `import()`, which workers of the older format cannot do.
  worker: { format: "es" },
});
