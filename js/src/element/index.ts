// `<tidyrank-results>`. The data that it is given become text nodes and attribute values, never HTML.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type {
  FeedbackKind,
  TidyrankResults as Published,
  ResultDetail,
  ResultItem,
  Results,
  ResultsEventMap,
  ResultsTexts,
} from "../../types/element.js";
import { cardTemplate } from "./card.js";
import type { Asked } from "./details.js";
import type { FeedbackStep } from "./feedback.js";
import { linesOf } from "./lines.js";
import { STYLES } from "./styles.js";
import { TEXTS, textsOf } from "./texts.js";
import { type Formats, formatsOf, idOf, titleOf } from "./view.js";

export { linesOf, TEXTS };

const NAME = "tidyrank-results";
/** How many placeholders are shown. */
const PLACEHOLDERS = 3;

/** A list of results, with what a person can ask and say of each. */
export class TidyrankResults extends LitElement {
  static override styles = STYLES;
  static override properties = {
    ranking: { attribute: false },
    items: { attribute: false },
    initialResults: { attribute: false },
    loading: { type: Boolean, reflect: true },
    locale: {},
    currency: {},
    texts: { attribute: false },
    theme: { reflect: true },
    headingLevel: { type: Number, attribute: "heading-level" },
    titleOf: { attribute: false },
    explain: { attribute: false },
    expanded: { attribute: false },
    recommendationIds: { attribute: false },
    hideContact: { type: Boolean, attribute: "hide-contact" },
    hideFeedback: { type: Boolean, attribute: "hide-feedback" },
    hideDetails: { type: Boolean, attribute: "hide-details" },
  };

  declare ranking: Results | null | undefined;
  declare items: readonly ResultItem[] | null | undefined;
  declare initialResults: Results | null | undefined;
  declare loading: boolean;
  declare locale: string | null;
  declare currency: string | null;
  declare texts: Partial<ResultsTexts> | null | undefined;
  declare theme: string | null;
  declare headingLevel: number;
  declare titleOf: Published["titleOf"];
  declare explain: Published["explain"];
  declare expanded: readonly string[];
  declare recommendationIds: readonly string[] | null | undefined;
  declare hideContact: boolean;
  declare hideFeedback: boolean;
  declare hideDetails: boolean;

  #steps = new Map<string, FeedbackStep>();
  #explanations = new Map<string, Asked>();
  /** Where the focus goes after the next change: into the feedback of this result. */
  #focus: string | undefined;

  constructor() {
    super();
    this.loading = this.hideContact = this.hideFeedback = this.hideDetails = false;
    this.locale = this.currency = this.theme = null;
    this.headingLevel = 3;
    this.expanded = [];
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const isNew = changed.has("ranking") || changed.has("items") || changed.has("initialResults");
    if (isNew) this.#steps = new Map();
    if (isNew || changed.has("explain")) this.#explanations = new Map();
    const open = this.#open();
    for (const item of this.#shown()?.items ?? []) if (open.has(idOf(item))) this.#explain(item);
  }

  protected override updated(): void {
    const id = this.#focus;
    this.#focus = undefined;
    if (id === undefined) return;
    const at = this.#shown()?.items.findIndex((item) => idOf(item) === id) ?? -1;
    this.renderRoot.querySelector<HTMLElement>(`[data-id="r${at}"] [data-focus]`)?.focus();
  }

  protected override render(): TemplateResult {
    const locale = this.locale || this.ownerDocument.documentElement.lang || "en";
    const [texts, formats] = [textsOf(locale, this.texts), formatsOf(locale, this.currency)];
    const shown = this.#shown();
    if (!shown && !this.loading) return html`<slot></slot>`;
    const items = shown?.items ?? [];
    const waiting = this.loading && items.length === 0;
    const said = this.loading ? texts.loading : items.length > 0 ? texts.found(items.length) : "";
    return html`<slot name="before"></slot>
      <p class="hidden" role="status">${said}</p>
      ${shown?.meta?.fallback ? html`<p class="notice" part="notice">${shown.meta.fallback.text}</p>` : nothing}
      ${waiting ? skeletonTemplate() : items.length === 0 ? emptyTemplate(texts) : this.#list(items, texts, formats)}
      <slot name="after"></slot>`;
  }

  #list(items: readonly ResultItem[], texts: ResultsTexts, formats: Formats): TemplateResult {
    const open = this.#open();
    const hide = { contact: this.hideContact, feedback: this.hideFeedback, details: this.hideDetails };
    return html`<ol class="list" part="list" role="list" lang=${this.locale || nothing} aria-label=${texts.list} aria-busy=${String(this.loading)}>
      ${items.map((item, at) => {
        const id = idOf(item);
        const title = this.titleOf?.(item) || titleOf(item, texts);
        return cardTemplate({
          item,
          id: `r${at}`,
          title: String(title),
          texts,
          formats,
          hide,
          headingLevel: Math.min(Math.max(Math.round(this.headingLevel) || 3, 1), 6),
          expanded: open.has(id),
          explanation: this.#explanations.get(id),
          step: this.#steps.get(id),
          select: () => this.#send("tidyrank-select", this.#detail(item, at)),
          contact: () => this.#send("tidyrank-contact", this.#detail(item, at)),
          toggle: () => this.#toggle(item, at),
          goTo: (step) => this.#goTo(id, step),
          say: (kind, comment) => this.#say(item, at, kind, comment),
        });
      })}
    </ol>`;
  }

