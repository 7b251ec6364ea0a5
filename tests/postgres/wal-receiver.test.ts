/** The receiver against real servers: what they wrote is what the repository holds, whatever dies in between. */
import assert from "node:assert/strict";
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { present } from "../../src/core/assert.ts";
import { systemClock } from "../../src/core/clock.ts";
import { isDrError } from "../../src/core/errors.ts";
import { type Lsn, LSN_ZERO, lsnOf, parseLsn } from "../../src/core/lsn.ts";
import {
  parseWalSegmentName,
  segmentAt,
  startOfSegment,
  timelineOf,
} from "../../src/core/wal-name.ts";
import { incarnationPrefix } from "../../src/repository/object-names.ts";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import { materialiseWal } from "../../src/wal/materialise-wal.ts";
import type { WalReceiver } from "../../src/wal/receiver.ts";
import { pushWal } from "../../src/wal/wal-push.ts";
import { type TestServer, startTestServer, takeOverTree } from "../support/test-server.ts";
import { ReceiverChild } from "../support/wal-child.ts";
import { WalLab, eventually, flushLsn, serverWal, signal } from "../support/wal-lab.ts";

const ARCHIVE = {
  archive_mode: "on",
  archive_command: "cp %p ../archive/%f",
};

for (const [major, initdbArguments] of [
  [18, ["--wal-segsize=1"]],
  [15, []],
  [14, ["--wal-segsize=1"]],
] as const) {
  test(`what is received from ${major} is what the server wrote, in segments and in parts`, async () => {
    await using server = await startTestServer({ major, initdbArguments, settings: ARCHIVE });
    await mkdir(join(server.home, "archive"));
    await chmod(join(server.home, "archive"), 0o777);
    await server.query(`SELECT pg_switch_wal()`);
    await using lab = await WalLab.open(server);
    await using receiver = lab.receive(server);
    await server.query(
      "CREATE TABLE t AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 8000) g",
    );
    await server.query("SELECT pg_switch_wal()");
    await server.query("INSERT INTO t SELECT g, 'x' FROM generate_series(1, 100) g");
    const end = await flushLsn(server);
    await receiver.untilDurable(end, { signal });
    await receiver.stop();
    await eventually(
      async () => (await serverWal(join(server.home, "archive"))).size > 1 || undefined,
      "archiving",
    );
    const catalogue = await lab.catalogue();
    const timeline = timelineOf(1);
    const [span] = catalogue.timeline(timeline)?.spans ?? [];
    assert.ok(span !== undefined && span.toLsn >= end);
    assert.deepEqual(catalogue.holes(timeline), []);
    const target = join(lab.directory, "pg_wal");
    await mkdir(target);
    await materialiseWal(
      await lab.reader(),
      {
        lineage: [{ timeline, fromLsn: LSN_ZERO, toLsn: undefined }],
        fromLsn: span.fromLsn,
        toLsn: lsnOf(end),
      },
      { directory: target },
      { signal },
    );
    const laid = await serverWal(target);
    const own = await serverWal(join(server.dataDirectory, "pg_wal"));
    const archived = await serverWal(join(server.home, "archive"));
    assert.ok(laid.size >= 2);
    let compared = 0;
    for (const [name, bytes] of laid) {
      const original = archived.get(name) ?? own.get(name);
      if (name === [...laid.keys()].toSorted().at(-1)) {
        const length = Number(end % BigInt(bytes.length));
        assert.ok(original !== undefined);
        assert.ok(original.subarray(0, length).equals(bytes.subarray(0, length)));
        assert.ok(bytes.subarray(length).every((byte) => byte === 0));
      } else {
        assert.ok(original !== undefined && original.equals(bytes), name);
      }
      compared += archived.has(name) ? 1 : 0;
    }
    assert.ok(compared > 0);
    const published = lab.eventsOf("segment-published");
    assert.ok(published.length > 0);
    assert.ok(published.every(({ verified }) => verified));
    assert.deepEqual(lab.eventsOf("index-failed"), []);
  });
}

const LAST = timelineOf(1);

/** Lays all that the repository holds of timeline 1 and compares it with the server's own files. */
async function assertSameWal(lab: WalLab, server: TestServer, end: Lsn): Promise<void> {
  const catalogue = await lab.catalogue();
  assert.deepEqual(catalogue.holes(LAST), []);
  const span = present(catalogue.timeline(LAST)?.spans[0], "WAL is held");
  assert.ok(span.toLsn >= end, "everything up to the end is held");
  const target = await mkdtemp(join(lab.directory, "laid-"));
  const lineage = [{ timeline: LAST, fromLsn: LSN_ZERO, toLsn: undefined }];
  const range = { lineage, fromLsn: span.fromLsn, toLsn: end };
  await materialiseWal(await lab.reader(), range, { directory: target }, { signal });
  const own = await serverWal(join(server.dataDirectory, "pg_wal"));
  for (const [name, bytes] of await serverWal(target)) {
    const start = startOfSegment(parseWalSegmentName(name), bytes.length);
    const length = Math.min(bytes.length, Number(end - start));
    const original = present(own.get(name), `the server still has ${name}`);
    assert.ok(original.subarray(0, length).equals(bytes.subarray(0, length)), name);
  }
}

