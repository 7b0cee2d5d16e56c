// The curve of folding in as SVG: R² of the hold-out's ratings over the number of a client's ratings that are known.
//
//   tidyrank fold-in MODEL --data DATA --curve --format json > curve.json     (one file per market)
//   node scripts/fold-in-chart.mjs 42=curve.json … > docs/images/fold-in.svg
import { readFileSync } from "node:fs";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 320, 64, 96, 24, 56];
const COLOURS = ["#0b6e4f", "#b2451e", "#2a5caa", "#7a3b8f", "#806000", "#444444"];

const curves = process.argv.slice(2).map((argument) => {
  const [name, file] = argument.split("=");
  const { points } = JSON.parse(readFileSync(file, "utf8"));
  const known = points.filter(({ ratings }) => ratings !== "trained");
  return { name, points: known.map(({ ratings, r2 }) => ({ ratings, gain: r2 - known[0].r2 })) };
});
const steps = curves[0].points.map(({ ratings }) => ratings);
const gains = curves.flatMap(({ points }) => points.map(({ gain }) => gain));
const [low, high] = [Math.min(-0.005, ...gains), Math.max(0.02, ...gains)];
const x = (at) => LEFT + (at / (steps.length - 1)) * (WIDTH - LEFT - RIGHT);
const y = (gain) => TOP + ((high - gain) / (high - low)) * (HEIGHT - TOP - BOTTOM);
const text = (at, height, said, rest = "") => `<text x="${at}" y="${height.toFixed(1)}" ${rest}>${said}</text>`;

const grid = [];
for (let gain = Math.ceil(low / 0.005) * 0.005; gain <= high; gain += 0.005) {
  const shown = Math.abs(gain) < 1e-9 ? "0" : `${gain > 0 ? "+" : "−"}${Math.abs(gain).toFixed(3)}`;
  grid.push(
    `<path d="M${LEFT} ${y(gain).toFixed(1)}H${WIDTH - RIGHT}" stroke="${shown === "0" ? "#888" : "#ddd"}"/>`,
    text(LEFT - 8, y(gain) + 4, shown, 'text-anchor="end"'),
  );
}
// Names stand apart: never closer than a line.
const ends = curves.map(({ name, points }, at) => ({ name, at, height: y(points.at(-1).gain) + 4 }));
ends.sort((a, b) => a.height - b.height);
for (let at = 1; at < ends.length; at += 1) ends[at].height = Math.max(ends[at].height, ends[at - 1].height + 14);

const lines = curves.map(({ points }, at) => {
  const path = points
    .map(({ gain }, step) => `${step ? "L" : "M"}${x(step).toFixed(1)} ${y(gain).toFixed(1)}`)
    .join("");
  const dots = points.map(({ gain }, step) => `<circle cx="${x(step).toFixed(1)}" cy="${y(gain).toFixed(1)}" r="3"/>`);
  return `<g fill="${COLOURS[at % COLOURS.length]}"><path d="${path}" fill="none" stroke="${COLOURS[at % COLOURS.length]}" stroke-width="2"/>${dots.join("")}</g>`;
});
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Gain in R squared by known ratings">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${grid.join("\n")}
${lines.join("\n")}
${steps.map((step, at) => text(x(at), HEIGHT - BOTTOM + 20, step, 'text-anchor="middle"')).join("\n")}
${ends.map(({ name, at, height }) => text(WIDTH - RIGHT + 10, height, `seed ${name}`, `fill="${COLOURS[at % COLOURS.length]}"`)).join("\n")}
${text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, "ratings of the client that are known", 'text-anchor="middle"')}
${text(LEFT, 14, "R² minus that for the unknown client")}
</svg>
`,
);