  #shown(): Results | undefined {
    const ranking = this.ranking ?? (this.items ? { items: this.items } : this.initialResults);
    return Array.isArray(ranking?.items) ? ranking : undefined;
  }

  #open(): Set<string> {
    return new Set(this.hideDetails ? [] : this.expanded);
  }

  #detail(item: ResultItem, at: number): ResultDetail {
    return { id: idOf(item), rank: item.rank, item, recommendationId: this.recommendationIds?.[at] ?? null };
  }

  #send<K extends keyof ResultsEventMap>(type: K, detail: ResultsEventMap[K]["detail"]): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  #toggle(item: ResultItem, at: number): void {
    const id = idOf(item);
    const others = this.expanded.filter((open) => open !== id);
    const expanded = others.length === this.expanded.length;
    this.expanded = expanded ? [...others, id] : others;
    this.#send("tidyrank-toggle", { ...this.#detail(item, at), expanded });
  }

  #goTo(id: string, step: FeedbackStep): void {
    this.#steps.set(id, step);
    this.#focus = id;
    this.requestUpdate();
  }

  #say(item: ResultItem, at: number, kind: FeedbackKind, comment: string | undefined): void {
    this.#goTo(idOf(item), "done");
    this.#send("tidyrank-feedback", { ...this.#detail(item, at), kind, comment });
  }

  /** Asks the host, once; an answer to an earlier ranking is dropped. */
  async #explain(item: ResultItem): Promise<void> {
    const [id, ask, explanations] = [idOf(item), this.explain, this.#explanations];
    if (!ask || explanations.has(id)) return;
    explanations.set(id, "pending");
    let answer: Asked = "failed";
    try {
      answer = (await ask(item)) ?? "failed";
    } catch {
      // The host knows its own errors; a person is told that there is no explanation.
    }
    explanations.set(id, answer);
    if (explanations === this.#explanations) this.requestUpdate();
  }
}

function skeletonTemplate(): TemplateResult {
  return html`<div class="list" part="skeleton" aria-hidden="true">
    ${Array.from(
      { length: PLACEHOLDERS },
      () => html`<div class="card skeleton" part="card">
        <span class="bone round"></span>
        <span class="bones"><span class="bone"></span><span class="bone short"></span><span class="bone"></span></span>
        <span class="bone round"></span>
      </div>`,
    )}
  </div>`;
}

function emptyTemplate(texts: ResultsTexts): TemplateResult {
  return html`<div class="empty" part="empty" role="status"><slot name="empty">${texts.empty}</slot></div>`;
}

// On a server there is nothing to define it in; `observedAttributes` makes its properties known to wrappers there.
const { customElements } = globalThis as { customElements?: CustomElementRegistry };
if (!customElements) void TidyrankResults.observedAttributes;
else if (!customElements.get(NAME)) customElements.define(NAME, TidyrankResults);
