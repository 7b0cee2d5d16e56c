// Chromium and its pages, as the benchmark uses them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch as launchChromium, launchWithProfile } from "../../../scripts/chromium.mjs";

/** A browser with a profile of its own that is gone when it closes. `gpu`: let WebGPU use SwiftShader. */
export const launch = ({ gpu = false } = {}) => launchChromium(gpu ? ["--enable-unsafe-webgpu"] : []);

/** A folder for a profile that survives its browser, and a way to open it. */
export function profile() {
  const folder = mkdtempSync(join(tmpdir(), "tidyrank-bench-"));
  return {
    open: () => launchWithProfile(folder),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

/** The longest that a page may take over one thing that it is asked. */
const PATIENCE_MS = 180_000;

/** A fresh page; what it is asked fails when the page crashes or never answers. */
export async function freshPage(context, url) {
  const page = await context.newPage();
  const crashed = new Promise((_, fail) => {
    page.once("crash", () => fail(new Error(`the page at ${url} crashed`)));
  });
  crashed.catch(() => {});
  await page.goto(url);
  const ask = async (work, argument) => {
    let timer;
    const silent = new Promise((_, fail) => {
      timer = setTimeout(() => fail(new Error(`the page gave no answer for ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    });
    return await Promise.race([page.evaluate(work, argument), crashed, silent]).finally(() => clearTimeout(timer));
  };
  return { page, ask };
}
