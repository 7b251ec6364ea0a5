import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isDrError } from "../../src/core/errors.ts";
import { formatLsn } from "../../src/core/lsn.ts";
import { supportedMajors } from "../../src/core/pg-version.ts";
import {
  type ControlFile,
  isPoisoned,
  parseControlFile,
  poisonCheckpoint,
} from "../../src/postgres/control-file.ts";
import { type TestServer, startStandby, startTestServer } from "../support/test-server.ts";

function controlPath(server: TestServer): string {
  return join(server.dataDirectory, "global", "pg_control");
}

async function readControl(server: TestServer): Promise<ControlFile> {
  return parseControlFile(await readFile(controlPath(server)));
}

for (const major of supportedMajors) {
  test(`pg_control of ${major} reads as the server itself reads it`, async () => {
    await using server = await startTestServer({
      major,
      initdbArguments: ["--data-checksums", "--wal-segsize=4"],
      settings: { wal_level: "logical", max_connections: "33", track_commit_timestamp: "on" },
    });
    await server.query("CHECKPOINT");
    const sql = async (name: string): Promise<Record<string, unknown>> =>
      (await server.query(`SELECT to_jsonb(f) AS f FROM ${name}() AS f`)).rows[0]?.["f"] as Record<
        string,
        unknown
      >;
    const control = await readControl(server);
    const system = await sql("pg_control_system");
    const checkpoint = await sql("pg_control_checkpoint");
    const init = await sql("pg_control_init");
    const recovery = await sql("pg_control_recovery");
    const copy = control.checkpointCopy;
    assert.deepEqual(
      [control.controlVersion, control.catalogVersion, String(control.systemId)],
      [
        system["pg_control_version"],
        system["catalog_version_no"],
        await server.value("SELECT system_identifier::text FROM pg_control_system()"),
      ],
    );
    assert.deepEqual(
      asText({
        checkpoint_lsn: formatLsn(control.checkpoint),
        redo_lsn: formatLsn(copy.redo),
        timeline_id: copy.timeline,
        prev_timeline_id: copy.previousTimeline,
        full_page_writes: copy.fullPageWrites,
        next_xid: `${copy.nextXid >> 32n}:${copy.nextXid & 0xffffffffn}`,
        next_oid: copy.nextOid,
        next_multixact_id: copy.nextMulti,
        next_multi_offset: copy.nextMultiOffset,
        oldest_xid: copy.oldestXid,
        oldest_xid_dbid: copy.oldestXidDatabase,
        oldest_active_xid: copy.oldestActiveXid,
        oldest_multi_xid: copy.oldestMulti,
        oldest_multi_dbid: copy.oldestMultiDatabase,
        oldest_commit_ts_xid: copy.oldestCommitTimestampXid,
        newest_commit_ts_xid: copy.newestCommitTimestampXid,
        time: copy.timeEpochSeconds,
      }),
      pick(checkpoint, {
        next_xid: String(checkpoint["next_xid"]),
        time: Date.parse(String(checkpoint["checkpoint_time"])) / 1000,
      }),
    );
    assert.deepEqual(
      [
        control.maxAlignBytes,
        control.blockBytes,
        control.segmentBlocks,
        control.walBlockBytes,
        control.walSegmentBytes,
        control.nameDataLength,
        control.indexKeysMax,
        control.toastChunkBytesMax,
        control.largeObjectChunkBytes,
        control.float8ByValue,
        control.dataChecksumVersion,
      ],
      [
        init["max_data_alignment"],
        init["database_block_size"],
        init["blocks_per_segment"],
        init["wal_block_size"],
        init["bytes_per_wal_segment"],
        init["max_identifier_length"],
        init["max_index_columns"],
        init["max_toast_chunk_size"],
        init["large_object_chunk_size"],
        init["float8_pass_by_value"],
        init["data_page_checksum_version"],
      ],
    );
    assert.equal(control.defaultCharSigned, init["default_char_signedness"]);
    assert.equal(formatLsn(control.minRecoveryPoint), recovery["min_recovery_end_lsn"]);
    assert.equal(control.minRecoveryPointTimeline, recovery["min_recovery_end_timeline"]);
    assert.equal(control.state, "in production");
    assert.equal(control.walLevel, "logical");
    assert.equal(control.maxConnections, 33);
    assert.equal(control.maxWalSenders, 10);
    assert.equal(control.maxWorkerProcesses, 8);
    assert.equal(control.maxPreparedTransactions, 0);
    assert.equal(control.maxLocksPerTransaction, 64);
    assert.equal(control.trackCommitTimestamp, true);
    assert.equal(control.walLogHints, false);
    assert.equal(control.floatFormat, 1234567);
    assert.equal(control.walSegmentBytes, 4 << 20);
    await server.stop();
    assert.equal((await readControl(server)).state, "shut down");
  });

  test(`L1 ${major} with a poisoned checkpoint and no backup_label refuses to start`, async () => {
    await using server = await startTestServer({ major });
    await server.stop();
    const poisoned = poisonCheckpoint(await readFile(controlPath(server)));
    assert.equal(isPoisoned(parseControlFile(poisoned)), true);
    await writeFile(controlPath(server), poisoned);
    await assert.rejects(server.start(), (error) => {
      assert.ok(isDrError(error, "PG_START_FAILED"));
      assert.match(error.hint, /checkpoint record/);
      return true;
    });
  });
}

for (const major of [15, 18] as const) {
  test(`L1 ${major} with a poisoned checkpoint and its backup_label recovers`, async () => {
    await using primary = await startTestServer({ major });
    await primary.query("CREATE TABLE t AS SELECT 42 AS v");
    await using again = await startStandby(primary, { poison: true });
    assert.equal(await again.value("SELECT v FROM t"), "42");
    await again.stop();
    const control = await readControl(again);
    assert.equal(isPoisoned(control), false);
    assert.equal(control.state, "shut down in recovery");
    assert.equal(control.minRecoveryPointTimeline, 1);
  });
}

test("a standby's label removed from a poisoned copy stops it from starting", async () => {
  await using primary = await startTestServer({ major: 18 });
  await using standby = await startStandby(primary, { poison: true, start: false });
  await rm(join(standby.dataDirectory, "backup_label"));
  await assert.rejects(standby.start(), { code: "PG_START_FAILED" });
});

/** Numbers of 32 bits without sign come as text or as numbers, by type; compared as text. */
function asText(record: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, String(value as string | number)]),
  );
}

/** The server's answer with what is named anew, without the names of files and times as text. */
function pick(
  answer: Readonly<Record<string, unknown>>,
  replaced: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const { redo_wal_file: _, checkpoint_time: __, ...rest } = { ...answer, ...replaced };
  return asText(rest);
}
