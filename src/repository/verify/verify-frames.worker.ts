/** Entry of the worker threads of verify: see `check-frames.ts`. It writes nothing, so it has no failpoints. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { present } from "../../core/assert.ts";
import { transferError } from "../../core/error-transfer.ts";
import { FrameChecker } from "./check-frames.ts";
import type { VerifyAnswer, VerifyRequest, VerifyWorkerData } from "./verify-messages.ts";

function serve(port: MessagePort, checker: FrameChecker): void {
  const answer = (message: VerifyAnswer): void => port.postMessage(message);
  port.on("message", ({ number, object }: VerifyRequest) => {
    try {
      const { faults, ...checked } = checker.check(object);
      answer({ kind: "checked", number, checked, faults: faults.map(transferError) });
    } catch (error) {
      answer({ kind: "failed", number, error: transferError(error) });
    }
  });
}

serve(
  present(parentPort, "a verify worker runs as a worker"),
  new FrameChecker(workerData as VerifyWorkerData),
);
