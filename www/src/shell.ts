// What all pages share: the head with the way to the others, loading, and what is shown when that fails.
import { html, nothing, render, type TemplateResult } from "lit-html";
import { type Capabilities, type Catalog, Recommender, TidyrankError } from "tidyrank";
import { type Client, loadMarket } from "./market.js";

const PAGES = [
  { file: "index.html", name: "Find a cleaner" },
  { file: "jobs.html", name: "Find jobs" },
  { file: "why.html", name: "Why" },
  { file: "experiments.html", name: "Experiments" },
  { file: "health.html", name: "Model health" },
] as const;

/** A page by its file. */
export type PageFile = (typeof PAGES)[number]["file"];

const MARKET = new URL("./market/", document.baseURI);
const app = document.getElementById("app") as HTMLElement;

/** The market, and somebody who ranks it. */
export interface Session {
  recommender: Recommender;
  capabilities: Capabilities;
  catalog: Catalog;
  clients: Client[];
  /** What went wrong at load without keeping the page from working. */
  warnings: string[];
}

/** Loads the model and the market. */
export async function openSession(): Promise<Session> {
  const warnings: string[] = [];
  const [recommender, clients] = await Promise.all([
    Recommender.load(new URL("manifest.json", MARKET), { onWarning: ({ text }) => warnings.push(text) }),
    loadMarket(new URL("market.json", MARKET)),
  ]);
  const catalog = await recommender.catalog();
  return { recommender, capabilities: recommender.capabilities(), catalog, clients, warnings };
}

/** The head of a page. */
export function head(file: PageFile, status?: TemplateResult): TemplateResult {
  const title = PAGES.find((page) => page.file === file)?.name;
  return html`<header class="top">
      <h1 class="brand"><img src="./icon.svg" alt="" width="28" height="28" />${title}<span class="city">Athens</span></h1>
      ${status ?? nothing}
    </header>
    <nav class="pages" aria-label="Pages">
      ${PAGES.map(
        (page) => html`<a href="./${page.file}" aria-current=${page.file === file ? "page" : nothing}>${page.name}</a>`,
      )}
    </nav>`;
}

/** The list of pages in which the name of this one was brought into view: on a phone not all have room. */
let brought: HTMLElement | undefined;

/** Draws a page. */
export function show(page: TemplateResult): void {
  render(page, app);
  const pages = app.querySelector<HTMLElement>(".pages");
  if (!pages || pages === brought) return;
  brought = pages;
  const current = pages.querySelector<HTMLElement>("[aria-current]");
  const room = pages.clientWidth - (current?.offsetWidth ?? 0);
  if (current) pages.scrollLeft = current.offsetLeft - pages.offsetLeft - room / 2;
}

/** Starts a page: says that it loads, and what went wrong where it does. */
export function begin(file: PageFile, start: () => Promise<void>): void {
  const message = (body: TemplateResult) => show(html`${head(file)}<main>${body}</main>`);
  app.replaceChildren();
  message(html`<p class="boot" role="status">Loading the marketplace …</p>`);
  start().catch((thrown) =>
    message(html`<div class="boot" role="alert"><p>The marketplace could not be loaded.</p>
      <p class="hint">${messageOf(thrown)}</p><button @click=${() => location.reload()}>Try again</button></div>`),
  );
  if (import.meta.env.PROD && "serviceWorker" in navigator) {
    // Without it the pages work too, just not offline.
    navigator.serviceWorker.register("./sw.js").catch(() => undefined);
  }
}

/** What went wrong, with its code. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof TidyrankError) return `${thrown.message} (${thrown.code})`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Draws at most once a frame, however often it is asked to. */
export function scheduler(draw: () => void): () => void {
  let drawing = false;
  return () => {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      draw();
    });
  };
}
