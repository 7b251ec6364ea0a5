import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { formatLsn } from "../../src/core/lsn.ts";
import { parseControlFile } from "../../src/postgres/control-file.ts";
import { serverAccount } from "../../src/postgres/server-account.ts";
import { findServerBinaries } from "../../src/postgres/server-binaries.ts";
import { startTestServer } from "../support/test-server.ts";

const run = promisify(execFile);
const signal = AbortSignal.timeout(60_000);

test("Debian's server of 15 is found before an npm package", async () => {
  const account = await serverAccount();
  const found = await findServerBinaries(15, { account, signal });
  assert.equal(found.origin, "distribution");
  assert.equal(found.binDirectory, "/usr/lib/postgresql/15/bin");
  assert.match(found.version.text, /Debian/);
});

test("pg_control of 15 reads as pg_controldata prints it", async () => {
  await using server = await startTestServer({ major: 15, origin: "distribution" });
  await server.query("CHECKPOINT");
  await server.stop();
  const { stdout } = await run(
    "/usr/lib/postgresql/15/bin/pg_controldata",
    [server.dataDirectory],
    {
      env: { LC_ALL: "C", TZ: "UTC" },
    },
  );
  const printed = new Map(
    stdout.split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
  const control = parseControlFile(
    await readFile(join(server.dataDirectory, "global", "pg_control")),
  );
  const copy = control.checkpointCopy;
  const onOff = (flag: boolean): string => (flag ? "on" : "off");
  const expected: Readonly<Record<string, string>> = {
    "pg_control version number": String(control.controlVersion),
    "Catalog version number": String(control.catalogVersion),
    "Database system identifier": String(control.systemId),
    "Database cluster state": control.state,
    "Latest checkpoint location": formatLsn(control.checkpoint),
    "Latest checkpoint's REDO location": formatLsn(copy.redo),
    "Latest checkpoint's TimeLineID": String(copy.timeline),
    "Latest checkpoint's PrevTimeLineID": String(copy.previousTimeline),
    "Latest checkpoint's full_page_writes": onOff(copy.fullPageWrites),
    "Latest checkpoint's NextXID": `${copy.nextXid >> 32n}:${copy.nextXid & 0xffffffffn}`,
    "Latest checkpoint's NextOID": String(copy.nextOid),
    "Latest checkpoint's oldestXID": String(copy.oldestXid),
    "Fake LSN counter for unlogged rels": formatLsn(control.unloggedLsn),
    "Minimum recovery ending location": formatLsn(control.minRecoveryPoint),
    "Min recovery ending loc's timeline": String(control.minRecoveryPointTimeline),
    "Backup start location": formatLsn(control.backupStartPoint),
    "Backup end location": formatLsn(control.backupEndPoint),
    "End-of-backup record required": control.backupEndRequired ? "yes" : "no",
    "wal_level setting": control.walLevel,
    "wal_log_hints setting": onOff(control.walLogHints),
    "max_connections setting": String(control.maxConnections),
    "max_worker_processes setting": String(control.maxWorkerProcesses),
    "max_wal_senders setting": String(control.maxWalSenders),
    "max_prepared_xacts setting": String(control.maxPreparedTransactions),
    "max_locks_per_xact setting": String(control.maxLocksPerTransaction),
    "track_commit_timestamp setting": onOff(control.trackCommitTimestamp),
    "Maximum data alignment": String(control.maxAlignBytes),
    "Database block size": String(control.blockBytes),
    "Blocks per segment of large relation": String(control.segmentBlocks),
    "WAL block size": String(control.walBlockBytes),
    "Bytes per WAL segment": String(control.walSegmentBytes),
    "Maximum size of a TOAST chunk": String(control.toastChunkBytesMax),
    "Size of a large-object chunk": String(control.largeObjectChunkBytes),
    "Data page checksum version": String(control.dataChecksumVersion),
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(printed.get(name), value, name);
  }
});
