// What is shown of an item, put into words and numbers of a language. Nothing here is HTML.
import type { BreakdownPart, ResultItem, ResultsTexts } from "../../types/element.js";

/** How numbers are written. */
export interface Formats {
  whole(value: number): string;
  tenth(value: number): string;
  /** Of something that adds up: always one decimal. */
  points(value: number): string;
  money(value: number): string;
}

/** A fact of a result, and the icon that goes with it. */
export interface Fact {
  icon: "price" | "distance" | "bids";
  text: string;
}

const PARTS: BreakdownPart[] = ["quality", "reliability", "location", "specialisation", "pricing", "availability"];

/** Formats of a language and a currency; what the browser does not know is written plainly. */
export function formatsOf(locale: string, currency: string | null | undefined): Formats {
  const digits = (maximumFractionDigits: number, more: Intl.NumberFormatOptions = {}) =>
    numberFormat(locale, { maximumFractionDigits, ...more });
  const [whole, tenth, points] = [digits(0), digits(1), digits(1, { minimumFractionDigits: 1 })];
  const money = currency ? digits(0, { style: "currency", currency }) : digits(0);
  return {
    whole: (v) => whole.format(v),
    tenth: (v) => tenth.format(v),
    points: (v) => points.format(v),
    money: (v) => money.format(v),
  };
}

function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const { maximumFractionDigits = 0 } = options;
  for (const [language, how] of [
    [locale, options],
    ["en", options],
    [locale, { maximumFractionDigits }],
  ] as const) {
    try {
      return new Intl.NumberFormat(language, how);
    } catch {
      // An unknown language or currency.
    }
  }
  return new Intl.NumberFormat("en", { maximumFractionDigits });
}

/** The id of an item: it is of a cleaner or of a job. */
export function idOf(item: ResultItem): string {
  return item.cleanerId ?? item.jobId ?? String(item.rank);
}

export function titleOf(item: ResultItem, texts: ResultsTexts): string {
  if (item.name) return item.name;
  return item.jobId === undefined ? texts.cleaner(idOf(item)) : texts.job(item.jobId);
}

/** 0 for the best grade to 3. */
export function gradeOf(score: number): 0 | 1 | 2 | 3 {
  if (score >= 80) return 0;
  if (score >= 60) return 1;
  return score >= 40 ? 2 : 3;
}

/** Price, pay, bids and distance, as far as they are known. */
export function factsOf(item: ResultItem, texts: ResultsTexts, formats: Formats): Fact[] {
  const { price, pay, bid, bidCount, lowestBid, distanceKm } = item;
  const facts: (Fact | false)[] = [
    isNumber(pay) && { icon: "price", text: texts.pay(formats.money(pay)) },
    isNumber(price) && { icon: "price", text: (bid ? texts.bid : texts.price)(formats.money(price)) },
    isNumber(bidCount) && {
      icon: "bids",
      text: texts.bids(bidCount, isNumber(lowestBid) ? formats.money(lowestBid) : null),
    },
    isNumber(distanceKm) && { icon: "distance", text: texts.distance(formats.tenth(distanceKm)) },
  ];
  return facts.filter((fact) => fact !== false);
}

/** The parts of the breakdown that the item has, in a fixed order. */
export function partsOf({ breakdown = {} }: ResultItem): { part: BreakdownPart; value: number | null }[] {
  return PARTS.flatMap((part) => {
    const value = breakdown[part];
    return value === undefined ? [] : [{ part, value }];
  });
}

export function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
