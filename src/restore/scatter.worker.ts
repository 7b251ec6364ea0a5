/** Entry of the worker threads of a restore: see `scatter.ts`. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { present, unreachable } from "../core/assert.ts";
import { systemClock } from "../core/clock.ts";
import { transferError } from "../core/error-transfer.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import type { ScatterAnswer, ScatterRequest, ScatterWorkerData } from "./scatter-messages.ts";
import { type ScatterCounts, Scatterer } from "./scatter.ts";

const NOTHING_MOVED: ScatterCounts = { writtenBytes: 0, readBytes: 0 };

async function work(scatterer: Scatterer, request: ScatterRequest): Promise<ScatterCounts> {
  switch (request.kind) {
    case "unit":
      return scatterer.scatter(request);
    case "finish":
      await scatterer.finish(request.files);
      return NOTHING_MOVED;
    default:
      return unreachable(request);
  }
}

function serve(port: MessagePort, scatterer: Scatterer): void {
  const answer = (message: ScatterAnswer): void => port.postMessage(message);
  let failed = false;
  const handle = async (request: ScatterRequest): Promise<void> => {
    if (failed) {
      return;
    }
    try {
      answer({ kind: "done", number: request.number, ...(await work(scatterer, request)) });
    } catch (error) {
      // Nothing more is written after the first error: the pool ends the threads.
      failed = true;
      answer({ kind: "failed", error: transferError(error) });
    }
  };
  let turn = Promise.resolve();
  port.on("message", (request: ScatterRequest) => {
    turn = turn.then(() => handle(request));
  });
}

configureFailpointsFrom(process.env);
serve(
  present(parentPort, "a scatter worker runs as a worker"),
  new Scatterer(workerData as ScatterWorkerData, systemClock),
);
