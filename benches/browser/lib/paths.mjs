// Where the benchmark keeps what it makes.
import { join } from "node:path";
import { inRoot } from "../../../scripts/paths.mjs";

export { inRoot };
/** A path below `benches/browser`. */
export const inBench = (...parts) => join(inRoot("benches/browser"), ...parts);
/** A path below the folder for what is made at bench time; all of it can be deleted. */
export const inWork = (...parts) => join(inRoot("target/bench"), ...parts);
