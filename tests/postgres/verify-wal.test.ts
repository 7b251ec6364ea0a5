/**
 * Verify on received WAL: clean while it is being written and afterwards; each kind of damage is seen, a torn end is none, and
 * a backup whose WAL is missing is named.
 */
import assert from "node:assert/strict";
import { open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { present } from "../../src/core/assert.ts";
import { lsnOf } from "../../src/core/lsn.ts";
import { parseObjectId } from "../../src/core/object-id.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import { incarnationPrefix } from "../../src/repository/object-names.ts";
import { DamageLog } from "../../src/repository/verify/damage.ts";
import { type NeededWal, type VerifiedWal, verifyWal } from "../../src/wal/verify-wal.ts";
import { startTestServer } from "../support/test-server.ts";
import { WalLab, eventually, flushLsn, signal } from "../support/wal-lab.ts";

const SEGMENT = 1 << 20;
/** A header and an empty frame stay below this. */
const PART_WITH_WAL_BYTES = 2000;

async function verified(
  lab: WalLab,
  options: { readonly deep: boolean; readonly backups?: readonly NeededWal[] },
): Promise<{
  readonly wal: VerifiedWal;
  readonly damage: readonly string[];
  readonly log: DamageLog;
}> {
  const log = new DamageLog();
  const { deep, backups = [] } = options;
  const wal = await verifyWal(lab.opened, lab.place, { deep, log, backups, signal });
  return { wal, log, damage: log.damage.map(({ error }) => error.code) };
}

async function keysOf(lab: WalLab, type: string): Promise<readonly string[]> {
  const keys: string[] = [];
  const prefix = `${incarnationPrefix(lab.place)}wal/`;
  for await (const { key, name } of lab.sealed.listNames(prefix, { signal })) {
    if (name?.type === type) {
      keys.push(key);
    }
  }
  return keys;
}

function pathOf(lab: WalLab, key: string | undefined): string {
  const path = key === undefined ? undefined : lab.store.localPath(key);
  assert.ok(path !== undefined);
  return path;
}

/** The newest part with WAL in it: the next one is made ready before there is any. */
async function lastFilledPart(lab: WalLab): Promise<string> {
  const filled: string[] = [];
  for (const key of await keysOf(lab, "walPart")) {
    const path = pathOf(lab, key);
    const used = (await readFile(path)).findLastIndex((byte) => byte !== 0) + 1;
    if (used > PART_WITH_WAL_BYTES) {
      filled.push(path);
    }
  }
  return present(filled.at(-1), "a part with WAL");
}

async function flipBit(path: string, at: number): Promise<void> {
  await using file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, at);
}

test("L39 L40 damage to received WAL is seen, a torn end is none, missing WAL takes its backup down", async () => {
  await using server = await startTestServer({
    major: 18,
    initdbArguments: ["--wal-segsize=1"],
  });
  await using lab = await WalLab.open(server);
  const receiver = lab.receive(server);
  await server.query("CREATE TABLE t (id int, text text)");
  for (let n = 0; n < 3; n++) {
    await server.query("INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 2000) g");
    await server.query("SELECT pg_switch_wal()");
    // While it is being written: a frame that is half there is no damage.
    assert.deepEqual((await verified(lab, { deep: true })).damage, []);
  }
  await eventually(
    () => (lab.eventsOf("segment-published").length >= 3 ? true : undefined),
    "three segments are published",
  );
  // Several frames in the last part: in the very last one, damage and a torn write look alike.
  let end = await flushLsn(server);
  for (let n = 0; n < 4; n++) {
    await server.query("INSERT INTO t SELECT g, 'x' FROM generate_series(1, 200) g");
    end = await flushLsn(server);
    await eventually(async () => {
      const durable = (await lab.catalogue()).durableLsn(timelineOf(1));
      return durable !== undefined && durable >= end ? true : undefined;
    }, "the end is durable");
  }
  await receiver.stop();

  const clean = await verified(lab, { deep: true });
  assert.deepEqual(clean.damage, []);
  assert.ok(clean.wal.segments >= 3);
  assert.deepEqual(clean.wal.holes, []);

  const segment = (await keysOf(lab, "walSegment"))[1];
  const { size } = await stat(pathOf(lab, segment));
  await flipBit(pathOf(lab, segment), size - 3000);
  assert.deepEqual((await verified(lab, { deep: false })).damage, []);
  assert.deepEqual((await verified(lab, { deep: true })).damage, ["REPO_FRAME_CORRUPT"]);
  await flipBit(pathOf(lab, segment), size - 3000);

  const index = pathOf(lab, (await keysOf(lab, "walIndex"))[0]);
  await rename(index, `${lab.directory}/kept`);
  assert.deepEqual((await verified(lab, { deep: false })).damage, ["STORE_MISSING"]);
  await rename(`${lab.directory}/kept`, index);

  const part = await lastFilledPart(lab);
  await flipBit(part, 900);
  assert.deepEqual((await verified(lab, { deep: true })).damage, ["REPO_OBJECT_DAMAGED"]);
  const sizeOf = lab.store.size.bind(lab.store);
  // As if the part's writer gave back the room it had reserved, between each look at a size and the read that follows.
  lab.store.size = async (key, call) =>
    (await sizeOf(key, call)) + (key.includes(".part/") ? 4096 : 0);
  assert.deepEqual((await verified(lab, { deep: true })).damage, ["REPO_OBJECT_DAMAGED"]);
  await flipBit(part, 900);
  assert.ok((await lab.catalogue()).timelines.length > 0);
  lab.store.size = sizeOf;
  const whole = await readFile(part);
  const used = whole.findLastIndex((byte) => byte !== 0) + 1;
  await writeFile(part, whole.subarray(0, used - 10));
  const torn = await verified(lab, { deep: true });
  assert.deepEqual([torn.damage, torn.wal.tornParts], [[], 1]);
  await writeFile(part, whole);

  const id = parseObjectId("01a203eab54f852286a72b331a9ab61b");
  const walTo = lsnOf(end + BigInt(8 * SEGMENT));
  const need = { id, timeline: timelineOf(1), walFrom: lsnOf(end - 100n), walTo };
  const missing = await verified(lab, { deep: false, backups: [need] });
  assert.deepEqual(missing.damage, ["WAL_MISSING"]);
  assert.deepEqual([...missing.log.backupsDown], [id]);
});
