// Starts Chromium for tests and benchmarks, without any flag that changes how it runs JavaScript or wasm.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What it is started with, and the further arguments; a machine without a browser fails here. */
function settings(further) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    throw new Error(`no browser at ${executablePath}: scripts/browser.sh installs one; or say where it is in CHROMIUM`);
  }
  return { executablePath, args: [...FLAGS, ...further] };
}

/** A browser whose profile is gone when it closes. */
export const launch = (further = []) => chromium.launch(settings(further));

/** A browser with a profile in this folder. */
export const launchWithProfile = (folder) => chromium.launchPersistentContext(folder, settings([]));
