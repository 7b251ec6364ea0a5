/**
 * What failpoints do to this process: SIGKILL, and the log of names that were reached. It exists apart from
 * `core/failpoint.ts` because `core` touches neither processes nor files. Every entry of the program and of a
 * worker thread calls `configureFailpointsFrom` once, before anything else.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { configureFailpoints, type FailpointEffects } from "../core/failpoint.ts";

function killThisProcess(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal is delivered on return to user space at the latest; no further step may run until then.
  for (;;) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  }
}

/** SIGKILL, and one line for each name reached when a log file is named. */
export function processFailpointEffects(logPath?: string): FailpointEffects {
  if (logPath === undefined || logPath === "") {
    return { kill: killThisProcess };
  }
  return { kill: killThisProcess, record: (name) => appendFileSync(logPath, `${name}\n`) };
}

/** Reads `PRA_FAILPOINT`, `PRA_FAILPOINT_LOG`, `PRA_GUARD_OFF`. @throws DrError `USAGE_FAILPOINT`. */
export function configureFailpointsFrom(
  environment: Readonly<Record<string, string | undefined>>,
): void {
  configureFailpoints({
    failpoints: environment["PRA_FAILPOINT"],
    guardsOff: environment["PRA_GUARD_OFF"],
    effects: processFailpointEffects(environment["PRA_FAILPOINT_LOG"]),
  });
}
