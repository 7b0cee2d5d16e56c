// The module worker: one engine, one operation at a time, in the order of the messages.
import { isFailure } from "./errors.js";
import { Host } from "./host.js";
import type { Call, Reply } from "./protocol.js";

interface Port {
  onmessage: ((event: MessageEvent<Call>) => void) | null;
  postMessage(reply: Reply): void;
}

const port = globalThis as unknown as Port;
const host = new Host();

port.onmessage = async ({ data: { id, operation, payload } }) => {
  try {
    port.postMessage({ id, answer: await host.run(operation, payload) });
  } catch (thrown) {
    const failure = isFailure(thrown) ? thrown : { code: "engine.failed", message: String(thrown) };
    port.postMessage({ id, failure: { code: failure.code, message: failure.message } });
  }
};
