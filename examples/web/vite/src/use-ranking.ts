import { useEffect, useState } from "react";
import { type Ranking, Recommender, TidyrankError } from "tidyrank";

// One recommender for the page, begun with the first use.
let loading: Promise<Recommender> | undefined;

/** The ranking for a kind of property; the one before it is shown until the next one is there. */
export function useRanking(propertyType: string) {
  const [ranking, setRanking] = useState<Ranking>();
  const [error, setError] = useState<TidyrankError>();
  const [worker, setWorker] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    rank(propertyType, controller.signal).then(
      ({ ranking, worker }) => {
        setRanking(ranking);
        setWorker(worker);
      },
      (thrown: unknown) => {
        if (thrown instanceof TidyrankError && thrown.code !== "request.aborted") setError(thrown);
      },
    );
    return () => controller.abort();
  }, [propertyType]);
  return { ranking, error, worker };
}

async function rank(propertyType: string, signal: AbortSignal) {
  loading ??= Recommender.load("/model/manifest.json");
  const recommender = await loading;
  const job = { propertyType, location: { latitude: 37.97, longitude: 23.74 }, sizeM2: 70, durationH: 3 };
  const ranking = await recommender.recommendCleaners(job, { limit: 5, filters: { maxDistanceKm: 20 }, signal });
  return { ranking, worker: recommender.capabilities().worker };
}