const KEEPING = { wal_keep_size: "1GB", max_wal_size: "1GB" };
const LOAD = "INSERT INTO t SELECT repeat(md5(g::text), 30) FROM generate_series(1, 1500) g";

const KILLS = [
  "wal.received:kill:40",
  "wal.part-append:kill:5",
  "disk.append-write:tear:9",
  "wal.part-appended:kill:20",
  "wal.status:kill:12",
  "wal.part-open:kill:2",
  "disk.append-created:kill:2",
  "wal.reserve:kill:2",
  "wal.put-index:kill:1",
  "framed-file.write:kill:1",
  "wal.put-segment:kill:1",
  "files.linked:kill:3",
  "wal.read-back:kill:1",
];

test("L7 a receiver killed at any step leaves no hole, and the next one goes on where WAL is held", async () => {
  await using server = await startTestServer({
    major: 18,
    initdbArguments: ["--wal-segsize=1"],
    settings: KEEPING,
  });
  await using lab = await WalLab.open(server);
  await server.query("CREATE TABLE t (x text)");
  for (const failpoint of KILLS) {
    await using child = new ReceiverChild(lab, server, { PRA_FAILPOINT: failpoint });
    await eventually(async () => {
      await server.query(LOAD);
      return child.running ? undefined : true;
    }, failpoint);
    assert.equal(child.process.signalCode, "SIGKILL", `${failpoint}: ${child.output}`);
  }
  await using receiver = lab.receive(server);
  await server.query(LOAD);
  const end = await flushLsn(server);
  await receiver.untilDurable(end, { signal });
  await receiver.stop();
  await assertSameWal(lab, server, end);
  assert.deepEqual(lab.eventsOf("gap"), []);
  assert.deepEqual(lab.eventsOf("index-failed"), []);
});

/** A server that ends before the receiver is connected makes no disconnection. */
async function untilStreaming(receiver: WalReceiver): Promise<void> {
  while (receiver.state !== "streaming") {
    assert.notEqual(receiver.state, "failed");
    await systemClock.sleep(10, { signal });
  }
}

