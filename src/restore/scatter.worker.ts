/** Entry of the worker threads of a restore: see `scatter.ts`. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { present, unreachable } from "../core/assert.ts";
import { systemClock } from "../core/clock.ts";
import { transferError } from "../core/error-transfer.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import type { ScatterAnswer, ScatterBeginning, ScatterRequest } from "./scatter-messages.ts";
import { type ScatterCounts, type ScatterStart, Scatterer } from "./scatter.ts";

const NOTHING_MOVED: ScatterCounts = { writtenBytes: 0, readBytes: 0 };

async function begin(scatterer: Scatterer, request: ScatterRequest): Promise<ScatterStart> {
  switch (request.kind) {
    case "unit":
    case "assembly":
      return scatterer.begin(request);
    case "comparison":
      return scatterer.compare(request);
    case "finish":
      // Files wait for the disk; meanwhile frames are opened.
      return { counts: NOTHING_MOVED, written: scatterer.finish(request.files) };
    default:
      return unreachable(request);
  }
}

function serve(port: MessagePort): void {
  const answer = (message: ScatterAnswer): void => port.postMessage(message);
  let scatterer: Scatterer | undefined;
  let failed = false;
  const fail = (error: unknown): void => {
    // Nothing more is written after the first error: the pool ends the threads.
    if (!failed) {
      failed = true;
      answer({ kind: "failed", error: transferError(error) });
    }
  };
  const handle = async (request: ScatterRequest | ScatterBeginning): Promise<void> => {
    if (failed) {
      return;
    }
    try {
      if (request.kind === "begin") {
        scatterer = new Scatterer(request.data, systemClock);
        return;
      }
      const { number } = request;
      const worker = present(scatterer, "a worker is told its beginning first");
      const { counts, written } = await begin(worker, request);
      // The next request's frames are opened while the last writes of this one go on.
      void written.then(() => answer({ kind: "done", number, ...counts }), fail);
    } catch (error) {
      fail(error);
    }
  };
  let turn = Promise.resolve();
  port.on("message", (request: ScatterRequest | ScatterBeginning) => {
    turn = turn.then(() => handle(request));
  });
}

configureFailpointsFrom(process.env);
serve(present(parentPort, "a scatter worker runs as a worker"));
