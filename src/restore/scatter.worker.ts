/** The worker thread of a restore: see `scatter.ts`. It knows no repository and no plan. */
import { parentPort, workerData } from "node:worker_threads";
import { present, unreachable } from "../core/assert.ts";
import { answerMessages, configureWorkerFailpoints } from "../pipeline/worker-entry.ts";
import type { ScatterAnswer, ScatterRequest, ScatterWorkerData } from "./scatter-messages.ts";
import { Scatterer } from "./scatter.ts";

configureWorkerFailpoints(process.env);
const port = present(parentPort, "a scatter worker runs as a worker");
const scatterer = new Scatterer(workerData as ScatterWorkerData);

answerMessages<ScatterRequest>(port, (request) => {
  switch (request.kind) {
    case "unit": {
      const { number } = request;
      const done: ScatterAnswer = { kind: "done", number, ...scatterer.scatter(request) };
      port.postMessage(done);
      return;
    }
    case "finish": {
      scatterer.finish(request.files);
      const done: ScatterAnswer = {
        kind: "done",
        number: request.number,
        writtenBytes: 0,
        readBytes: 0,
      };
      port.postMessage(done);
      return;
    }
    default:
      unreachable(request);
  }
});
