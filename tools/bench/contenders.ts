/** Who is measured: pra as its users run it, and the peers that are installed, with settings as equal as they allow. */
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bed } from "./data-set.ts";
import type { BenchCommand } from "./measure.ts";
import type { Receiver } from "./receivers.ts";

/** One program with the steps it can do. Commands are made anew for each round. */
export type Contender = {
  readonly name: string;
  readonly settings: string;
  readonly full: (() => BenchCommand) | undefined;
  readonly incremental: (() => BenchCommand) | undefined;
  /** Restores the newest backup into a fresh directory. */
  readonly restore: ((directory: string) => BenchCommand) | undefined;
  /** Its WAL receiver, where it has one of its own. */
  readonly receiver: Receiver | undefined;
  /** Bytes it stores, all in all. */
  readonly storedBytes: () => number;
  /** The same without WAL. */
  readonly storedBytesWithoutWal: () => number;
};

/** What `du` says of a directory, apparent size, without the room that is kept for a full disk; `exclude`: more names that are left out. */
export function directoryBytes(path: string, exclude: readonly string[] = []): number {
  const left = [".emergency-room", ...exclude].map((name) => `--exclude=${name}`);
  const result = spawnSync("du", ["-sb", ...left, path], { encoding: "utf8" });
  return Number(result.stdout.split("\t")[0] ?? 0);
}

/** A fresh directory that belongs to the server's account. */
export function ownDirectory(bed: Bed, name: string): string {
  const path = join(bed.home, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (bed.account.switched) {
    chownSync(path, bed.account.uid, bed.account.gid);
  }
  return path;
}

/** A command of pra's on a repository of its own. */
export type PraCommand = (...words: readonly string[]) => BenchCommand;

function repositoryIn(home: string): string {
  return join(home, "repository");
}

/** pra by its launcher, with a fresh repository in a directory of this name. @throws Error when it cannot be made. */
export function praCommand(bed: Bed, launcher: string, name: string): PraCommand {
  const home = ownDirectory(bed, name);
  const environment = {
    BACKUP_DIR: repositoryIn(home),
    PRA_KEY_FILE: join(home, "key"),
    PRA_STATE_DIR: join(home, "state"),
    PRA_SPOOL_DIR: join(home, "spool"),
    PG_HOST: bed.home,
    PG_PORT: String(bed.port),
    PG_USER: "postgres",
  };
  const command: PraCommand = (...words) => ({
    program: launcher,
    arguments: words,
    environment,
  });
  const init = command("init");
  const made = spawnSync(init.program, init.arguments, {
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  if (made.status !== 0) {
    throw new Error(`pra init: ${made.stdout}${made.stderr}`);
  }
  return command;
}

/** pra as its users run it, sealed as by default. */
export function pra(bed: Bed, launcher: string): Contender {
  const command = praCommand(bed, launcher, "pra");
  const repository = repositoryIn(join(bed.home, "pra"));
  return {
    name: "pra",
    settings: "2 workers, zstd 1, sealed (AES-256-GCM), stream",
    full: () => command("backup", "--full", "--workers", "2"),
    incremental: () => command("backup", "--incremental", "--workers", "2"),
    restore: (directory) => command("restore", "--to", directory),
    receiver: {
      name: "pra wal receive",
      applicationName: "pra_main",
      command: () => command("wal", "receive"),
    },
    storedBytes: () => directoryBytes(repository),
    storedBytesWithoutWal: () => directoryBytes(repository, ["wal"]),
  };
}

/** Block incremental is marked beta up to 2.45. */
function betaOf(program: string): readonly string[] {
  const version = spawnSync(program, ["version"], { encoding: "utf8" }).stdout;
  const minor = Number(/pgBackRest 2\.(\d+)/.exec(version)?.[1] ?? 99);
  return minor < 46 ? ["--beta"] : [];
}

/** pgBackRest, two processes, zstd 1, bundles and block incremental; not encrypted; WAL left out. */
export function pgBackRest(bed: Bed, program: string): Contender {
  const home = ownDirectory(bed, "pgbackrest");
  const configuration = join(home, "pgbackrest.conf");
  writeFileSync(
    configuration,
    `[global]
repo1-path=${home}/repo
repo1-bundle=y
repo1-block=y
process-max=2
compress-type=zst
compress-level=1
start-fast=y
archive-check=n
log-level-file=off
log-level-console=warn
lock-path=${home}/lock
spool-path=${home}/spool
repo1-retention-full=9
[bench]
pg1-path=${bed.dataDirectory}
pg1-port=${bed.port}
pg1-socket-path=${bed.home}
pg1-user=postgres
`,
    { mode: 0o644 },
  );
  const { uid, gid, switched } = bed.account;
  const identity = switched ? { uid, gid } : {};
  const command = (...args: readonly string[]): BenchCommand => ({
    program,
    arguments: [`--config=${configuration}`, "--stanza=bench", ...betaOf(program), ...args],
    ...identity,
  });
  const create = command("stanza-create");
  const made = spawnSync(create.program, create.arguments, { ...identity, encoding: "utf8" });
  if (made.status !== 0) {
    throw new Error(`pgbackrest stanza-create: ${made.stdout}${made.stderr}`);
  }
  return {
    name: spawnSync(program, ["version"], { encoding: "utf8" }).stdout.trim(),
    settings: "2 processes, zst 1, bundle, block, not encrypted, files read in place",
    full: () => command("--type=full", "backup"),
    incremental: () => command("--type=diff", "backup"),
    restore: (directory) => command(`--pg1-path=${directory}`, "--type=immediate", "restore"),
    receiver: undefined,
    storedBytes: () => directoryBytes(join(home, "repo")),
    storedBytesWithoutWal: () => directoryBytes(join(home, "repo"), ["archive"]),
  };
}

/** pg_basebackup: stores nothing compressed unless told; shows what the server alone costs. */
export function pgBaseBackup(bed: Bed, compression: string | undefined): Contender {
  const home = ownDirectory(bed, `pg_basebackup-${compression ?? "plain"}`);
  const target = join(home, "backup");
  const { uid, gid, switched } = bed.account;
  return {
    name: compression === undefined ? "pg_basebackup" : `pg_basebackup ${compression}`,
    settings: "one process, tar, WAL left out",
    full: () => {
      rmSync(target, { recursive: true, force: true });
      return {
        program: join(bed.binaries.binDirectory, "pg_basebackup"),
        arguments: [
          `--host=${bed.home}`,
          `--port=${bed.port}`,
          "--username=postgres",
          `--pgdata=${target}`,
          "--format=tar",
          "--wal-method=none",
          "--checkpoint=fast",
          ...(compression === undefined ? [] : [`--compress=${compression}`]),
        ],
        ...(switched ? { uid, gid } : {}),
      };
    },
    incremental: undefined,
    restore: undefined,
    receiver: undefined,
    storedBytes: () => directoryBytes(home),
    storedBytesWithoutWal: () => directoryBytes(home),
  };
}
