/** Why something is so: a stable code, the parameters of its text, and the text in the language that was asked for. */
export interface Reason {
  code: string;
  /** Numbers are rounded to what is shown of them. */
  params: Record<string, string | number>;
  /** Plain text, never HTML. */
  text: string;
}

/** What is amiss: a stable code and a text in English for developers. */
export interface Notice {
  code: string;
  text: string;
}

/**
 * Texts by code. `code.one`, `code.other`, … are chosen by the parameter `count` (CLDR plural categories); in a text `{name}` is
 * a parameter, `{name:1}` a number with one decimal, `{name:money}` an amount in the currency of the parameter `currency`,
 * `{name:ordinal}` a place, `{name:word}` a key such as a property type. What `number.decimal`, `number.group`, `money`,
 * `money.EUR`, `ordinal.one`, `word.apartment` and the like say is how those are shown. `docs/explanations.md` lists the keys.
 */
export type MessageCatalogue = Readonly<Record<string, string>>;
