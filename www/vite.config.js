// The demo page: one folder of static files with relative addresses, and a service worker with the list of them.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Writes `sw.js`: the template with the names of all built files and a version made from their contents. */
function serviceWorker() {
  const write = () => {
    const entries = readdirSync(here("dist"), { withFileTypes: true, recursive: true });
    const names = entries
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`);
    const hash = createHash("sha256");
    const files = names
      .map((name) => name.slice(here("dist/").length))
      .filter((name) => name !== "sw.js")
      .sort();
    for (const file of files) hash.update(`${file}\0`).update(readFileSync(here(`dist/${file}`)));
    const template = readFileSync(here("src/service-worker.js"), "utf8");
    const filled = template
      .replace("__FILES__", () => JSON.stringify(files))
      .replace("__VERSION__", () => JSON.stringify(hash.digest("hex").slice(0, 16)));
    writeFileSync(here("dist/sw.js"), filled);
  };
  return { name: "service-worker", apply: "build", closeBundle: write };
}

export default defineConfig({
  root: here("."),
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: ["index", "jobs", "why", "experiments", "health"].map((name) => here(`${name}.html`)) },
  },
  worker: { format: "es" },
  optimizeDeps: { exclude: ["tidyrank"] },
  plugins: [serviceWorker()],
});
