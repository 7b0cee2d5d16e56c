// The pages of the demo: all are `page.html`, filled in.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const COMMON = {
  results: "results",
  loading: "Loading …",
  noscript: "This page works in your browser and needs JavaScript for it.",
};

/** By name: what stands in `page.html` in place of `%…%`. Values are HTML. */
const PAGES = {
  index: {
    entry: "main.ts",
    title: "Find a cleaner",
    description: "Ranks the cleaners of a marketplace for a job, in this page, without a server.",
    results: "cleaners",
    loading: "Loading the marketplace …",
    noscript: "This page ranks cleaners in your browser and needs JavaScript for it.",
  },
  jobs: {
    entry: "jobs-page.ts",
    title: "Find jobs",
    description: "Ranks open jobs for a cleaner and suggests a bid, in this page, without a server.",
  },
  why: {
    entry: "why-page.ts",
    title: "Why this cleaner",
    description: "Why a cleaner stands where they stand: what each part gives, and what would change it.",
  },
  experiments: {
    entry: "experiments-page.ts",
    title: "Experiments",
    description: "What was recommended in this browser, what came of it, and what the reports say.",
  },
  health: {
    entry: "health-page.ts",
    title: "Model health",
    description: "Drift, calibration and errors of the model.",
  },
};

const fileOf = (name) => here(`${name}.html`);
const nameOf = (file) => Object.keys(PAGES).find((name) => fileOf(name) === file);

function filled(name) {
  const values = { ...COMMON, ...PAGES[name] };
  return readFileSync(here("page.html"), "utf8").replace(/%(\w+)%/g, (_, field) => values[field]);
}

/** Makes the pages, which are no files, for the build and for the server of `vite`. */
export function pages() {
  return {
    name: "pages",
    enforce: "pre",
    config: () => ({ build: { rolldownOptions: { input: Object.keys(PAGES).map(fileOf) } } }),
    resolveId: (id) => (nameOf(id) ? id : undefined),
    load(id) {
      const name = nameOf(id);
      if (!name) return;
      this.addWatchFile(here("page.html"));
      return filled(name);
    },
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const { pathname } = new URL(request.url, "http://localhost");
        const name = nameOf(here(`.${pathname.replace(/\/$/, "/index.html")}`));
        if (!name) return next();
        const html = await server.transformIndexHtml(`/${name}.html`, filled(name));
        response.setHeader("content-type", "text/html").end(html);
      });
    },
  };
}
