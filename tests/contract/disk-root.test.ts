/** A store whose root is another directory than when it was opened, as when its disk was unmounted. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rename, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import { withCode } from "./object-store-contract.ts";

const call = { signal: new AbortController().signal };
const content = Buffer.from("an object");
const KEY = "some/object";

configureFailpointsFrom(process.env);

async function storeIn(context: TestContext): Promise<DiskStore> {
  const directory = await mkdtemp(join(tmpdir(), "pra-root-"));
  context.after(async () => {
    configureFailpointsFrom(process.env);
    await rm(directory, { recursive: true });
  });
  return await DiskStore.open({ root: join(directory, "root"), create: true }, call);
}
test("L7 nothing is written, found absent or deleted where another directory took the root's place, as when its disk was unmounted", async (context) => {
  const store = await storeIn(context);
  await store.put(KEY, [content], call);
  const aside = `${store.location}-aside`;
  const attempts = {
    put: () => store.put("a/new", [content], call),
    putKnown: () => store.put(`${KEY}-beside`, [content], call),
    openAppend: () => store.openAppend("wal/new", call),
    get: () => store.get(KEY, call),
    size: () => store.size(KEY, call),
    list: () => store.list("", call),
    delete: () => store.delete(KEY, call),
    keepRoom: () => store.emergencyRoom.keep(call),
    releaseRoom: () => store.emergencyRoom.release(call),
    removeLeftovers: () => store.removeLeftovers({ ...call, olderThanMs: 0 }),
  };
  await rename(store.location, aside);
  for (const [name, attempt] of Object.entries(attempts)) {
    await assert.rejects(attempt, withCode("STORE_ROOT_MISSING"), name);
  }
  await mkdir(store.location);
  for (const [name, attempt] of Object.entries(attempts)) {
    await assert.rejects(attempt, withCode("STORE_ROOT_CHANGED"), name);
  }
  assert.deepEqual(await readdir(store.location), []);
  await rmdir(store.location);
  await rename(aside, store.location);
  assert.equal(await store.put(KEY, [content], call), "identical");
});

test("L7 a put is not acknowledged when another directory took the root's place before it ended", async (context) => {
  const store = await storeIn(context);
  await store.stagingDirectory(call);
  const swap = 'sleep 0.3; mv "$1" "$1-aside"; mkdir -p "$1/a"; echo done';
  const swapper = spawn("sh", ["-c", swap, "sh", store.location], { stdio: "ignore" });
  // Holds this process, after the object has its name.
  const variables = { ...process.env, PRA_FAILPOINT: "files.published:delay=1500" };
  configureFailpointsFrom(variables);
  await assert.rejects(store.put("a/object", [content], call), withCode("STORE_ROOT_CHANGED"));
  configureFailpointsFrom(process.env);
  assert.equal(swapper.exitCode ?? (await once(swapper, "close"))[0], 0);
  assert.deepEqual(await readdir(join(`${store.location}-aside`, "a")), ["object"]);
});
