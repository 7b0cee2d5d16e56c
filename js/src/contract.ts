// Holds the classes to the types that the package publishes: this file compiles only while they agree.
import type * as PublishedCore from "../types/core.js";
import type * as PublishedEvents from "../types/events.js";
import type * as Published from "../types/index.js";
import type * as PublishedNode from "../types/node.js";
import { messageText, Recommender, TidyrankError } from "./entries/index.js";
import { Recommender as NodeRecommender } from "./entries/node.js";
import { EventStore, MAX_COMMENT } from "./events/index.js";
import { Recommender as CoreRecommender } from "./recommender.js";

/** An instance has all that is published; that `load` gives one is what the cast leaves out. */
type Load<T> = (
  ...args: Parameters<T extends { load: infer L extends (...args: never) => unknown } ? L : never>
) => unknown;

const recommender: Published.Recommender = {} as Recommender;
const load: Load<typeof Published.Recommender> = Recommender.load;
const loadCore: Load<typeof PublishedCore.Recommender> = CoreRecommender.load;
const loadNode: Load<typeof PublishedNode.Recommender> = NodeRecommender.load;
const error: typeof Published.TidyrankError = TidyrankError;
const text: typeof Published.messageText = messageText;
const events: PublishedEvents.EventStore = {} as EventStore;
const openEvents: Load<{ load: typeof PublishedEvents.EventStore.open }> = EventStore.open;
const maxComment: typeof PublishedEvents.MAX_COMMENT = MAX_COMMENT;
// What the engine answers can be recorded as it is.
const recorded: PublishedEvents.RecordedRanking = {} as Published.Ranking;
const recordedBid: PublishedEvents.RecordedBid = {} as Published.BidSuggestion;

export { error, events, load, loadCore, loadNode, maxComment, openEvents, recommender, recorded, recordedBid, text };
