/**
 * A process that does one thing to a disk store and may be killed in the middle of it by a failpoint; started by
 * `disk-store.test.ts`. Says `done`, or the code of its error. Appends say how many bytes were acknowledged.
 */
import { writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDrError } from "../../src/core/errors.ts";
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";

/** What every operation stores: no two blocks of it are alike, so that a shift shows. */
const CONTENT = Buffer.from(
  Array.from({ length: 60_000 }, (_, index) => `${index}`.padStart(5, "0")).join(""),
);

async function run(operation: string, root: string, key: string): Promise<void> {
  const call = { signal: new AbortController().signal };
  const hardLinks = operation.endsWith("-trailer") ? ({ hardLinks: "none" } as const) : {};
  const store = await DiskStore.open({ root, create: true, ...hardLinks }, call);
  switch (operation.replace("-trailer", "")) {
    case "put":
      await store.put(key, [CONTENT.subarray(0, 1000), CONTENT.subarray(1000)], call);
      break;
    case "put-file": {
      const path = join(await store.stagingDirectory(call), "prepared");
      await writeFile(path, CONTENT);
      await store.putFile(path, key, call);
      break;
    }
    case "append": {
      await using growing = await store.openAppend(key, call);
      for (let done = 0; done < CONTENT.length; done += 100_000) {
        growing.appendSync(CONTENT.subarray(done, done + 100_000));
        writeSync(1, `acknowledged ${growing.sizeBytes}\n`);
      }
      break;
    }
    case "delete":
      await store.delete(key, call);
      break;
    default:
      throw new Error(`unknown operation ${operation}`);
  }
  writeSync(1, "done\n");
}

configureFailpointsFrom(process.env);
const [operation = "", root = "", key = ""] = process.argv.slice(2);
try {
  await run(operation, root, key);
} catch (error) {
  if (!isDrError(error)) {
    throw error;
  }
  writeSync(
    1,
    `${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`,
  );
  process.exitCode = 1;
}
