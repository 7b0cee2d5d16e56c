// From what the engine answered to what is recorded of it.
import type {
  RecordContext,
  RecordedBid,
  RecordedEvent,
  RecordedJob,
  RecordedJobRanking,
  RecordedRanking,
  ServedFields,
} from "../../types/events.js";
import { checked, invalid, SCHEMA } from "./check.js";

/** As the engine has it where nobody asks for another. */
const LEVEL = 0.9;

/** Where moments and ids come from. */
export interface Source {
  clock: () => number;
  randomId: () => string;
}

/** The moment in whole seconds, and an id. */
export function baseOf({ clock, randomId }: Source) {
  return { schema: SCHEMA, id: randomId(), at: Math.floor(clock()) } as const;
}

/** One event for each cleaner of a list. */
export function cleanersOf(job: RecordedJob, ranking: RecordedRanking, context: RecordContext, source: Source) {
  const shared = sharedBy(ranking, context, source);
  return itemsOf(ranking).map((item) => {
    const who = { jobId: job.jobId, cleanerId: item.cleanerId, clientId: context.clientId ?? job.clientId };
    const segment = context.segment ?? job.propertyType;
    const fields = { ...servedOf(item, context), ...shared, ...who, segment };
    const type = "cleaner_recommendation";
    return checked({ ...baseOf(source), type, ...fields, breakdown: item.breakdown } as RecordedEvent);
  });
}

/** One event for each job of a list. */
export function jobsOf(cleanerId: string, ranking: RecordedJobRanking, context: RecordContext, source: Source) {
  const shared = sharedBy(ranking, context, source);
  return itemsOf(ranking).map((item) => {
    const who = { jobId: item.jobId, cleanerId, clientId: context.clientId ?? item.clientId };
    const fields = { ...servedOf(item, context), ...shared, ...who, segment: context.segment };
    return checked({
      ...baseOf(source),
      type: "job_recommendation",
      ...fields,
      breakdown: item.breakdown,
    } as RecordedEvent);
  });
}

/** The event for a suggestion. */
export function bidOf(
  job: RecordedJob,
  bid: RecordedBid,
  context: RecordContext & { cleanerId?: string },
  source: Source,
): RecordedEvent {
  const { min, optimal, max, winProbability, model } = bid;
  const mode = bid.source === "model" ? "neural" : "rules";
  const event = {
    ...baseOf(source),
    type: "bid_suggestion",
    ...sharedBy({ meta: { mode, model } }, context, source),
    jobId: job.jobId,
    cleanerId: context.cleanerId ?? bid.cleanerId,
    clientId: context.clientId ?? job.clientId,
    score: 100 * winProbability,
    rank: 1,
    price: optimal,
    segment: context.segment ?? job.propertyType,
    amounts: { min, optimal, max },
    inputs: bid.inputs,
  };
  return checked(event as unknown as RecordedEvent);
}

function itemsOf<T>(ranking: { items: readonly T[] }): readonly T[] {
  if (!Array.isArray(ranking?.items)) throw invalid("items", "the ranking has no list of items");
  return ranking.items;
}

/** What all events of a list have in common. */
function sharedBy({ meta }: { meta: unknown }, { requestId, assignment }: RecordContext, source: Source) {
  const { mode, model } = (meta ?? {}) as RecordedRanking["meta"];
  // Who is not in the roll-out is in no variant.
  const { experiment, variant, unitId } = assignment?.variant ? assignment : {};
  return { requestId: requestId ?? source.randomId(), mode, model, experiment, variant, unitId };
}

type Item = Omit<RecordedRanking["items"][number], "cleanerId" | "breakdown">;

/** What is recorded of one place in a list. */
function servedOf(item: Item, { level = LEVEL }: RecordContext): Partial<ServedFields> {
  const { score, rank, ruleScore, neuralScore, interval, price, distanceKm, propensity } = item;
  const intervalLevel = interval ? level : undefined;
  return {
    score,
    rank,
    ruleScore,
    neuralScore,
    interval,
    intervalLevel,
    price,
    distanceKm,
    propensity,
  } as ServedFields;
}
