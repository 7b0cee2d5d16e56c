// Everything about ranking is in here: the page only sends jobs and shows answers.
import { Recommender } from "tidyrank/core";

const loading = Recommender.load("/model/manifest.json");

addEventListener("message", async ({ data: { id, job } }) => {
  try {
    const recommender = await loading;
    postMessage({ id, ranking: await recommender.recommendCleaners(job, { limit: 5 }) });
  } catch (error) {
    postMessage({ id, error: { code: error.code, message: error.message } });
  }
});
