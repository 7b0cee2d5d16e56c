// `tidyrank/events`: what was recommended and what came of it. No engine, and nothing runs at import.
export { applyVariant, assign } from "../assign.js";
export { TidyrankError } from "../errors.js";
export { MAX_COMMENT } from "./check.js";
export { EventStore } from "./store.js";