test("a disk that fails while a segment is staged ends the receiver with STORE_IO and the file's path; the next one publishes", async () => {
  await using server = await startTestServer({
    major: 18,
    initdbArguments: ["--wal-segsize=1"],
    settings: KEEPING,
  });
  await using lab = await WalLab.open(server);
  await server.query("CREATE TABLE t (x text)");
  await using child = new ReceiverChild(lab, server, { PRA_FAILPOINT: "framed-file.write:error" });
  await eventually(async () => {
    await server.query(LOAD);
    return child.running ? undefined : true;
  }, "the receiver's end");
  assert.match(child.output, /code: 'STORE_IO'/);
  assert.match(child.output, /path: '.*\.staging\/wal-/);
  await using receiver = lab.receive(server);
  await receiver.untilDurable(await flushLsn(server), { signal });
  await receiver.stop();
  assert.ok(((await lab.catalogue()).timeline(LAST)?.published.length ?? 0) > 0);
});

test("a receiver that waits for its server stops in good order at once", async () => {
  await using server = await startTestServer({ major: 18, settings: KEEPING });
  await using lab = await WalLab.open(server);
  await using receiver = lab.receive(server);
  await server.query("CREATE TABLE t (x text)");
  const held = await flushLsn(server);
  await receiver.untilDurable(held, { signal });
  await server.stop();
  while (receiver.state === "streaming") {
    await systemClock.sleep(10, { signal });
  }
  await receiver.stop();
  assert.equal(receiver.state, "stopped");
});

test("a server killed and started again is received without a hole", async () => {
  await using server = await startTestServer({ major: 15, settings: KEEPING });
  await using lab = await WalLab.open(server);
  await using receiver = lab.receive(server);
  await server.query("CREATE TABLE t (x text)");
  for (const end of ["kill", "stop"] as const) {
    await untilStreaming(receiver);
    await server.query(LOAD);
    await (end === "kill" ? server.kill() : server.stop());
    await server.start();
  }
  await server.query(LOAD);
  const end = await flushLsn(server);
  await receiver.untilDurable(end, { signal });
  await receiver.stop();
  assert.ok(lab.eventsOf("disconnected").length >= 2);
  await assertSameWal(lab, server, end);
});

test("L45 a receiver that streams from a standby follows its promotion over the same connection", async () => {
  await using server = await startTestServer({ major: 18, settings: KEEPING });
  await using lab = await WalLab.open(server);
  await server.query("CREATE TABLE t (x text)");
  await server.stop();
  await writeFile(join(server.dataDirectory, "standby.signal"), "");
  await takeOverTree(server.dataDirectory, server.account);
  await server.start();
  await using receiver = lab.receive(server);
  await untilStreaming(receiver);
  await server.query("SELECT pg_promote(true, 30)");
  await server.query(LOAD);
  const end = await flushLsn(server);
  await receiver.untilDurable(end, { signal });
  await receiver.stop();
  assert.deepEqual(
    lab.eventsOf("streaming").map(({ timeline }) => timeline),
    [1, 2],
  );
  assert.deepEqual(lab.eventsOf("disconnected"), []);
  const held = (await lab.catalogue()).durableLsn(timelineOf(2));
  assert.ok(held !== undefined && held >= end);
});

test("L7 what is reported as flushed never passes what a failing store holds", async () => {
  await using server = await startTestServer({ major: 18, settings: KEEPING });
  await using store = new MemoryStore({});
  await using lab = await WalLab.open(server, store);
  await using receiver = lab.receive(server, { partLingerMs: 20 });
  const reported = async (): Promise<Lsn> => {
    const text = await server.value(
      "SELECT coalesce(max(flush_lsn), '0/0')::text FROM pg_stat_replication",
    );
    return parseLsn(text);
  };
  await server.query("CREATE TABLE t (x text)");
  await receiver.untilDurable(await flushLsn(server), { signal });
  store.setFaults({ fail: 1 });
  await server.query(LOAD);
  const end = await flushLsn(server);
  for (let look = 0; look < 20; look++) {
    const flush = await reported();
    store.setFaults({});
    const held = (await lab.catalogue()).durableLsn(LAST) ?? LSN_ZERO;
    store.setFaults({ fail: 1 });
    assert.ok(flush < end);
    assert.ok(flush <= held, `${flush} was reported, ${held} is held`);
    await systemClock.sleep(25, { signal });
  }
  store.setFaults({});
  await receiver.untilDurable(end, { signal });
  await eventually(async () => ((await reported()) >= end ? true : undefined), "the report");
  await receiver.stop();
  await assertSameWal(lab, server, end);
});

test("L46 a slot that vanished is told; WAL that the server removed meanwhile is a gap, and receiving goes on behind it", async () => {
  await using server = await startTestServer({
    major: 18,
    initdbArguments: ["--wal-segsize=1"],
    settings: { max_wal_size: "2MB", min_wal_size: "2MB", wal_keep_size: "0" },
  });
  await using lab = await WalLab.open(server);
  await server.query("CREATE TABLE t (x text)");
  await using first = lab.receive(server);
  await server.query(LOAD);
  await first.untilDurable(await flushLsn(server), { signal });
  await first.stop();
  await server.query("SELECT pg_drop_replication_slot('pra_main')");
  await using second = lab.receive(server);
  await second.untilDurable(await flushLsn(server), { signal });
  await second.stop();
  assert.equal(lab.eventsOf("slot-missing").length, 1);
  assert.deepEqual(lab.eventsOf("gap"), []);
  const held = present((await lab.catalogue()).durableLsn(LAST), "WAL is held");
  await server.query("SELECT pg_drop_replication_slot('pra_main')");
  for (let round = 0; round < 6; round++) {
    await server.query(LOAD);
    await server.query("SELECT pg_switch_wal()");
    await server.query("CHECKPOINT");
  }
  await using third = lab.receive(server);
  await third.untilDurable(await flushLsn(server), { signal });
  await third.stop();
  const [gap] = lab.eventsOf("gap");
  assert.equal(gap?.fromLsn, held);
  const holes = (await lab.catalogue()).holes(LAST);
  assert.deepEqual(
    holes.map(({ fromLsn, toLsn }) => [fromLsn, toLsn]),
    [[gap?.fromLsn, gap?.toLsn]],
  );
});

test("L9 another content of a published segment is kept aside, and the receiver stops", async () => {
  await using server = await startTestServer({ major: 15, initdbArguments: ["--wal-segsize=1"] });
  await using lab = await WalLab.open(server);
  const copy = join(server.home, "copy");
  await server.stop();
  await cp(server.dataDirectory, copy, { recursive: true });
  await server.start();
  await using first = lab.receive(server);
  await server.query("CREATE TABLE one AS SELECT repeat('a', 100) FROM generate_series(1, 20000)");
  await first.untilDurable(await flushLsn(server), { signal });
  await first.stop();
  await server.stop();
  await rm(server.dataDirectory, { recursive: true });
  await cp(copy, server.dataDirectory, { recursive: true });
  await takeOverTree(server.dataDirectory, server.account);
  await server.start();
  await server.query("CREATE TABLE two AS SELECT repeat('b', 90) FROM generate_series(1, 90000)");
  const published = await lab.catalogue();
  const wal = present(published.timeline(LAST), "WAL is held");
  const start = present(wal.published[0], "a segment is published").fromLsn;
  const name = segmentAt(LAST, start, wal.walSegmentBytes);
  const file = join(server.dataDirectory, "pg_wal", name);
  await assert.rejects(
    pushWal({ ...lab.pushOptions(), path: file }),
    (error) => isDrError(error, "WAL_SEGMENT_CONFLICT") && error.message.includes(name),
  );
  const conflicts = await lab.store.list(`${incarnationPrefix(lab.place)}conflicts/`, { signal });
  assert.equal(conflicts.entries.length, 1);
});
