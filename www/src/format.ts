// Numbers and moments as people read them. The market's clock is a fixed offset from UTC, not the reader's.

/** One decimal. */
export const score = (value: number): string => value.toFixed(1);

/** A distance. */
export const distance = (km: number): string => (km < 10 ? `${km.toFixed(1)} km` : `${Math.round(km)} km`);

/** An amount in a currency, without cents. */
export function money(amount: number, currency: string): string {
  return new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: 0 }).format(amount);
}

/** A moment on the market's clock, e.g. `Fri 21 Nov, 10:00`. */
export function moment(at: number, offsetMinutes: number): string {
  const local = new Date((at + offsetMinutes * 60) * 1000);
  const day = local.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  return `${day.replace(",", "")}, ${local.toISOString().slice(11, 16)}`;
}

/** A day, e.g. `21 Nov`. */
export const day = (at: number): string =>
  new Date(at * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** A moment for `<input type="datetime-local">`. */
export function toInput(at: number, offsetMinutes: number): string {
  return new Date((at + offsetMinutes * 60) * 1000).toISOString().slice(0, 16);
}

/** And back; `undefined` for what is no moment. */
export function fromInput(value: string, offsetMinutes: number): number | undefined {
  const local = Date.parse(`${value}Z`);
  return Number.isNaN(local) ? undefined : local / 1000 - offsetMinutes * 60;
}

/** A key as words: `budget_tier` is `budget tier`. */
export const words = (key: string): string => key.replaceAll("_", " ");

/** With a capital. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A duration in milliseconds. */
export const milliseconds = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);
