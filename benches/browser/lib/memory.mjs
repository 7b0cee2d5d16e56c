// Memory: the most that a page's process ever held, above what an empty page holds.
import { freshPage, launch } from "./browser.mjs";
import { commandOf, statusKb } from "./load.mjs";
import { median } from "./stats.mjs";

/** Runs in the page: three rankings; gives the bytes of its wasm memories. */
async function rankInPage({ contender, size }) {
  const { wasmBytes } = await import("/hot/page/memory.js");
  if (!contender) return 0;
  const { loadQuery, inputsOf } = await import("/hot/page/inputs.js");
  const { open } = await import(`/hot/page/${contender.page}.js`);
  const cell = await (await open(contender.options)).prepare(inputsOf(size, await loadQuery()));
  for (let run = 0; run < 3; run++) await cell.score();
  return wasmBytes();
}

/** Peak resident kilobytes of the page's process in a browser of its own. */
async function peak(url, contender, size) {
  const browser = await launch({ gpu: contender?.software });
  try {
    const context = await browser.newContext();
    const { ask } = await freshPage(context, `${url}/hot/`);
    const wasm = await ask(rankInPage, { contender, size });
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    // The browser's own surface is a page, too, in a process of its own.
    const ours = ({ type, id }) => type === "renderer" && !commandOf(id).includes("--top-chrome-webui");
    const renderers = processInfo.filter(ours);
    return { kb: Math.max(...renderers.map(({ id }) => statusKb(id, "VmHWM") ?? 0)), wasm };
  } finally {
    await browser.close();
  }
}

/** By contender's id and size the bytes above an empty page, and those of wasm memory (0 where it is in workers). */
export async function memoryOf({ url, contenders, sizes, log }) {
  if (!contenders.length) return { found: {} };
  const empties = [];
  while (empties.length < 3) empties.push((await peak(url, undefined, 0)).kb);
  const empty = median(empties);
  const found = {};
  for (const contender of contenders) {
    found[contender.id] = {};
    for (const size of sizes) {
      const { kb, wasm } = await peak(url, contender, size);
      found[contender.id][size] = { peak: Math.max(0, kb - empty) * 1024, wasm };
    }
    log(contender, found[contender.id]);
  }
  return { empty: empty * 1024, found };
}
