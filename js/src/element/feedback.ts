// What a person says of a result: one press where that is enough, a comment where it is not.
import { html, type TemplateResult } from "lit";
import type { FeedbackKind, ResultsTexts } from "../../types/element.js";
import { ICONS } from "./icons.js";

/** How far somebody got. */
export type FeedbackStep = "asking" | "other" | "done" | undefined;

/** A longer comment is cut. */
const LONGEST_COMMENT = 1000;
const COMPLAINTS: FeedbackKind[] = ["not_relevant", "too_expensive", "too_far", "wrong_specialty"];

export interface FeedbackView {
  step: FeedbackStep;
  /** Of the result. */
  title: string;
  /** Unique in the shadow tree. */
  id: string;
  texts: ResultsTexts;
  goTo(step: FeedbackStep): void;
  say(kind: FeedbackKind, comment?: string): void;
}

export function feedbackTemplate(view: FeedbackView): TemplateResult {
  const { step, texts, title } = view;
  if (step === "done")
    return html`<p class="thanks" part="thanks" data-focus tabindex="-1"><bdi>${texts.thanks}</bdi></p>`;
  if (step === "other") return commentTemplate(view);
  if (step === "asking") return complaintsTemplate(view);
  return html`<div class="feedback" part="feedback" role="group" aria-label=${texts.feedback(title)}>
    <button type="button" class="quiet" part="button helpful" @click=${() => view.say("helpful")}>
      ${ICONS.helpful}${texts.kinds.helpful}
    </button>
    <button type="button" class="quiet" part="button not-helpful" data-focus @click=${() => view.goTo("asking")}>
      ${ICONS.not}${texts.notHelpful}
    </button>
  </div>`;
}

function complaintsTemplate(view: FeedbackView): TemplateResult {
  const { texts, title } = view;
  return html`<div
    class="feedback asking"
    part="feedback"
    role="group"
    aria-label="${texts.feedback(title)}: ${texts.feedbackQuestion}"
    @keydown=${cancelOnEscape(view)}
  >
    <span class="question" aria-hidden="true"><bdi>${texts.feedbackQuestion}</bdi></span>
    ${COMPLAINTS.map(
      (kind, at) => html`<button
        type="button"
        class="chip"
        part="button complaint"
        ?data-focus=${at === 0}
        @click=${() => view.say(kind)}
      >
        ${texts.kinds[kind]}
      </button>`,
    )}
    <button type="button" class="chip" part="button complaint" @click=${() => view.goTo("other")}>
      ${texts.kinds.other}
    </button>
    <button type="button" class="quiet" part="button cancel" @click=${() => view.goTo(undefined)}>
      ${texts.cancel}
    </button>
  </div>`;
}

function commentTemplate(view: FeedbackView): TemplateResult {
  const { texts, id } = view;
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const comment = new FormData(event.currentTarget as HTMLFormElement).get("comment");
    const said = typeof comment === "string" ? comment.trim().slice(0, LONGEST_COMMENT) : "";
    view.say("other", said || undefined);
  };
  return html`<form class="feedback comment" part="feedback" @submit=${send} @keydown=${cancelOnEscape(view)}>
    <label for="${id}-comment">${texts.comment}</label>
    <textarea id="${id}-comment" name="comment" part="comment" rows="2" maxlength=${LONGEST_COMMENT} data-focus></textarea>
    <div class="buttons">
      <button type="submit" class="main" part="button send">${texts.send}</button>
      <button type="button" class="quiet" part="button cancel" @click=${() => view.goTo(undefined)}>${texts.cancel}</button>
    </div>
  </form>`;
}

function cancelOnEscape(view: FeedbackView) {
  return (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    view.goTo(undefined);
  };
}
