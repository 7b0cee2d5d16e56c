// The one error class of the package, and the ways foreign failures become it.

/** An error with a stable code. */
export class TidyrankError extends Error {
  override readonly name = "TidyrankError";
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** What crosses the border of a worker or of wasm in place of an error. */
export interface Failure {
  code: string;
  message: string;
}

/** A name from outside in quotation marks, as the engine writes it. */
export function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&").replace(/\p{Cc}/gu, "\ufffd")}"`;
}

/** Whether something thrown carries a code and a message. */
export function isFailure(thrown: unknown): thrown is Failure {
  if (typeof thrown !== "object" || thrown === null) return false;
  const { code, message } = thrown as Partial<Failure>;
  return typeof code === "string" && typeof message === "string";
}

/** Any thrown value as our error; `code` is for those that have none. */
export function toError(thrown: unknown, code: string): TidyrankError {
  if (thrown instanceof TidyrankError) return thrown;
  if (isFailure(thrown) && thrown.code.includes(".")) return new TidyrankError(thrown.code, thrown.message);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TidyrankError(code, message, { cause: thrown });
}

/** Throws where the signal has been given. */
export function throwIfAborted(signal: AbortSignal | undefined, code: "load.aborted" | "request.aborted"): void {
  if (signal?.aborted) throw aborted(signal, code);
}

/** The error for a cancelled operation; the signal's reason is its cause. */
export function aborted(signal: AbortSignal, code: "load.aborted" | "request.aborted"): TidyrankError {
  const what = code === "load.aborted" ? "loading" : "the request";
  return new TidyrankError(code, `${what} was cancelled`, { cause: signal.reason });
}

/** The promise, or a rejection as soon as the signal is given. */
export async function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  code: "load.aborted" | "request.aborted" = "request.aborted",
): Promise<T> {
  if (!signal) return await promise;
  let cancel: (() => void) | undefined;
  const given = new Promise<never>((_, reject) => {
    cancel = () => reject(aborted(signal, code));
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel);
  });
  try {
    return await Promise.race([promise, given]);
  } finally {
    if (cancel) signal.removeEventListener("abort", cancel);
  }
}
