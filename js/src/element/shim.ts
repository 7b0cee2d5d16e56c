// What Lit wants of a browser while it is imported, for servers: there nothing of it is ever used. The build puts these in
// the place of the globals in element.js.
const scope = globalThis as {
  document?: Document;
  HTMLElement?: typeof HTMLElement;
  CSSStyleSheet?: typeof CSSStyleSheet;
};
const page = scope.document ?? ({ createTreeWalker: () => ({}) } as unknown as Document);
const element = scope.HTMLElement ?? (class {} as typeof HTMLElement);
const sheet = scope.CSSStyleSheet ?? (class {} as typeof CSSStyleSheet);

export { element as HTMLElement, page as document, sheet as CSSStyleSheet };
