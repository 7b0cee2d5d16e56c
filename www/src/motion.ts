// Cards glide to their new places when the order changes, unless the reader asked for less motion.

/** Runs `change` on the page and animates the children of `list` from their old places to their new ones. */
export function glide(list: () => Element | null, change: () => void): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    change();
    return;
  }
  const before = places(list());
  change();
  for (const [id, { element, top }] of places(list())) {
    const from = before.get(id)?.top;
    if (from === undefined || from === top) continue;
    element.animate([{ transform: `translateY(${from - top}px)` }, { transform: "none" }], {
      duration: 220,
      easing: "cubic-bezier(0.2, 0, 0, 1)",
    });
  }
}

function places(list: Element | null): Map<string, { element: HTMLElement; top: number }> {
  const cards = [...(list?.children ?? [])].filter((child) => child instanceof HTMLElement);
  return new Map(cards.map((element) => [element.dataset.id ?? "", { element, top: element.offsetTop }]));
}
