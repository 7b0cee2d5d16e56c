// Reasons in words: the message catalogues of `messages/`, and those of the host. `src/native/messages.rs` does the same for the
// command line and says what may stand in a template.
import el from "../../messages/el.json";
import en from "../../messages/en.json";
import type { MessageCatalogue, Reason } from "../types/index.js";
import { TidyrankError } from "./errors.js";

const BUILT_IN: Record<string, MessageCatalogue> = { en, el };

type Params = Reason["params"];

/** The texts of one recommender. */
export class Messages {
  readonly #host: Readonly<Record<string, MessageCatalogue>>;
  readonly #locale: string;

  /** `host`: catalogues by locale, which are asked before those of the package. */
  constructor(locale = "en", host: Readonly<Record<string, MessageCatalogue>> = {}) {
    this.#locale = locale;
    this.#host = host;
  }

  /** What a reason says in a language; in English where there is no text, and the code where there is none either. */
  text({ code, params }: Pick<Reason, "code" | "params">, locale = this.#locale): string {
    for (const language of languages(locale)) {
      const { count } = params;
      const ofCount =
        typeof count === "number"
          ? (this.#get(language, `${code}.${category(language, count)}`) ?? this.#get(language, `${code}.other`))
          : undefined;
      const template = ofCount ?? this.#get(language, code);
      if (template !== undefined) return this.#fillIn(template, params, language);
    }
    return code;
  }

  /** Gives every reason in an answer, however deep, its text. */
  fill<T>(answer: T, locale = this.#locale): T {
    visit(answer, (reason) => {
      reason.text = this.text(reason, locale);
    });
    return answer;
  }

  #get(language: string, key: string): string | undefined {
    for (const all of [this.#host, BUILT_IN]) {
      const catalogue = Object.hasOwn(all, language) ? all[language] : undefined;
      const text = catalogue && Object.hasOwn(catalogue, key) ? catalogue[key] : undefined;
      if (typeof text === "string") return text;
    }
    return undefined;
  }

  #lookup(language: string, key: string): string | undefined {
    for (const one of languages(language)) {
      const text = this.#get(one, key);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #fillIn(template: string, params: Params, language: string): string {
    return template.replace(/\{([^}]*)\}/g, (slot, inside: string) => {
      const [name = "", format = ""] = inside.split(":");
      const value = Object.hasOwn(params, name) ? params[name] : undefined;
      if (value === undefined) return slot;
      if (typeof value === "string") return format === "word" ? this.#word(value, language) : value;
      if (format === "money") return this.#money(value, String(params.currency ?? ""), language);
      if (format === "ordinal") return this.#ordinal(value, language);
      return this.#number(value, /^\d+$/.test(format) ? Number(format) : undefined, language);
    });
  }

  #money(amount: number, currency: string, language: string): string {
    const template =
      this.#get(language, `money.${currency}`) ?? this.#lookup(language, "money") ?? "{amount} {currency}";
    return replaced(template, { amount: this.#number(amount, undefined, language), currency }).trimEnd();
  }

  #ordinal(n: number, language: string): string {
    const template = this.#get(language, `ordinal.${category(language, n, "ordinal")}`);
    return replaced(template ?? "{n}", { n: this.#number(n, undefined, language) });
  }

  #word(key: string, language: string): string {
    return this.#lookup(language, `word.${key}`) ?? key.replaceAll("_", " ");
  }

  /** With as many decimals as are asked for, or as the number has. Not by Intl: browsers would differ. */
  #number(number: number, decimals: number | undefined, language: string): string {
    const plain = decimals === undefined ? String(number) : number.toFixed(decimals);
    const [whole = "", fraction] = plain.split(".");
    const group = this.#lookup(language, "number.group") ?? "";
    const grouped = whole.replace(/\d(?=(\d{3})+$)/g, (digit) => digit + group);
    return fraction === undefined ? grouped : grouped + (this.#lookup(language, "number.decimal") ?? ".") + fraction;
  }
}

/** A locale, its language, and English. */
function languages(locale: string): Set<string> {
  return new Set([locale, locale.split(/[-_]/)[0] as string, "en"]);
}

/** Making one takes longer than ranking a hundred cleaners. */
const pluralRules = new Map<string, Intl.PluralRules | undefined>();

function category(locale: string, n: number, type: Intl.PluralRuleType = "cardinal"): string {
  const key = `${type} ${locale}`;
  if (!pluralRules.has(key)) pluralRules.set(key, rulesOf(locale, type));
  return pluralRules.get(key)?.select(n) ?? "other";
}

function rulesOf(locale: string, type: Intl.PluralRuleType): Intl.PluralRules | undefined {
  try {
    return new Intl.PluralRules(locale, { type });
  } catch {
    return undefined;
  }
}

/** In one pass: what is put in is not looked at again. */
const replaced = (template: string, values: Record<string, string>) =>
  template.replace(/\{([^}]*)\}/g, (_, name: string) => values[name] ?? "");

function visit(value: unknown, each: (reason: Reason) => void): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if ("code" in value && "params" in value) each(value as Reason);
  else for (const part of Object.values(value)) visit(part, each);
}

/** A locale as it was given, if it is none at all refused with this code. */
export function checkedLocale(locale: unknown, code: "load.invalid" | "request.invalid"): string | undefined {
  if (locale === undefined || (typeof locale === "string" && locale !== "")) return locale;
  throw new TidyrankError(code, `\`locale\` must be a language tag such as "en", not ${JSON.stringify(locale)}`);
}
