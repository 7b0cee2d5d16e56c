"use client";
// A client component: it shows what the server ranked, and goes on in a worker of the browser.
import { useEffect, useState } from "react";
import { Recommender } from "tidyrank";
import { TidyrankResults } from "tidyrank/react";
import { JOB, OPTIONS } from "./job.js";

export default function Results({ initialResults }) {
  const [ranking, setRanking] = useState();
  const [state, setState] = useState("from the server");
  useEffect(() => {
    const controller = new AbortController();
    let recommender;
    (async () => {
      try {
        recommender = await Recommender.load("/model/manifest.json", { signal: controller.signal });
        setRanking(await recommender.recommendCleaners(JOB, { ...OPTIONS, signal: controller.signal }));
        setState(recommender.capabilities().worker ? "from a worker" : "from the page");
      } catch (error) {
        if (!controller.signal.aborted) setState(`${error.code}: ${error.message}`);
      }
    })();
    return () => {
      controller.abort();
      recommender?.dispose();
    };
  }, []);
  return (
    <main>
      <h1>Cleaners</h1>
      <p id="state">{state}</p>
      <TidyrankResults initialResults={initialResults} ranking={ranking} currency="EUR" headingLevel={2} />
    </main>
  );
}
