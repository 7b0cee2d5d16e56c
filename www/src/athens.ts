// A schematic map of Athens: a coastline, the hills and the districts, drawn by hand from their coordinates, so that the
// page asks nobody for tiles.

/** Latitude and longitude in degrees. */
export type LatLon = readonly [latitude: number, longitude: number];

/** What the map shows. */
export const BOUNDS = { south: 37.818, north: 38.146, west: 23.565, east: 23.892 } as const;

/** The mainland, clockwise from the north-west corner; the sea is what is left. */
export const LAND: readonly LatLon[] = [
  [38.2, 23.5],
  [38.2, 24.0],
  [37.75, 24.0],
  [37.77, 23.9],
  [37.806, 23.848],
  [37.819, 23.805],
  [37.811, 23.787],
  [37.801, 23.775],
  [37.812, 23.768],
  [37.822, 23.768],
  [37.836, 23.764],
  [37.848, 23.756],
  [37.859, 23.748],
  [37.868, 23.741],
  [37.878, 23.728],
  [37.884, 23.717],
  [37.892, 23.716],
  [37.901, 23.717],
  [37.911, 23.712],
  [37.918, 23.704],
  [37.924, 23.695],
  [37.929, 23.686],
  [37.937, 23.684],
  [37.941, 23.676],
  [37.943, 23.666],
  [37.939, 23.661],
  [37.935, 23.657],
  [37.932, 23.652],
  [37.936, 23.648],
  [37.931, 23.645],
  [37.927, 23.64],
  [37.929, 23.631],
  [37.934, 23.624],
  [37.938, 23.628],
  [37.942, 23.637],
  [37.947, 23.641],
  [37.949, 23.634],
  [37.944, 23.622],
  [37.942, 23.614],
  [37.947, 23.607],
  [37.954, 23.61],
  [37.956, 23.602],
  [37.959, 23.59],
  [37.963, 23.575],
  [37.966, 23.56],
  [37.974, 23.548],
  [37.985, 23.555],
  [37.999, 23.575],
  [38.006, 23.585],
  [38.014, 23.578],
  [38.024, 23.57],
  [38.03, 23.55],
  [38.04, 23.5],
];

/** Islands. */
export const ISLANDS: readonly (readonly LatLon[])[] = [
  [
    [37.945, 23.587],
    [37.946, 23.594],
    [37.942, 23.598],
    [37.939, 23.59],
    [37.942, 23.583],
  ],
  [
    [37.96, 23.54],
    [37.952, 23.556],
    [37.944, 23.551],
    [37.93, 23.54],
  ],
];

/** Hills and parks, as outlines. */
export const HILLS: readonly (readonly LatLon[])[] = [
  // Hymettus
  [
    [37.998, 23.8],
    [38.0, 23.815],
    [37.985, 23.826],
    [37.965, 23.826],
    [37.945, 23.822],
    [37.925, 23.818],
    [37.902, 23.806],
    [37.882, 23.8],
    [37.866, 23.79],
    [37.872, 23.776],
    [37.893, 23.777],
    [37.915, 23.782],
    [37.94, 23.79],
    [37.965, 23.792],
  ],
  // Aigaleo
  [
    [38.055, 23.635],
    [38.05, 23.652],
    [38.03, 23.655],
    [38.012, 23.645],
    [37.995, 23.632],
    [37.982, 23.61],
    [37.988, 23.598],
    [38.005, 23.602],
    [38.025, 23.612],
    [38.042, 23.622],
  ],
  // Parnitha's feet
  [
    [38.2, 23.6],
    [38.14, 23.62],
    [38.115, 23.65],
    [38.118, 23.685],
    [38.13, 23.72],
    [38.135, 23.76],
    [38.2, 23.78],
  ],
  // Penteli
  [
    [38.105, 23.84],
    [38.115, 23.87],
    [38.11, 23.92],
    [38.05, 23.92],
    [38.055, 23.88],
    [38.07, 23.855],
  ],
  // Tourkovounia
  [
    [38.018, 23.757],
    [38.014, 23.763],
    [38.004, 23.762],
    [37.996, 23.757],
    [38.0, 23.752],
    [38.01, 23.754],
  ],
  // Lycabettus
  [
    [37.985, 23.741],
    [37.984, 23.747],
    [37.98, 23.745],
    [37.98, 23.74],
  ],
  // National Garden
  [
    [37.975, 23.736],
    [37.974, 23.74],
    [37.97, 23.739],
    [37.97, 23.735],
  ],
];

