// Ranking in a module worker. Calls wait here, not in the worker's mailbox: one that is cancelled while it waits is
// never begun.
import { aborted, TidyrankError } from "./errors.js";
import type { Tell } from "./gpu.js";
import type { Backend, Operation, Operations, Reply } from "./protocol.js";

interface Task {
  id: number;
  operation: Operation;
  payload: unknown;
  transfer: Transferable[];
  settle(outcome: { answer: unknown } | { error: TidyrankError }): void;
}

/** An engine in a worker. */
export class WorkerBackend implements Backend {
  readonly worker = true;
  readonly #port: Worker;
  readonly #tell: Tell;
  readonly #waiting: Task[] = [];
  #current: Task | undefined;
  #ended: TidyrankError | undefined;
  #nextId = 1;

  constructor(port: Worker, tell: Tell) {
    this.#port = port;
    this.#tell = tell;
    port.onmessage = (event: MessageEvent<Reply>) => this.#receive(event.data);
    const fail = (message: string) => this.#end(new TidyrankError("worker.failed", message));
    port.onerror = (event) => fail(event.message || "the worker could not be started");
    port.onmessageerror = () => fail("a message of the worker could not be read");
  }

  call<O extends Operation>(
    operation: O,
    payload: Operations[O]["payload"],
    signal: AbortSignal | undefined,
    transfer: Transferable[] = [],
  ) {
    return new Promise<Operations[O]["answer"]>((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const cancel = () =>
        signal && this.#cancel(task, aborted(signal, operation === "load" ? "load.aborted" : "request.aborted"));
      const task: Task = {
        id: this.#nextId++,
        operation,
        payload,
        transfer,
        settle(outcome) {
          signal?.removeEventListener("abort", cancel);
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.answer as Operations[O]["answer"]);
        },
      };
      this.#waiting.push(task);
      if (signal?.aborted) return cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      this.#next();
    });
  }

  dispose(reason: TidyrankError): void {
    this.#end(reason);
  }

  #next(): void {
    if (this.#current || this.#ended) return;
    this.#current = this.#waiting.shift();
    if (!this.#current) return;
    const { id, operation, payload, transfer } = this.#current;
    try {
      this.#port.postMessage({ id, operation, payload }, transfer);
    } catch (cause) {
      // A payload that cannot be cloned, e.g. a function where a number belongs.
      this.#finish({ error: new TidyrankError("request.shape", "the request cannot be sent to a worker", { cause }) });
    }
  }

  #receive(reply: Reply): void {
    if ("said" in reply) this.#tell(reply.said);
    else if (reply.id !== this.#current?.id) return;
    else if ("answer" in reply) this.#finish({ answer: reply.answer });
    else this.#finish({ error: new TidyrankError(reply.failure.code, reply.failure.message) });
  }

  #finish(outcome: Parameters<Task["settle"]>[0]): void {
    const task = this.#current;
    this.#current = undefined;
    task?.settle(outcome);
    this.#next();
  }

  /** A task under way is rejected at once, but the next one waits for the worker to be free. */
  #cancel(task: Task, error: TidyrankError): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) this.#waiting.splice(at, 1);
    task.settle({ error });
  }

  #end(error: TidyrankError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#port.terminate();
    for (const task of [this.#current, ...this.#waiting.splice(0)]) task?.settle({ error });
    this.#current = undefined;
  }
}
