/**
 * One of two processes that race for the same keys of a disk store (entry of a child process, started by `race.ts`).
 * For each line on standard input, the number of a key, it tries to create that key with its own bytes and answers
 * `won` or `lost`. The starter sends a number to both at once, so that every race is close.
 */
import { createInterface } from "node:readline";
import { isDrError } from "../../core/errors.ts";
import { configureFailpointsFrom } from "../../files/failpoint-effects.ts";
import { DiskStore } from "../disk-store.ts";

configureFailpointsFrom(process.env);
const [root = "", prefix = "", writer = ""] = process.argv.slice(2);
const signal = new AbortController().signal;
const store = await DiskStore.open({ root, create: false }, { signal });
await store.stagingDirectory({ signal });

async function wins(key: string): Promise<boolean> {
  try {
    return (await store.put(key, [Buffer.from(writer)], { signal })) === "created";
  } catch (error) {
    if (isDrError(error, "STORE_CONFLICT") || isDrError(error, "STORE_BUSY")) {
      return false;
    }
    throw error;
  }
}

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write((await wins(`${prefix}${line}`)) ? "won\n" : "lost\n");
}
