/** What is to be cleaned. The server and the browser ask for the same. */
export const JOB = {
  propertyType: "apartment",
  location: { latitude: 37.97, longitude: 23.74 },
  sizeM2: 70,
  durationH: 3,
};

export const OPTIONS = { limit: 5, filters: { maxDistanceKm: 20 } };
