/** What a reader meets while another process appends to an object, and gives back the room it had reserved. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { configureFailpoints } from "../../src/core/failpoint.ts";
import { directAppendBytes } from "../../src/core/limits.ts";
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
    const cutInTheMiddle = async (): Promise<void> => {
      await writeFile(path, Buffer.concat([appended, Buffer.alloc(5000)]));
      const record = (name: string): void => {
        if (name === "store.get") {
          truncateSync(path, appended.length);
        }
      };
      configureFailpoints({
        failpoints: "store.get:delay=1",
        guardsOff: process.env["PRA_GUARD_OFF"],
        effects: { ...processFailpointEffects(), record },
      });
    };
    await cutInTheMiddle();
    assert.deepEqual(await store.get("part", call), appended);
    await cutInTheMiddle();
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

const appends = fc.record({
  header: fc.nat(5000),
  room: fc.nat(60_000),
  pieces: fc.array(fc.oneof(fc.nat(900), fc.nat(20_000), fc.constant(4096)), { maxLength: 12 }),
});

test("what is appended into reserved room, and beyond it, is there at once, and zeros behind it; closed, nothing else is", async () => {
  const root = await mkdtemp(join(tmpdir(), "pra-append-"));
  try {
    const store = await DiskStore.open({ root, create: true }, call);
    let made = 0;
    await fc.assert(
      fc.asyncProperty(appends, async ({ header, room, pieces }) => {
        const key = `part-${made++}`;
        const growing = await store.openAppend(key, call);
        let seed = 1;
        const piece = (length: number): Buffer =>
          Buffer.from(Array.from({ length }, () => (seed++ % 251) + 1));
        let content: Buffer = piece(header);
        growing.appendSync(content);
        await growing.reserve(room, call);
        for (const length of pieces) {
          const bytes = piece(length);
          growing.appendSync(bytes);
          content = Buffer.concat([content, bytes]);
          const seen = await store.get(key, call);
          assert.ok(seen.subarray(0, content.length).equals(content));
          assert.ok(seen.subarray(content.length).every((byte) => byte === 0));
        }
        assert.equal(growing.sizeBytes, content.length);
        await growing.close();
        assert.ok((await store.get(key, call)).equals(content));
        await store.delete(key, call);
      }),
      { numRuns: 60 },
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test("a batch larger than what is written at once is appended whole", async () => {
  const root = await mkdtemp(join(tmpdir(), "pra-append-"));
  try {
    const store = await DiskStore.open({ root, create: true }, call);
    const batch = randomBytes(2 * directAppendBytes + 4321);
    await using growing = await store.openAppend("part", call);
    await growing.reserve(4 * directAppendBytes, call);
    growing.appendSync(batch.subarray(0, 100));
    growing.appendSync(batch.subarray(100));
    assert.ok((await store.get("part", call)).subarray(0, batch.length).equals(batch));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
