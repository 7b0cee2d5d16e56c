// The demo page: one folder of static files with relative addresses, and a service worker with the list of them.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { pages } from "./pages.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Writes `sw.js`: the template with the names of all built files and a version made from their contents. */
function serviceWorker() {
  let dist;
  const write = () => {
    const entries = readdirSync(dist, { withFileTypes: true, recursive: true });
    const names = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
    const hash = createHash("sha256");
    const files = names
      .map((name) => relative(dist, name))
      .filter((name) => name !== "sw.js")
      .sort();
    for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(dist, file)));
    const template = readFileSync(here("src/service-worker.js"), "utf8");
    const filled = template
      .replace("__FILES__", () => JSON.stringify(files))
      .replace("__VERSION__", () => JSON.stringify(hash.digest("hex").slice(0, 16)));
    writeFileSync(join(dist, "sw.js"), filled);
  };
  const configResolved = ({ root, build }) => {
    dist = resolve(root, build.outDir);
  };
  return { name: "service-worker", apply: "build", configResolved, closeBundle: write };
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
  },
  worker: { format: "es" },
  optimizeDeps: { exclude: ["tidyrank"] },
  plugins: [pages(), serviceWorker()],
});
