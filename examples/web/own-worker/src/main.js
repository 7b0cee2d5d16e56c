import "tidyrank/element";

const state = document.querySelector("#state");
const results = document.querySelector("tidyrank-results");
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

worker.addEventListener("message", ({ data: { ranking, error } }) => {
  state.textContent = error ? `${error.code}: ${error.message}` : "from a worker of its own";
  results.ranking = ranking;
  results.loading = false;
});
worker.postMessage({
  id: 1,
  job: { propertyType: "apartment", location: { latitude: 37.97, longitude: 23.74 }, sizeM2: 70, durationH: 3 },
});
