/** Entry of the worker threads of a backup. */
import { parentPort, workerData } from "node:worker_threads";
import { present } from "../core/assert.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import type { PackWorkerData } from "../pipeline/pack-messages.ts";
import { servePacks } from "../pipeline/serve-packs.ts";
import { inStoreWords } from "../files/staged-error.ts";

configureFailpointsFrom(process.env);
const port = present(parentPort, "a pack worker runs as a worker");
servePacks(port, workerData as PackWorkerData, inStoreWords);
