import "./node_modules/tidyrank/dist/element.js";
import { Recommender } from "./node_modules/tidyrank/dist/index.js";

const state = document.querySelector("#state");
const results = document.querySelector("tidyrank-results");
const job = {
  propertyType: "apartment",
  location: { latitude: 37.97, longitude: 23.74 },
  sizeM2: 70,
  durationH: 3,
};

try {
  const recommender = await Recommender.load("public/model/manifest.json");
  results.ranking = await recommender.recommendCleaners(job, { limit: 5, filters: { maxDistanceKm: 20 } });
  state.textContent = recommender.capabilities().worker ? "from a worker" : "from the page";
} catch (error) {
  state.textContent = `${error.code}: ${error.message}`;
}
results.loading = false;

results.addEventListener("tidyrank-contact", ({ detail }) => {
  state.textContent = `to ${detail.item.name}`;
});
