/** What a reader meets while another process appends to an object, and gives back the room it had reserved. */
import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { configureFailpoints } from "../../src/core/failpoint.ts";
import {
  configureFailpointsFrom,
  processFailpointEffects,
} from "../../src/files/failpoint-effects.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import { withCode } from "./object-store-contract.ts";

const call = { signal: new AbortController().signal };

configureFailpointsFrom(process.env);
afterEach(() => {
  configureFailpointsFrom(process.env);
});

test("L39 an object that is cut to what was appended while it is read is read whole; a range of it is not", async () => {
  const root = await mkdtemp(join(tmpdir(), "pra-read-"));
  try {
    const store = await DiskStore.open({ root, create: true }, call);
    const appended = Buffer.alloc(1000, 7);
    const path = join(root, "part");
    const slowly = async (): Promise<void> => {
      await writeFile(path, Buffer.concat([appended, Buffer.alloc(5000)]));
      configureFailpoints({
        failpoints: "store.get:delay=300",
        guardsOff: process.env["PRA_GUARD_OFF"],
        effects: processFailpointEffects(),
      });
      setTimeout(() => void truncate(path, appended.length), 100);
    };
    await slowly();
    assert.deepEqual(await store.get("part", call), appended);
    await slowly();
    const range = { offset: 0, length: 6000 };
    await assert.rejects(store.get("part", { ...call, range }), withCode("STORE_SHORT_READ"));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test("L39 an object is read whole also when the reserved room goes in the middle of the read", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "pra-read-"));
  try {
    const store = await DiskStore.open({ root, create: true }, call);
    const appended = Buffer.alloc(1 << 20, 7);
    const grown = Buffer.concat([appended, Buffer.alloc(15 << 20)]);
    const path = join(root, "part");
    let cut = 0;
    for (let round = 0; round < 60; round += 1) {
      await writeFile(path, grown);
      const [read] = await Promise.all([
        store.get("part", call),
        sleep((round % 12) / 2).then(() => truncate(path, appended.length)),
      ]);
      assert.deepEqual(read.subarray(0, appended.length), appended);
      assert.ok(read.length === appended.length || read.equals(grown), String(read.length));
      cut += read.length === appended.length ? 1 : 0;
    }
    t.diagnostic(`cut while it was read: ${cut} of 60`);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
