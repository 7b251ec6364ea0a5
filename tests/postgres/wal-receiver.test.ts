/** The receiver against real servers: what they wrote is what the repository holds, whatever dies in between. */
import assert from "node:assert/strict";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { lsnOf, LSN_ZERO } from "../../src/core/lsn.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import { materialiseWal } from "../../src/wal/materialise-wal.ts";
import { startTestServer } from "../support/test-server.ts";
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
