// Ranks the cleaners for a job and prints them:   node rank.js [manifest.json]
import { Recommender, TidyrankError } from "tidyrank/node";

const manifest = process.argv[2] ?? "public/model/manifest.json";
const job = {
  propertyType: "apartment",
  location: { latitude: 37.97, longitude: 23.74 },
  sizeM2: 70,
  durationH: 3,
};

try {
  const recommender = await Recommender.load(manifest);
  const { items, meta } = await recommender.recommendCleaners(job, { limit: 5, filters: { maxDistanceKm: 20 } });
  for (const { rank, name, score, reasons } of items) {
    console.log(`${rank}. ${name} (${score.toFixed(1)}): ${reasons.map(({ text }) => text).join("; ")}`);
  }
  console.log(`${meta.candidates} candidates, ${meta.mode}, ${meta.model?.version ?? "no model"}`);
  recommender.dispose();
} catch (error) {
  if (!(error instanceof TidyrankError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
