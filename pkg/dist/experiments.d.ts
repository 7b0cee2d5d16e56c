import type { RecommendOptions } from "./index.js";

/** One way to do it. */
export interface Variant {
  key: string;
  /** Its weight among the variants: finite, from 0 up. */
  weight: number;
  /** What it changes in how the recommender is asked. */
  options?: RecommendOptions;
  /** Address of the manifest of another model version. */
  manifest?: string;
}

/** An experiment; the same JSON is what `tidyrank experiment` reads. */
export interface Experiment {
  /** Its name; without a colon. */
  key: string;
  /** Changes every assignment without changing the name; without a colon. */
  salt?: string;
  /** Share of the units that take part, 0 to 1 (1). Raising it only adds units: nobody changes their variant. */
  traffic?: number;
  /** In the order of their cumulative weights; the first is the control of reports. */
  variants: readonly Variant[];
}

/** What a unit got. */
export interface Assignment {
  /** Key of the experiment. */
  experiment: string;
  /** Key of the variant; null where the unit takes no part. */
  variant: string | null;
  unitId: string;
  /** Where the unit's hash lies among the weights, in [0, 1). */
  bucket: number;
}

/** A variant made ready to be used. */
export interface Applied {
  /** What the page asks for, with the variant's options on top. */
  options: RecommendOptions;
  /** To be handed to `EventStore.record…`: the events then say which variant they belong to. */
  context: { assignment: Assignment };
  /** The manifest to load instead of the usual one, where the variant names one. */
  manifest: string | null;
}

/**
 * The variant of a unit (a client, a cleaner), by a hash of its id: the same in every page, on the server and in
 * `tidyrank experiment assign`. MurmurHash3 x86 32 of `key:salt:unitId` decides the variant, that of `key:salt:unitId:traffic`
 * whether the unit takes part.
 *
 * @throws {TidyrankError} `experiment.invalid` for an experiment that cannot be assigned.
 */
export declare function assign(experiment: Experiment, unitId: string): Assignment;

/** Puts the options of a unit's variant over the page's own, and says what to record with the events. */
export declare function applyVariant(
  experiment: Experiment,
  assignment: Assignment,
  options?: RecommendOptions,
): Applied;
