// Compiled by the tests against the packed types: what a user writes, and what must not compile.
import { type Job, type RankedCleaner, type Ranking, Recommender, TidyrankError } from "tidyrank";
import { Recommender as Core, TidyrankError as CoreError, type CoreLoadOptions } from "tidyrank/core";
import { type FeedbackDetail, type TidyrankResults as ResultsElement, TEXTS } from "tidyrank/element";
import { EventStore, type RecommendationRecord } from "tidyrank/events";
import { Recommender as InNode, type NodeLoadOptions } from "tidyrank/node";
import { TidyrankResults, type TidyrankResultsProps } from "tidyrank/react";

export async function rank(job: Job, signal: AbortSignal): Promise<Ranking> {
  using recommender = await Recommender.load("/models/manifest.json", { signal, onWarning: ({ code }) => code });
  return await recommender.recommendCleaners(job, {
    limit: 5,
    mode: "ensemble",
    filters: { maxDistanceKm: 20 },
    signal,
  });
}

export async function everyone(job: Job): Promise<number> {
  using recommender = await Recommender.load("/models/manifest.json", { workers: "auto", tileBudget: 32 << 20 });
  const { workers, workersReason } = recommender.capabilities();
  const { rows, scores, meta } = await recommender.scoreCleaners(job, { mode: "rules" });
  const loaded: number | undefined = meta.tiles?.bytes;
  // @ts-expect-error a limit has no meaning where everybody is scored
  await recommender.scoreCleaners(job, { limit: 5 });
  return rows[0] + scores[0] + workers + workersReason.length + meta.neuralScored + (loaded ?? 0);
}

export function first(ranking: Ranking): string {
  const item = ranking.items[0];
  const neural: number | null = item.neuralScore;
  // @ts-expect-error a score may be missing
  const always: number = item.neuralScore;
  return `${item.name} ${neural ?? always} ${ranking.meta.fallback?.code ?? ""}`;
}

export function codeOf(error: unknown): string {
  return error instanceof TidyrankError ? error.code : "unknown";
}

// @ts-expect-error instances come from `load`
new Recommender();
// @ts-expect-error no such mode
rank({}, new AbortController().signal).then((r) => r.meta.mode === "magic");
// @ts-expect-error a misspelt field
export const misspelt: Job = { sizem2: 70 };

// Who takes a recommender takes that of every entry.
export const anywhere = async (): Promise<Recommender[]> => [await Core.load("m.json"), await InNode.load("m.json")];
export const shared: typeof TidyrankError = CoreError;
export const inNode: NodeLoadOptions = { clients: false, onWarning: ({ code }) => code };
// @ts-expect-error there are no workers in `tidyrank/core`
export const core: CoreLoadOptions = { worker: true };
// @ts-expect-error nor in `tidyrank/node`
InNode.load("m.json", { workers: 2 });
// @ts-expect-error a path, an address or bytes
Core.load(7);
// @ts-expect-error instances come from `load`
new Core();

export function show(ranking: Ranking): FeedbackDetail | undefined {
  const element = document.createElement("tidyrank-results");
  element.ranking = ranking;
  element.texts = { ...TEXTS.el, contact: "Μίλα μαζί του" };
  element.explain = async ({ cleanerId }) => await (await anywhere())[0].explain({}, cleanerId ?? "");
  let said: FeedbackDetail | undefined;
  element.addEventListener("tidyrank-feedback", ({ detail }) => {
    said = detail;
  });
  element.addEventListener("click", ({ clientX }) => clientX);
  anywhere().then(async ([recommender]) => {
    // A ranking of jobs is shown as well.
    element.ranking = await recommender?.recommendJobs("cleaner-1", [{ jobId: "job-1" }]);
  });
  // @ts-expect-error not a text of the element
  element.texts = { kontact: "" };
  // @ts-expect-error not a ranking
  element.ranking = ["a"];
  // @ts-expect-error a detail of another event
  element.addEventListener("tidyrank-select", ({ detail }) => detail.comment);
  return said;
}

// Items keep their own type on the way through.
export const price = (element: ResultsElement<RankedCleaner>): number | null | undefined =>
  element.items?.[0]?.collaborativeScore;
export const props: TidyrankResultsProps<RankedCleaner> = {
  hideContact: true,
  className: "mine",
  onFeedback: ({ detail }) => [detail.kind === "helpful", detail.item.row],
  // @ts-expect-error no such kind
  onSelect: ({ detail }) => detail.kind,
};
export const rendered = TidyrankResults({ ranking: { items: [] }, locale: "el", theme: "dark" });
// @ts-expect-error a misspelt property
TidyrankResults({ rankings: [] });

export async function keep(ranking: Ranking, detail: FeedbackDetail): Promise<RecommendationRecord[]> {
  const events = await EventStore.open();
  const [first] = await events.recordCleaners({ jobId: "job-1" }, ranking);
  await events.feedback(detail.recommendationId ?? first ?? "", detail.kind, detail.comment);
  // @ts-expect-error no such outcome
  await events.outcome(first, "shrugged");
  // @ts-expect-error a job has an id here
  await events.recordCleaners({}, ranking);
  // @ts-expect-error stores come from `open`
  new EventStore();
  return await events.records();
}
