// The map: an SVG in a flat projection, drawn once; only markers change.
import { html, svg, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { GeoPoint } from "tidyrank";
import { BOUNDS, DISTRICTS, HILLS, ISLANDS, LAND, type LatLon, nearestDistrict, ROADS } from "./athens.js";
import { ANY_DISTANCE, jobLocation, type State, type Update } from "./state.js";

const WIDTH = 640;
// Degrees of longitude are shorter than those of latitude: equirectangular at the middle of the map.
const SHRINK = Math.cos((((BOUNDS.south + BOUNDS.north) / 2) * Math.PI) / 180);
const PER_DEGREE = WIDTH / (BOUNDS.east - BOUNDS.west) / SHRINK;
const HEIGHT = Math.round((BOUNDS.north - BOUNDS.south) * PER_DEGREE);
const PER_KM = PER_DEGREE / 111.195;
/** One press of an arrow key, in degrees of latitude: about 250 m. */
const STEP = 0.00225;

const x = (longitude: number) => (longitude - BOUNDS.west) * PER_DEGREE * SHRINK;
const y = (latitude: number) => (BOUNDS.north - latitude) * PER_DEGREE;

function outline(points: readonly LatLon[], close = true): string {
  const corners = points.map(([latitude, longitude]) => `${x(longitude).toFixed(1)} ${y(latitude).toFixed(1)}`);
  return `M${corners.join("L")}${close ? "Z" : ""}`;
}

const GROUND = svg`
  <rect class="sea" width=${WIDTH} height=${HEIGHT}></rect>
  <path class="land" d=${[LAND, ...ISLANDS].map((shape) => outline(shape)).join("")}></path>
  <path class="hill" d=${HILLS.map((shape) => outline(shape)).join("")}></path>
  <path class="road" d=${ROADS.map((line) => outline(line, false)).join("")}></path>
  ${DISTRICTS.map(
    ({ name, at, rank }) =>
      svg`<text class="district rank-${rank}" x=${x(at[1]).toFixed(1)} y=${y(at[0]).toFixed(1)}>${name.split(",")[0]}</text>`,
  )}
  <text class="water" x="40" y="640">Saronic Gulf</text>`;

const PIN = svg`<path d="M0 0C-3-8-11-11-11-20a11 11 0 0 1 22 0C11-11 3-8 0 0Z"></path><circle cy="-20" r="4.2"></circle>`;

/** The map with the job, everyone in the catalog, and the ranked cleaners by their number. */
export function mapView(state: State, update: Update): TemplateResult {
  const job = jobLocation(state);
  const place = (event: MouseEvent) => !state.job && moveTo(fromPointer(event), state, update);
  return html`
    <svg class="map ${state.job ? "" : "placing"}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label=${describe(state)}
      preserveAspectRatio="xMidYMid meet" @click=${place}>
      <g aria-hidden="true">${GROUND}</g>
      ${job && state.maxDistanceKm < ANY_DISTANCE ? reach(job, state.maxDistanceKm) : ""}
      <g aria-hidden="true">${others(state)}</g>
      ${job ? spokes(state, job) : ""}
      <g aria-hidden="true">${ranked(state, update)}</g>
      ${job ? pin(job, state, update) : ""}
    </svg>`;
}

/** The map with one pin and numbered markers. */
export function groundMap(label: string, home: GeoPoint | undefined, markers: unknown[]): TemplateResult {
  return html`<svg class="map" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label} preserveAspectRatio="xMidYMid meet">
    ${GROUND}${markers}${home ? svg`<g class="pin" transform=${translate(home)}>${PIN}</g>` : ""}
  </svg>`;
}

/** One marker of it. */
export function mapMarker(at: GeoPoint, rank: number, marked: boolean, choose: () => void) {
  return svg`<g data-rank=${rank} class="marker ${marked ? "marked" : ""} ${rank <= 3 ? "best" : ""}" transform=${translate(at)}
    @click=${choose}><circle r="13"></circle><text dy="4.5">${rank}</text></g>`;
}

const translate = (at: GeoPoint) => `translate(${x(at.longitude).toFixed(1)} ${y(at.latitude).toFixed(1)})`;

function describe(state: State): string {
  const job = jobLocation(state);
  const where = job ? `the job is near ${nearestDistrict(job.latitude, job.longitude)}` : "the job has no position";
  return `Map of Athens: ${where}; the cleaners are in the list`;
}

function reach(job: { latitude: number; longitude: number }, km: number) {
  return svg`<circle class="reach" cx=${x(job.longitude)} cy=${y(job.latitude)} r=${km * PER_KM} aria-hidden="true"></circle>`;
}

function others(state: State) {
  const shown = new Set(state.ranking?.items.map((item) => item.cleanerId));
  const rest = state.catalog.cleaners.filter((cleaner) => cleaner.location && !shown.has(cleaner.cleanerId));
  return rest.map(
    ({ location }) =>
      svg`<circle class="other" cx=${x(location?.longitude ?? 0)} cy=${y(location?.latitude ?? 0)} r="2.6"></circle>`,
  );
}

function spokes(state: State, job: { latitude: number; longitude: number }) {
  const marked = state.pointed ?? state.opened;
  const item = state.ranking?.items.find((one) => one.cleanerId === marked);
  if (!item?.location) return "";
  const { latitude, longitude } = item.location;
  return svg`<line class="spoke" x1=${x(job.longitude)} y1=${y(job.latitude)} x2=${x(longitude)} y2=${y(latitude)} aria-hidden="true"></line>`;
}

function ranked(state: State, update: Update) {
  const items = (state.ranking?.items ?? []).filter((item) => item.location);
  // The best on top, the one that is pointed at above all.
  const order = [...items]
    .reverse()
    .sort((a, b) => Number(isMarked(state, a.cleanerId)) - Number(isMarked(state, b.cleanerId)));
  return repeat(
    order,
    (item) => item.cleanerId,
    (item) => svg`
      <g data-rank=${item.rank} class="marker ${isMarked(state, item.cleanerId) ? "marked" : ""} ${item.rank <= 3 ? "best" : ""}"
        transform=${item.location ? translate(item.location) : ""}
        @pointerenter=${() => update({ pointed: item.cleanerId })} @pointerleave=${() => update({ pointed: undefined })}
        @click=${(event: Event) => {
          event.stopPropagation();
          update({ opened: item.cleanerId });
          reveal(item.cleanerId);
        }}>
        <circle r="13"></circle><text dy="4.5">${item.rank}</text>
      </g>`,
  );
}

const isMarked = (state: State, id: string) => state.pointed === id || state.opened === id;

/** Brings a cleaner of the list into view. */
function reveal(cleanerId: string): void {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const card = document.getElementById(`cleaner-${cleanerId}`);
  card?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

/** The job's pin; while a job is written it can be focused and moved with the arrow keys. */
function pin(job: { latitude: number; longitude: number }, state: State, update: Update) {
  const at = translate(job);
  if (state.job) return svg`<g class="pin" transform=${at} aria-hidden="true">${PIN}</g>`;
  return svg`<g class="pin movable" transform=${at} tabindex="0" role="button"
    aria-label="Position of the job, near ${nearestDistrict(job.latitude, job.longitude)}; move it with the arrow keys"
    @keydown=${(event: KeyboardEvent) => nudge(event, job, state, update)}>${PIN}</g>`;
}

function nudge(event: KeyboardEvent, job: { latitude: number; longitude: number }, state: State, update: Update): void {
  const moves: Record<string, [number, number]> = {
    ArrowUp: [1, 0],
    ArrowDown: [-1, 0],
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  const step = event.shiftKey ? 4 * STEP : STEP;
  moveTo(
    { latitude: job.latitude + move[0] * step, longitude: job.longitude + (move[1] * step) / SHRINK },
    state,
    update,
  );
}

function fromPointer(event: MouseEvent): { latitude: number; longitude: number } | undefined {
  const map = event.currentTarget;
  if (!(map instanceof SVGSVGElement)) return undefined;
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM()?.inverse());
  return { latitude: BOUNDS.north - at.y / PER_DEGREE, longitude: BOUNDS.west + at.x / PER_DEGREE / SHRINK };
}

function moveTo(at: { latitude: number; longitude: number } | undefined, state: State, update: Update): void {
  if (!at) return;
  const clamp = (value: number, low: number, high: number) =>
    Math.round(Math.min(Math.max(value, low), high) * 1e5) / 1e5;
  const location = {
    latitude: clamp(at.latitude, BOUNDS.south, BOUNDS.north),
    longitude: clamp(at.longitude, BOUNDS.west, BOUNDS.east),
  };
  update({ draft: { ...state.draft, location } }, { rank: true });
}
