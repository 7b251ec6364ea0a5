/** Entry of the worker threads of a dump. */
import { parentPort, workerData } from "node:worker_threads";
import { present } from "../core/assert.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { inStoreWords } from "../files/staged-error.ts";
import { serveStreams } from "./serve-streams.ts";
import type { DumpWorkerData } from "./stream-messages.ts";

configureFailpointsFrom(process.env);
const port = present(parentPort, "a dump worker runs as a worker");
serveStreams(port, workerData as DumpWorkerData, inStoreWords);
