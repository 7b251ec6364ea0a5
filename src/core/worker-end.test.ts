import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A process of its own, which ends threads at any moment of their making compression contexts: one that Node aborts cannot be
 * caught. `end` is how the threads are ended.
 */
function program(end: string): string {
  const modules = JSON.stringify({
    handle: new URL("../pipeline/zstd-handle.ts", import.meta.url).href,
    end: new URL("worker-end.ts", import.meta.url).href,
  });
  return `
    import { Worker } from "node:worker_threads";
    const modules = ${modules};
    const { endWorkers } = await import(modules.end);
    const code = \`
      const { parentPort, workerData } = await import("node:worker_threads");
      const { ZstdHandle } = await import(workerData);
      parentPort.postMessage("making");
      for (;;) { ZstdHandle.open("decompress", {}).close(); }
    \`;
    for (let round = 0; round < 30; round++) {
      const workers = Array.from({ length: 4 }, () =>
        new Worker(new URL("data:text/javascript," + encodeURIComponent(code)), { workerData: modules.handle }));
      await Promise.all(workers.map((worker) => new Promise((made) => worker.once("message", made))));
      await new Promise((later) => setTimeout(later, round % 8));
      ${end};
    }
    process.stdout.write("all ended");
  `;
}

test("a thread can be ended while it makes a compression context, and the process lives on", async () => {
  const ours = await run(process.execPath, [
    "--input-type=module",
    "--eval",
    program("await endWorkers(workers)"),
  ]);
  assert.equal(ours.stdout, "all ended");
});
