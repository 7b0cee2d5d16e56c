import { defineConfig } from "vite";

export default defineConfig({
  // The development server would bundle the package beforehand, and lose its worker and its WebAssembly on the way.
  optimizeDeps: { exclude: ["tidyrank"] },
});
