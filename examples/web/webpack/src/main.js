import { Recommender } from "tidyrank";
import "tidyrank/element";

const state = document.querySelector("#state");
const results = document.querySelector("tidyrank-results");

async function show() {
  const recommender = await Recommender.load("/model/manifest.json");
  const job = { propertyType: "apartment", location: { latitude: 37.97, longitude: 23.74 }, sizeM2: 70, durationH: 3 };
  results.ranking = await recommender.recommendCleaners(job, { limit: 5 });
  state.textContent = recommender.capabilities().worker ? "from a worker" : "from the page";
}

show()
  .catch((error) => {
    state.textContent = `${error.code}: ${error.message}`;
  })
  .finally(() => {
    results.loading = false;
  });
