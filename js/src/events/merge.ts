// Recommendations with what came of them: the records of seed 001.
import type {
  FeedbackEvent,
  OutcomeEvent,
  OutcomeKind,
  RecommendationEvent,
  RecommendationRecord,
  RecordedEvent,
  WithOutcomes,
} from "../../types/events.js";

const OUTCOMES: readonly OutcomeKind[] = ["viewed", "contacted", "bid_placed", "bid_accepted", "hired", "rated"];

/** The recommendations in the order in which they were recorded. What is about others is left out. */
export function merged(events: readonly RecordedEvent[]): RecommendationRecord[] {
  const outcomes = new Map<string, WithOutcomes>();
  const recommendations: RecommendationEvent[] = [];
  for (const event of events) {
    if (event.type === "feedback" || event.type === "outcome") continue;
    recommendations.push(event);
    const none = Object.fromEntries(OUTCOMES.map((kind) => [kind, null]));
    outcomes.set(event.id, { outcomes: none as WithOutcomes["outcomes"], feedback: [] });
  }
  const later = events.filter((event) => event.type === "feedback" || event.type === "outcome");
  // The order of time; sorting keeps the order of recording within a second.
  for (const event of later.sort((a, b) => a.at - b.at)) {
    const of = outcomes.get(event.recommendationId);
    if (of) add(of, event);
  }
  return recommendations.map((event) => recordOf(event, outcomes.get(event.id) as WithOutcomes));
}

function add(to: WithOutcomes, event: FeedbackEvent | OutcomeEvent): void {
  if (event.type === "feedback") {
    to.feedback.push({ kind: event.kind, comment: event.comment ?? null, at: event.at });
  } else {
    const before = to.outcomes[event.outcome];
    to.outcomes[event.outcome] = { at: before?.at ?? event.at, value: event.value ?? before?.value ?? null };
  }
}

function recordOf(event: RecommendationEvent, with_: WithOutcomes): RecommendationRecord {
  if (event.type !== "bid_suggestion") return { ...event, ...with_ };
  const { bid_placed, bid_accepted, hired } = with_.outcomes;
  const { min, max } = event.amounts;
  const actualBid = bid_placed?.value ?? bid_accepted?.value ?? null;
  const wasUsed = actualBid === null ? null : actualBid >= min && actualBid <= max;
  return { ...event, ...with_, actualBid, wasUsed, didWin: bid_accepted || hired ? true : null };
}
