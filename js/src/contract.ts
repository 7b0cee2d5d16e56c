// Holds the classes to the types that the package publishes: this file compiles only while they agree.
import type * as Published from "../types/index.js";
import { Recommender, TidyrankError } from "./index.js";

const recommender: Published.Recommender = {} as Recommender;
const load: typeof Published.Recommender.load = Recommender.load as unknown as typeof Published.Recommender.load;
const error: typeof Published.TidyrankError = TidyrankError;

export { error, load, recommender };
