// The module worker: one engine, one operation at a time, in the order of the messages.
import { isFailure } from "./errors.js";
import { Host } from "./host.js";
import type { Call, Operations, Reply } from "./protocol.js";

interface Port {
  onmessage: ((event: MessageEvent<Call>) => void) | null;
  postMessage(reply: Reply, transfer: Transferable[]): void;
}

const port = globalThis as unknown as Port;
const host = new Host((said) => port.postMessage({ said }, []));

port.onmessage = async ({ data: { id, operation, payload } }) => {
  try {
    const answer = await host.run(operation, payload);
    port.postMessage({ id, answer }, operation === "score" ? buffers(answer as Operations["score"]["answer"]) : []);
  } catch (thrown) {
    const failure = isFailure(thrown) ? thrown : { code: "engine.failed", message: String(thrown) };
    port.postMessage({ id, failure: { code: failure.code, message: failure.message } }, []);
  }
};

const buffers = ({ rows, scores }: { rows: Uint32Array; scores: Float32Array }) =>
  [rows.buffer, scores.buffer] as ArrayBuffer[];
