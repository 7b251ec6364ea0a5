/**
 * One of two processes that race for the same keys of a disk store (entry of a child process, started by `race.ts`).
 * Says `ready`, waits for a line, then tries to create each key with its own bytes, and says which it won.
 */
import { createInterface } from "node:readline";
import { isDrError } from "../../core/errors.ts";
import { configureFailpointsFrom } from "../../files/failpoint-effects.ts";
import { DiskStore } from "../disk-store.ts";

configureFailpointsFrom(process.env);
const [root = "", prefix = "", keys = "0", writer = ""] = process.argv.slice(2);
const signal = new AbortController().signal;
const store = await DiskStore.open({ root, create: false }, { signal });
await store.stagingDirectory({ signal });
const lines = createInterface({ input: process.stdin });
process.stdout.write("ready\n");
for await (const line of lines) {
  if (line === "go") {
    break;
  }
}
const won: number[] = [];
for (let index = 0; index < Number(keys); index += 1) {
  try {
    const result = await store.put(`${prefix}${index}`, [Buffer.from(`${writer}\n`)], { signal });
    if (result === "created") {
      won.push(index);
    }
  } catch (error) {
    if (!isDrError(error, "STORE_CONFLICT")) {
      throw error;
    }
  }
}
process.stdout.write(`${JSON.stringify(won)}\n`);
process.stdin.unref();
lines.close();
