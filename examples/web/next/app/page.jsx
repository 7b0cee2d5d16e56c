// A server component: it ranks in Node and hands the result to the client component as plain data.
import { TidyrankError } from "tidyrank";
import { Recommender } from "tidyrank/node";
import { JOB, OPTIONS } from "./job.js";
import Results from "./results.jsx";

export const dynamic = "force-dynamic";

let loading;

/** Loaded once for all requests. */
const recommender = () => {
  loading ??= Recommender.load("public/model/manifest.json");
  return loading;
};

export default async function Page() {
  try {
    const ranking = await (await recommender()).recommendCleaners(JOB, OPTIONS);
    return <Results initialResults={{ items: ranking.items }} />;
  } catch (error) {
    if (error instanceof TidyrankError)
      return (
        <p role="alert">
          {error.code}: {error.message}
        </p>
      );
    throw error;
  }
}
