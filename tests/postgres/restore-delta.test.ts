/**
 * Restores over what is there: an old cluster that is spoiled in every way that a file system allows becomes what a fresh restore is, byte for
 * byte, and only what differs is read from the repository.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmod,
  link,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { isDrError } from "../../src/core/errors.ts";
import { type RestoredBackup, restoreBackup } from "../../src/restore/restore-backup.ts";
import { lookAtTarget } from "../../src/restore/target-directory.ts";
import { connectionOf } from "../support/connection-of.ts";
import { RestoredCluster, type PlacedBackup, TestRepository } from "../support/test-repository.ts";
import { type TestServer, startTestServer, testDirectory } from "../support/test-server.ts";
import { WalArchive } from "../support/wal-archive.ts";

/** Names in which copies of one backup may differ: they hold the places of its tablespaces. */
const PLACES = /^(?:pg_tblspc\/.*|tablespace_map|backup_manifest)$/;

/** Every path below a directory with its mode, its owner, and its content or where it leads; a copy's own place left out. */
async function treeOf(base: string): Promise<ReadonlyMap<string, string>> {
  const tree = new Map<string, string>();
  for (const name of await readdir(base, { recursive: true })) {
    const path = join(base, name);
    const stats = await lstat(path);
    let what = "";
    if (stats.isSymbolicLink()) {
      what = await readlink(path);
    } else if (stats.isFile()) {
      const content = (await readFile(path, "latin1")).replaceAll(base, "");
      what = createHash("sha256").update(content).digest("hex");
    }
    if (!PLACES.test(name)) {
      tree.set(name, `${stats.mode.toString(8)} ${stats.uid} ${what}`);
    }
  }
  return tree;
}

async function flip(path: string, position: number): Promise<void> {
  await using file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, position);
}

/** A server with a tablespace, its backup, and a copy of it that was started, changed and stopped. */
class Scene implements AsyncDisposable {
  readonly archive: WalArchive;
  readonly server: TestServer;
  readonly repository: TestRepository;
  readonly backup: PlacedBackup;
  readonly home: string;

  private constructor(parts: Pick<Scene, "archive" | "server" | "repository" | "backup" | "home">) {
    this.archive = parts.archive;
    this.server = parts.server;
    this.repository = parts.repository;
    this.backup = parts.backup;
    this.home = parts.home;
  }

  static async create(): Promise<Scene> {
    const archive = await WalArchive.create();
    const server = await startTestServer({ major: 18, settings: archive.settings });
    const repository = await TestRepository.create();
    const place = await testDirectory(server.account);
    await server.query(`CREATE TABLESPACE there LOCATION '${place}'`);
    await server.query(
      `CREATE TABLE t AS SELECT g AS id, md5(g::text) AS v FROM generate_series(1, 400000) g;
       CREATE INDEX ON t (id);
       CREATE TABLE twin AS SELECT * FROM t WHERE id <= 20000;
       CREATE TABLE apart TABLESPACE there AS SELECT * FROM t WHERE id <= 50000;`,
    );
    // Else the first look at each row changes its page.
    await server.query("VACUUM (FREEZE, ANALYZE)");
    const backup = await repository.backup(connectionOf(server));
    await archive.catchUp(server);
    return new Scene({ archive, server, repository, backup, home: place });
  }

  /** Restores into directories of this name. */
  async restore(name: string, over: boolean): Promise<RestoredBackup> {
    const { server, backup, archive } = this;
    const [tablespace] = backup.root.tablespaces;
    const tablespaces = new Map([[tablespace?.oid ?? 0, this.tablespace(name)]]);
    const dataDirectory = this.data(name);
    const about = { archive, dataDirectory, tablespaces };
    return await restoreBackup({ ...this.repository.restoreOptions(server, backup, about), over });
  }

  data(name: string): string {
    return join(this.home, name, "data");
  }