/** The main roads. */
export const ROADS: readonly (readonly LatLon[])[] = [
  // Kifisou and its motorway north
  [
    [37.943, 23.672],
    [37.965, 23.688],
    [37.985, 23.698],
    [38.005, 23.704],
    [38.03, 23.725],
    [38.06, 23.752],
    [38.1, 23.78],
    [38.16, 23.81],
  ],
  // Syngrou
  [
    [37.968, 23.731],
    [37.955, 23.717],
    [37.942, 23.69],
  ],
  // Kifisias
  [
    [37.976, 23.739],
    [37.985, 23.76],
    [38.003, 23.782],
    [38.03, 23.795],
    [38.056, 23.806],
    [38.078, 23.813],
  ],
  // Mesogeion
  [
    [37.985, 23.76],
    [38.0, 23.79],
    [38.013, 23.82],
    [38.0, 23.86],
    [37.98, 23.9],
  ],
  // Poseidonos
  [
    [37.944, 23.668],
    [37.94, 23.688],
    [37.928, 23.692],
    [37.915, 23.713],
    [37.89, 23.724],
    [37.865, 23.748],
    [37.845, 23.764],
    [37.828, 23.774],
  ],
  // Vouliagmenis
  [
    [37.968, 23.734],
    [37.945, 23.741],
    [37.92, 23.743],
    [37.895, 23.746],
    [37.872, 23.757],
    [37.845, 23.775],
  ],
  // Pireos
  [
    [37.983, 23.727],
    [37.972, 23.702],
    [37.957, 23.67],
    [37.947, 23.645],
  ],
  // Athinon
  [
    [37.988, 23.72],
    [37.995, 23.69],
    [38.008, 23.66],
    [38.012, 23.635],
    [38.012, 23.6],
    [38.03, 23.565],
  ],
  // Attiki Odos
  [
    [38.05, 23.56],
    [38.065, 23.62],
    [38.07, 23.69],
    [38.062, 23.75],
    [38.04, 23.8],
    [38.025, 23.85],
    [37.985, 23.87],
    [37.94, 23.9],
  ],
];

/** A district: its name, its middle, and how early its label may be left out (1 = never). */
export interface District {
  name: string;
  at: LatLon;
  rank: 1 | 2;
}

/** Places to choose from and to label. */
export const DISTRICTS: readonly District[] = [
  { name: "Acharnes", at: [38.083, 23.735], rank: 1 },
  { name: "Agia Paraskevi", at: [38.012, 23.826], rank: 2 },
  { name: "Argyroupoli", at: [37.905, 23.756], rank: 2 },
  { name: "Athens, centre", at: [37.979, 23.728], rank: 1 },
  { name: "Chaidari", at: [38.013, 23.664], rank: 2 },
  { name: "Chalandri", at: [38.021, 23.799], rank: 2 },
  { name: "Egaleo", at: [37.991, 23.678], rank: 2 },
  { name: "Galatsi", at: [38.021, 23.744], rank: 2 },
  { name: "Glyfada", at: [37.871, 23.756], rank: 1 },
  { name: "Ilion", at: [38.036, 23.7], rank: 1 },
  { name: "Ilioupoli", at: [37.931, 23.758], rank: 2 },
  { name: "Kallithea", at: [37.955, 23.701], rank: 2 },
  { name: "Kifisia", at: [38.077, 23.815], rank: 1 },
  { name: "Koropi", at: [37.902, 23.87], rank: 2 },
  { name: "Marousi", at: [38.05, 23.803], rank: 1 },
  { name: "Nea Ionia", at: [38.039, 23.757], rank: 2 },
  { name: "Nea Smyrni", at: [37.944, 23.718], rank: 2 },
  { name: "Nikaia", at: [37.967, 23.642], rank: 2 },
  { name: "Paiania", at: [37.955, 23.856], rank: 2 },
  { name: "Palaio Faliro", at: [37.926, 23.705], rank: 1 },
  { name: "Peristeri", at: [38.013, 23.692], rank: 2 },
  { name: "Piraeus", at: [37.944, 23.65], rank: 1 },
  { name: "Voula", at: [37.845, 23.775], rank: 2 },
  { name: "Zografou", at: [37.976, 23.772], rank: 1 },
];

/** The nearest district: good enough to say where something is. */
export function nearestDistrict(latitude: number, longitude: number): string {
  // A degree of longitude is 0.79 of a degree of latitude here.
  const squared = ({ at }: District) => (at[0] - latitude) ** 2 + (0.79 * (at[1] - longitude)) ** 2;
  return DISTRICTS.reduce((best, next) => (squared(next) < squared(best) ? next : best)).name;
}
