/** A restore that dies at any moment: what it left cannot start, and the same restore run again makes it whole. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { serialize } from "node:v8";
import { present } from "../../src/core/assert.ts";
import { startServer } from "../../src/postgres/throwaway-server.ts";
import { encodeRoot } from "../../src/repository/root.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import type { RestoreJob } from "../support/restore-child.ts";
import { type PlacedBackup, TestRepository } from "../support/test-repository.ts";
import {
  type TestServer,
  freePort,
  startTestServer,
  testDirectory,
} from "../support/test-server.ts";
import { WalArchive } from "../support/wal-archive.ts";

const child = new URL("../support/restore-child.ts", import.meta.url).pathname;

/** Every place at which a restore can be killed, and at which hit of it. */
const deaths = [
  "restore.claim:kill:1",
  "restore.open:kill:1",
  "restore.disable:kill:2",
  "restore.open:kill:200",
  "restore.write:kill:1",
  "restore.write:tear:1",
  "restore.write:tear:3",
  "restore.fsync:kill:1",
  "restore.fsync:kill:100",
  "files.fsync-directory:kill:8",
  "restore.control:kill:1",
];

type Ending = {
  readonly killed: boolean;
  readonly code?: string;
  readonly restoredBytes?: number;
  readonly keptBytes?: number;
};

async function runChild(jobFile: string, failpoint: string): Promise<Ending> {
  return await new Promise((resolve) => {
    const env = { ...process.env, PRA_FAILPOINT: failpoint };
    execFile(process.execPath, [child, jobFile], { env }, (error, stdout) => {
      const said = stdout === "" ? {} : (JSON.parse(stdout) as Omit<Ending, "killed">);
      resolve({ killed: error?.signal === "SIGKILL", ...said });
    });
  });
}

async function jobFor(
  repository: TestRepository,
  server: TestServer,
  parts: {
    readonly backup: PlacedBackup;
    readonly archive: WalArchive;
    readonly dataDirectory: string;
  },
): Promise<string> {
  const { backup, archive, dataDirectory } = parts;
  const job: RestoreJob = {
    storeRoot: join(repository.directory, "store"),
    ring: repository.sealed.ring,
    place: backup.place,
    root: encodeRoot(backup.root),
    dataDirectory,
    archive: archive.directory,
    owner: { uid: server.account.uid, gid: server.account.gid },
  };
  const path = join(repository.directory, "job");
  await writeFile(path, serialize(job));
  return path;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function start(server: TestServer, dataDirectory: string): Promise<number> {
  await using copy = await startServer({
    dataDirectory,
    binaries: server.binaries,
    port: await freePort(),
    account: server.account,
    signal: never,
  });
  return copy.pid;
}

test("L49 L53 a restore killed at any step leaves what cannot start, and run again works", async () => {
  await using archive = await WalArchive.create();
  await using server = await startTestServer({ major: 18, settings: archive.settings });
  await using repository = await TestRepository.create();
  await server.query("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 50000) g");
  const backup = await repository.backup(connectionOf(server));
  await archive.catchUp(server);
  const home = await testDirectory(server.account);
  try {
    const dataDirectory = join(home, "data");
    const job = await jobFor(repository, server, { backup, archive, dataDirectory });
    for (const death of deaths) {
      const ending = await runChild(job, death);
      assert.ok(ending.killed, `${death}: ${JSON.stringify(ending)}`);
      assert.ok(!(await exists(join(dataDirectory, "global", "pg_control"))), death);
      await assert.rejects(start(server, dataDirectory), death);
    }
    const whole = await runChild(job, "");
    // All that the last ones wrote is right, and stays.
    assert.ok(present(whole.keptBytes, JSON.stringify(whole)) > 0);
    assert.ok(!(await exists(join(dataDirectory, "pra-restore-unfinished"))));
    assert.ok((await start(server, dataDirectory)) > 0);
    const again = await runChild(job, "");
    assert.equal(again.code, "RESTORE_TARGET_NOT_EMPTY");
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

test("L49 a failing and a full target are told as such, and a full disk cannot start", async () => {
  await using archive = await WalArchive.create();
  await using server = await startTestServer({ major: 18, settings: archive.settings });
  await using repository = await TestRepository.create();
  const backup = await repository.backup(connectionOf(server));
  await archive.catchUp(server);
  const home = await testDirectory(server.account);
  try {
    const dataDirectory = join(home, "data");
    const job = await jobFor(repository, server, { backup, archive, dataDirectory });
    assert.equal((await runChild(job, "restore.write:enospc:3")).code, "RESTORE_DISK_FULL");
    assert.equal((await runChild(job, "restore.open:error:20")).code, "RESTORE_FILE_IO");
    assert.equal((await runChild(job, "restore.fsync:error:5")).code, "RESTORE_FILE_IO");
    await assert.rejects(start(server, dataDirectory));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

test("L49 a file system that fills up during a restore gives RESTORE_DISK_FULL", async (t) => {
  const mount = await mkdtemp("/tmp/pra-small-");
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", mount]);
  } catch {
    await rm(mount, { recursive: true });
    t.diagnostic("no right to mount here: the failpoint alone tests a full disk");
    return;
  }
  try {
    await using archive = await WalArchive.create();
    await using server = await startTestServer({ major: 18, settings: archive.settings });
    await using repository = await TestRepository.create();
    const backup = await repository.backup(connectionOf(server));
    await archive.catchUp(server);
    const dataDirectory = join(mount, "data");
    await mkdir(dataDirectory);
    const job = await jobFor(repository, server, { backup, archive, dataDirectory });
    assert.equal((await runChild(job, "")).code, "RESTORE_DISK_FULL");
    assert.ok(!(await exists(join(dataDirectory, "global", "pg_control"))));
  } finally {
    execFileSync("umount", [mount]);
    await rm(mount, { recursive: true });
  }
});