  tablespace(name: string): string {
    return join(this.home, name, "there");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.repository[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await this.archive[Symbol.asyncDispose]();
    await rm(this.home, { recursive: true, force: true });
  }
}

async function pathOf(server: TestServer, table: string): Promise<string> {
  const { rows } = await server.query(`SELECT pg_relation_filepath('${table}') AS path`);
  return String(rows[0]?.["path"]);
}

test("a restore over an old cluster makes it what a fresh restore is, and reads only what differs", async () => {
  await using scene = await Scene.create();
  const { server, home } = scene;
  const fresh = await scene.restore("fresh", false);
  const trees = async (name: string): Promise<readonly ReadonlyMap<string, string>[]> => [
    await treeOf(scene.data(name)),
    await treeOf(scene.tablespace(name)),
  ];
  const wanted = await trees("fresh");
  const first = await scene.restore("old", false);
  {
    // A copy that lives on: rows change, relations come, go and move.
    await using copy = new RestoredCluster(server, join(home, "old"), first);
    await copy.start();
    await copy.query(
      `UPDATE t SET v = 'changed' WHERE id < 500; CREATE TABLE new AS SELECT 1; DELETE FROM apart WHERE id < 1000`,
    );
    await copy.query("VACUUM FULL twin");
    await copy.query("ALTER SYSTEM SET work_mem = '5MB'");
    await copy.stop();
    // It removes its directory in the end.
    await rename(join(home, "old"), join(home, "kept"));
  }
  await rename(join(home, "kept"), join(home, "old"));
  const data = scene.data("old");
  const table = join(data, await pathOf(server, "t"));
  await flip(table, 8192 * 100 + 5);
  await truncate(join(data, await pathOf(server, "t_id_idx")), 8192 * 3 + 100);
  await writeFile(join(data, "PG_VERSION"), "18\nand more");
  await rm(join(data, "pg_xact", "0000"));
  await mkdir(join(data, "pg_xact", "0000"));
  await writeFile(join(data, "base", "stranger"), "no backup has this");
  // Another cluster's name for the same file: writing into it would change that cluster.
  const twin = join(home, "hard-link");
  const hard = join(data, await pathOf(server, "pg_class"));
  await link(hard, twin);
  await flip(hard, 50);
  const twinBefore = await readFile(twin);
  // WAL on another disk, and a directory that leads out.
  const outside = join(home, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "precious"), "not ours");
  await rm(join(data, "pg_wal"), { recursive: true });
  await symlink(outside, join(data, "pg_wal"));
  await rm(join(data, "pg_multixact", "members"), { recursive: true });
  await symlink(outside, join(data, "pg_multixact", "members"));
  // What another major keeps in the same tablespace.
  const neighbour = join(scene.tablespace("old"), "PG_14_202107181", "5");
  await mkdir(neighbour, { recursive: true });
  await writeFile(join(neighbour, "16384"), "another cluster's");

  await assert.rejects(scene.restore("old", false), (error) =>
    isDrError(error, "RESTORE_TARGET_NOT_EMPTY"),
  );
  const over = await scene.restore("old", true);

  assert.equal(await readFile(join(neighbour, "16384"), "utf8"), "another cluster's");
  await rm(join(scene.tablespace("old"), "PG_14_202107181"), { recursive: true });
  assert.deepEqual(await trees("old"), wanted);
  assert.deepEqual(await readdir(outside), ["precious"]);
  assert.ok(twinBefore.equals(await readFile(twin)), "the file's other name keeps its content");
  const moved = JSON.stringify({ fresh, over });
  assert.ok(over.keptBytes > fresh.restoredBytes * 0.5, moved);
  assert.ok(over.readBytes < fresh.readBytes * 0.7, moved);
  assert.ok(over.restoredBytes < fresh.restoredBytes * 0.5, moved);
  await using copy = new RestoredCluster(server, join(home, "old"), over);
  await copy.start();
  assert.equal(await copy.value("SELECT count(*) FROM t"), "400000");
  assert.equal(await copy.value("SELECT sum(id) FROM apart"), "1250025000");
});

test("what an interrupted restore left is taken up, and what was spoiled since is mended", async () => {
  await using scene = await Scene.create();
  const fresh = await scene.restore("fresh", false);
  const wanted = await treeOf(scene.data("fresh"));
  await scene.restore("again", false);
  const data = scene.data("again");
  // As if it had been killed before its end.
  await writeFile(join(data, "pra-restore-unfinished"), "");
  await rm(join(data, "global", "pg_control"));
  await writeFile(join(scene.tablespace("again"), "pra-restore-unfinished"), "");
  await flip(join(data, await pathOf(scene.server, "t")), 8192 * 7);
  await truncate(join(data, await pathOf(scene.server, "twin")), 8192);
  const again = await scene.restore("again", false);
  assert.deepEqual(await treeOf(data), wanted);
  const moved = JSON.stringify({ fresh, again });
  assert.ok(again.keptBytes > fresh.restoredBytes * 0.9, moved);
  assert.ok(again.readBytes < fresh.readBytes * 0.3, moved);
});

test("a directory in which a server's processes outlive their postmaster is not restored over", async () => {
  await using server = await startTestServer({ major: 18 });
  const client = await server.connect();
  client.on("error", () => undefined);
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const backend = rows[0]?.pid ?? 0;
  // It computes, and looks for nobody meanwhile.
  const computing = client
    .query("SELECT count(*) FROM generate_series(1, 100000000000)")
    .catch(() => undefined);
  await promisify(execFile)("sleep", ["0.5"]);
  process.kill(server.pid, "SIGKILL");
  try {
    await assert.rejects(lookAtTarget(server.dataDirectory, true), (error) =>
      isDrError(error, "RESTORE_TARGET_RUNNING"),
    );
  } finally {
    process.kill(backend, "SIGKILL");
    await computing;
  }
});

test("a directory that is no cluster is refused although somebody would restore over it", async () => {
  await using server = await startTestServer({ major: 18 });
  const home = await testDirectory(server.account);
  try {
    await chmod(home, 0o700);
    await writeFile(join(home, "letters"), "");
    await assert.rejects(lookAtTarget(home, true), (error) =>
      isDrError(error, "RESTORE_TARGET_NOT_EMPTY"),
    );
    assert.deepEqual(await readdir(home), ["letters"]);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
