/** Backups streamed from real servers of three majors, whole, damaged and cut short. */
import assert from "node:assert/strict";
import { chown, mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { test } from "node:test";
import { isDrError } from "../../src/core/errors.ts";
import { connectionReadBufferBytes } from "../../src/core/limits.ts";
import { decodeFileName, encodeFileName } from "../../src/core/file-name-bytes.ts";
import { classifyPath } from "../../src/source/classify-path.ts";
import type {
  BackupEnd,
  BackupSink,
  BackupStart,
  SourceEntry,
} from "../../src/source/backup-source.ts";
import { streamBackup, type StreamOptions } from "../../src/source/stream-source.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { testCertificate, testKey } from "../support/test-certificate.ts";
import {
  startStandby,
  startTestServer,
  takeOverTree,
  type TestServer,
} from "../support/test-server.ts";

const options: StreamOptions = {
  label: "it's a test",
  fastCheckpoint: true,
  manifestChecksums: "crc32c",
  applicationName: "pra_test",
  signal: never,
};

type Kept = { readonly entry: SourceEntry; readonly bytes: Buffer };

/** Keeps everything in memory; calls `onEntry` for each entry, which may give a promise to wait for. */
class KeepingSink implements BackupSink {
  start: BackupStart | undefined;
  readonly kept = new Map<string, Kept>();
  readonly order: string[] = [];
  receivedBytes = 0;
  readonly #onEntry: (entry: SourceEntry) => Promise<void> | undefined;
  #entry: SourceEntry | undefined;
  #pieces: Buffer[] = [];
  #wait: Promise<void> | undefined;

  constructor(onEntry: (entry: SourceEntry) => Promise<void> | undefined = () => undefined) {
    this.#onEntry = onEntry;
  }

  begin(start: BackupStart): void {
    assert.equal(this.start, undefined);
    this.start = start;
  }

  entry(entry: SourceEntry): void {
    assert.equal(this.#entry, undefined);
    this.#entry = entry;
    this.#wait ??= this.#onEntry(entry);
  }

  data(chunk: Uint8Array): void {
    this.receivedBytes += chunk.length;
    this.#pieces.push(Buffer.from(chunk));
  }

  endEntry(): void {
    const entry = this.#entry;
    assert.ok(entry !== undefined);
    const bytes = Buffer.concat(this.#pieces);
    assert.equal(bytes.length, entry.sizeBytes);
    const key = `${entry.tablespaceOid}:${entry.path}`;
    assert.ok(!this.kept.has(key), `${key} comes once`);
    this.kept.set(key, { entry, bytes });
    this.order.push(key);
    this.#entry = undefined;
    this.#pieces = [];
  }

  pressure(): Promise<void> | undefined {
    const wait = this.#wait;
    this.#wait = undefined;
    return wait;
  }

  text(key: string): string {
    return this.kept.get(key)?.bytes.toString() ?? "";
  }
}

type ManifestFile = {
  readonly Path?: string;
  readonly "Encoded-Path"?: string;
  readonly Size: number;
};

/** Files of the server's manifest by the key of `KeepingSink`. */
function manifestSizes(end: BackupEnd): Map<string, number> {
  const pieces = Array.from(end.manifest?.pieces() ?? [], (piece) => Buffer.from(piece));
  const parsed: unknown = JSON.parse(Buffer.concat(pieces).toString());
  assert.ok(typeof parsed === "object" && parsed !== null && "Files" in parsed);
  const sizes = new Map<string, number>();
  for (const file of parsed.Files as readonly ManifestFile[]) {
    const path = file.Path ?? decodeFileName(Buffer.from(file["Encoded-Path"] ?? "", "hex"));
    const match = /^pg_tblspc\/(\d+)\/(.*)$/.exec(path);
    sizes.set(match === null ? `0:${path}` : `${match[1]}:${match[2]}`, file.Size);
  }
  return sizes;
}

async function tablespace(server: TestServer, name: string, folder: string): Promise<string> {
  const path = join(server.home, folder);
  await mkdir(path, { mode: 0o700 });
  await chown(path, server.account.uid, server.account.gid);
  await server.query(`CREATE TABLESPACE "${name}" LOCATION '${path}'`);
  return await server.value(`SELECT oid FROM pg_tablespace WHERE spcname = '${name}'`);
}

async function checkWholeBackup(
  server: TestServer,
  settings = connectionOf(server),
): Promise<void> {
  const sink = new KeepingSink();
  const end = await streamBackup(settings, options, sink);
  const { start, kept, order } = sink;
  assert.ok(start !== undefined && end.stopLsn > start.startLsn);
  assert.equal(start.timeline, end.timeline);
  assert.deepEqual(
    [end.checksumFailed, end.checksumWarnings, end.unlistedWarnings],
    [false, [], 0],
  );
  assert.equal(start.tablespaces.at(-1)?.oid, 0);
  assert.equal(order.at(-1), "0:global/pg_control");
  assert.equal(
    order.find((key) => key.startsWith("0:")),
    "0:backup_label",
  );
  assert.match(sink.text("0:backup_label"), /^START WAL LOCATION: .*\n[\s\S]*LABEL: it's a test\n/);
  const files = new Map([...kept].filter(([, { entry }]) => entry.kind === "file"));
  const listed = manifestSizes(end);
  assert.deepEqual([...files.keys()].sort(), [...listed.keys()].sort());
  for (const [key, { entry }] of files) {
    assert.equal(entry.sizeBytes, listed.get(key), key);
  }
  await compareWithDisk(server, kept, start);
}

/** Quiet files are byte for byte those on disk, with their mode and time. */
async function compareWithDisk(
  server: TestServer,
  kept: ReadonlyMap<string, Kept>,
  start: BackupStart,
): Promise<void> {
  let relations = 0;
  for (const { entry, bytes } of kept.values()) {
    const found = classifyPath(entry);
    if (found.kind === "relation" && found.relation.relfilenode > 16000) {
      const home = start.tablespaces.find(({ oid }) => oid === entry.tablespaceOid)?.location;
      const folder = entry.tablespaceOid === 0 ? server.dataDirectory : (home ?? "");
      const path = Buffer.concat([Buffer.from(`${folder}/`), encodeFileName(entry.path)]);
      assert.ok(bytes.equals(await readFile(path)), entry.path);
      const facts = await stat(path);
      assert.equal(entry.mode, facts.mode & 0o7777);
      assert.equal(entry.modifiedAtSeconds, Math.floor(facts.mtimeMs / 1000));
      relations++;
    }
  }
  assert.ok(relations >= 3);
}

for (const major of [18, 15, 14] as const) {
  test(`L28 L31 L32 a backup of ${major} holds two tablespaces, odd names, empty files and directories, by socket and TCP`, async () => {
    await using server = await startTestServer({
      major,
      tcp: true,
      settings: { autovacuum: "off" },
      initdbArguments: ["--data-checksums", "--wal-segsize=1"],
    });
    const first = await tablespace(server, "é space", "ts 1");
    const second = await tablespace(server, "two", "ts=#2");
    await server.query(`CREATE TABLE a TABLESPACE "é space" AS SELECT generate_series(1, 20000) g`);
    await server.query(`CREATE TABLE b TABLESPACE two AS SELECT generate_series(1, 20000) g`);
    await server.query(
      `CREATE TABLE c AS SELECT generate_series(1, 20000) g; CREATE TABLE empty ()`,
    );
    await server.query(`CREATE UNLOGGED TABLE u AS SELECT generate_series(1, 20000) g`);
    const unlogged = await server.value(`SELECT pg_relation_filepath('u')`);
    await mkdir(join(server.dataDirectory, "empty directory"));
    const odd = ["back\\slash", "new\nline", "a=b #[c]", "日本"];
    for (const name of odd) {
      await writeFile(join(server.dataDirectory, name), name);
    }
    await writeFile(Buffer.from(`${server.dataDirectory}/bytes\xff`, "latin1"), "x");
    await server.query("CHECKPOINT");
    await checkWholeBackup(server);
    await checkWholeBackup(server, connectionOf(server, { tcp: true }));

    const sink = new KeepingSink();
    await streamBackup(connectionOf(server), { ...options, manifestChecksums: "omit" }, sink);
    for (const name of odd) {
      assert.equal(sink.text(`0:${name}`), name);
    }
    assert.equal(sink.text("0:bytes\uDCFF"), "x");
    assert.equal(sink.kept.get("0:empty directory")?.entry.kind, "directory");
    // L20: of an unlogged table only the init fork is sent.
    assert.ok(!sink.kept.has(`0:${unlogged}`));
    assert.ok(sink.kept.has(`0:${unlogged}_init`));
    assert.match(sink.text("0:tablespace_map"), new RegExp(`^(${first}|${second}) .*ts`, "m"));
    const oids = sink.start?.tablespaces.map(({ oid }) => String(oid));
    assert.deepEqual(oids?.toSorted(), ["0", first, second].toSorted());
  });

  test(`L19 pages of ${major} whose checksum is wrong are named, and the backup is complete and flagged`, async () => {
    await using server = await startTestServer({ major, initdbArguments: ["--data-checksums"] });
    await server.query(`CREATE TABLE hurt AS SELECT generate_series(1, 20000) g`);
    const path = await server.value(`SELECT pg_relation_filepath('hurt')`);
    await server.stop();
    const file = await open(join(server.dataDirectory, path), "r+");
    for (const block of [3, 7]) {
      await file.write(Buffer.from("damage"), 0, 6, block * 8192 + 5000);
    }
    await file.close();
    await server.start();
    const sink = new KeepingSink();
    const end = await streamBackup(connectionOf(server), options, sink);
    assert.equal(end.checksumFailed, true);
    const blocks = end.checksumWarnings.filter(({ blockInFile }) => blockInFile !== undefined);
    assert.deepEqual(
      blocks.map(({ tablespaceOid, path: at, blockInFile }) => [tablespaceOid, at, blockInFile]),
      [
        [0, path, 3],
        [0, path, 7],
      ],
    );
    assert.equal(sink.kept.get(`0:${path}`)?.bytes.includes("damage"), true);
    assert.equal(sink.order.at(-1), "0:global/pg_control");
  });

  test(`L53 a server of ${major} killed in the middle is SRC_BACKUP_INTERRUPTED, never a short success`, async () => {
    await using server = await startTestServer({ major });
    await server.query(
      `CREATE TABLE big AS SELECT g, repeat('x', 900) FROM generate_series(1, 30000) g`,
    );
    const sink = new KeepingSink((entry) =>
      entry.sizeBytes > 10_000_000 ? server.kill() : undefined,
    );
    await assert.rejects(streamBackup(connectionOf(server), options, sink), (error: unknown) => {
      assert.ok(isDrError(error, "SRC_BACKUP_INTERRUPTED"), inspect(error));
      assert.match(error.message, /broke off after \d+ bytes/);
      assert.match(error.hint, /nothing of this attempt counts/);
      return error.retryable && isDrError(error.cause);
    });
    assert.ok(!sink.order.includes("0:global/pg_control"));
    // L2: a backup that broke off leaves nothing behind that hinders the next start.
    await server.start();
    assert.ok(!(await readdir(server.dataDirectory)).includes("backup_label"));
  });
}

for (const major of [16, 17] as const) {
  test(`a backup of ${major} is whole`, async () => {
    await using server = await startTestServer({ major, settings: { autovacuum: "off" } });
    await server.query(`CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c (t text)`);
    await server.query("CHECKPOINT");
    await checkWholeBackup(server);
  });
}

test("a backup over TLS is whole", async () => {
  await using server = await startTestServer({
    major: 18,
    tcp: true,
    settings: { autovacuum: "off" },
  });
  const certificate = join(server.dataDirectory, "server.crt");
  await writeFile(join(server.dataDirectory, "server.key"), testKey, { mode: 0o600 });
  await writeFile(certificate, testCertificate);
  await takeOverTree(server.dataDirectory, server.account);
  await server.query("ALTER SYSTEM SET ssl = on");
  await server.query("SELECT pg_reload_conf()");
  await server.query(`CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c (t text)`);
  await server.query("CHECKPOINT");
  const environment = { PGSSLMODE: "verify-full", PGSSLROOTCERT: certificate };
  await checkWholeBackup(server, connectionOf(server, { tcp: true, environment }));
});

test("L17 a standby promoted in the middle is SRC_BACKUP_STATE; a quiet standby gives a whole backup", async () => {
  for (const major of [18, 14] as const) {
    await using primary = await startTestServer({ major, settings: { autovacuum: "off" } });
    await primary.query(`CREATE TABLE t AS SELECT generate_series(1, 20000) g`);
    await primary.query(`CREATE TABLE t2 (); CREATE TABLE t3 ()`);
    await primary.query(
      `CREATE TABLE big AS SELECT g, repeat('x', 900) FROM generate_series(1, 20000) g`,
    );
    await primary.query("CHECKPOINT");
    await using standby = await startStandby(primary);
    await checkWholeBackup(standby);
    const promoting = new KeepingSink((entry) =>
      entry.path === "backup_label"
        ? standby.query("SELECT pg_promote(true)").then(() => undefined)
        : undefined,
    );
    await assert.rejects(
      streamBackup(connectionOf(standby), options, promoting),
      (error: unknown) => {
        assert.ok(isDrError(error, "SRC_BACKUP_STATE"), inspect(error));
        assert.match(error.message, /standby was promoted/);
        return true;
      },
    );
  }
});

test("a promise of the sink holds the server back, and its rejection ends the backup", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.query(
    `CREATE TABLE big AS SELECT g, repeat('x', 900) FROM generate_series(1, 40000) g`,
  );
  let during = 0;
  const sink = new KeepingSink((entry) => {
    if (entry.sizeBytes < 10_000_000) {
      return undefined;
    }
    const before = sink.receivedBytes;
    return new Promise((resolve) => {
      setTimeout(() => {
        during = sink.receivedBytes - before;
        resolve();
      }, 300);
    });
  });
  await streamBackup(connectionOf(server), options, sink);
  assert.ok(sink.receivedBytes > 40_000_000);
  assert.ok(during <= connectionReadBufferBytes, `${during} bytes came while the socket was held`);

  const full = new Error("disk full");
  const failing = new KeepingSink(() => Promise.reject(full));
  await assert.rejects(
    streamBackup(connectionOf(server), options, failing),
    (error) => error === full,
  );
  const throwing = new KeepingSink(() => {
    throw full;
  });
  await assert.rejects(
    streamBackup(connectionOf(server), options, throwing),
    (error) => error === full,
  );
});

test("a backup that is held to a rate takes as long as that", async () => {
  await using server = await startTestServer({ major: 18 });
  const sink = new KeepingSink();
  const beganMs = performance.now();
  await streamBackup(connectionOf(server), { ...options, kibPerSecondMax: 16_384 }, sink);
  const seconds = (performance.now() - beganMs) / 1000;
  const asked = sink.receivedBytes / (16_384 * 1024);
  assert.ok(asked > 1 && seconds > asked * 0.8, `${seconds} s for ${sink.receivedBytes} bytes`);
});

test("aborting a backup rejects with the signal's reason, and the server ends its side", async () => {
  await using server = await startTestServer({ major: 15 });
  await server.query(
    `CREATE TABLE big AS SELECT g, repeat('x', 900) FROM generate_series(1, 20000) g`,
  );
  const reason = new Error("enough");
  const aborter = new AbortController();
  const sink = new KeepingSink((entry) => {
    if (entry.sizeBytes > 10_000_000) {
      aborter.abort(reason);
    }
    return undefined;
  });
  await assert.rejects(
    streamBackup(connectionOf(server), { ...options, signal: aborter.signal }, sink),
    (error) => error === reason,
  );
  for (let i = 0; i < 50; i++) {
    if ((await server.value("SELECT count(*) FROM pg_stat_replication")) === "0") {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail("the walsender is still there");
});

test("an administrator who ends the backup is heard: SRC_BACKUP_INTERRUPTED says so", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.query(
    `CREATE TABLE big AS SELECT g, repeat('x', 900) FROM generate_series(1, 20000) g`,
  );
  const sink = new KeepingSink((entry) =>
    entry.sizeBytes > 10_000_000
      ? server
          .query("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
          .then(() => undefined)
      : undefined,
  );
  await assert.rejects(streamBackup(connectionOf(server), options, sink), (error: unknown) => {
    assert.ok(isDrError(error, "SRC_BACKUP_INTERRUPTED"), inspect(error));
    return true;
  });
});
