/**
 * What every worker thread of the pipeline does at its start and end: failpoints are switched on as in the
 * main thread, and an error goes to the main thread with its code instead of as an uncaught exception.
 */
import { appendFileSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import { transferError } from "../core/error-transfer.ts";
import { configureFailpoints } from "../core/failpoint.ts";

/** Ends the process as SIGKILL does. */
function killProcess(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}

/** Configures this thread's failpoints from the environment it inherited. */
export function configureWorkerFailpoints(environment: NodeJS.ProcessEnv): void {
  const log = environment["PRA_FAILPOINT_LOG"];
  const record = (name: string): void => appendFileSync(log ?? "", `${name}\n`);
  const effects = { kill: killProcess };
  configureFailpoints({
    failpoints: environment["PRA_FAILPOINT"],
    guardsOff: environment["PRA_GUARD_OFF"],
    effects: log === undefined || log === "" ? effects : { ...effects, record },
  });
}

/** Answers each message by `handle`; what it throws is posted as `{ kind: "failed", error }`. */
export function answerMessages<Message>(
  port: MessagePort,
  handle: (message: Message) => void,
): void {
  port.on("message", (message: Message) => {
    try {
      handle(message);
    } catch (error) {
      port.postMessage({ kind: "failed", error: transferError(error) });
    }
  });
}
