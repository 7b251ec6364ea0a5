/**
 * A proof: the backup is restored into a throw-away server of its own, the server replays to the target, and what it then
 * holds is checked. It must never touch production: no listener, no archive, no stream, its own socket and account;
 * and it must never be green for what was not seen.
 *
 * Levels: 1 every object that the restore needed is authentic (the restore itself shows it, frame by frame); 2 the server
 * reaches the target; 3 heaps, B-trees, counts and every page checksum hold; 4 what the user asserts of the data; 5 the
 * application works on it. "unfit" is a verdict of its own: this host cannot judge.
 */
import { chown, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { proofRecoveryMsMax, proofTemporaryBytesMax } from "../core/limits.ts";
import { formatLsn, parseLsn } from "../core/lsn.ts";
import { parseControlFile } from "../postgres/control-file.ts";
import { type ThrowawayServer, startServer } from "../postgres/throwaway-server.ts";
import { isolationSettings } from "../restore/isolation.ts";
import { recoverySettings } from "../restore/recovery-settings.ts";
import { restoreBackup } from "../restore/restore-backup.ts";
import { librariesForReplay, unfitPrograms } from "./fitness.ts";
import { judgeContent, tablespacePlaces } from "./judge-content.ts";
import { ProofRecord, levelOf } from "./proof-record.ts";
import type { Proof, ProofFinding, ProofLevel, ReachedPoint } from "./proof-result.ts";
import type { ProveOptions } from "./prove-options.ts";

/** Errors that speak about the backup; all others (disk full, abort) end the proof without a verdict. */
function findingOf(error: unknown): ProofFinding | undefined {
  const judged = ["REPO_", "RESTORE_INCOMPLETE", "PG_CONTROL", "PG_START", "WAL_", "STORE_MISSING"];
  if (isDrError(error) && judged.some((prefix) => error.code.startsWith(prefix))) {
    const { code, message, details } = error as DrError;
    const tail = details["logTail"];
    return { kind: code, text: tail === undefined ? message : `${message}\n${String(tail)}` };
  }
  return undefined;
}

/** Settings of the throw-away server: isolated, lean, and able to replay whatever the source wrote. */
async function serverSettings(
  options: ProveOptions,
  dataDirectory: string,
): Promise<Readonly<Record<string, string>>> {
  const control = parseControlFile(await readFile(join(dataDirectory, "global/pg_control")));
  const hba = join(options.workDirectory, "hba.conf");
  await writeFile(hba, "local all all trust\n", { mode: 0o600 });
  await writeFile(join(options.workDirectory, "ident.conf"), "", { mode: 0o600 });
  if (options.account.switched) {
    await chown(hba, options.account.uid, options.account.gid);
    await chown(
      join(options.workDirectory, "ident.conf"),
      options.account.uid,
      options.account.gid,
    );
  }
  return {
    ...isolationSettings(options.root.server.major),
    hba_file: hba,
    ident_file: join(options.workDirectory, "ident.conf"),
    hot_standby: "off",
    autovacuum: "off",
    huge_pages: "off",
    shared_buffers: "128MB",
    work_mem: "16MB",
    maintenance_work_mem: "64MB",
    max_parallel_workers_per_gather: "0",
    max_parallel_maintenance_workers: "0",
    temp_file_limit: String(proofTemporaryBytesMax / 1024),
    default_transaction_read_only: "off",
    shared_preload_libraries: librariesForReplay(options.root.server),
    session_preload_libraries: "",
    local_preload_libraries: "",
    max_wal_senders: "0",
    max_connections: String(Math.max(control.maxConnections, 10)),
    // Replay stops where it is smaller than on the backed-up server.
    max_prepared_transactions: guard("L52-prepared-have-room")
      ? String(control.maxPreparedTransactions)
      : "0",
    max_locks_per_transaction: String(Math.max(control.maxLocksPerTransaction, 64)),
    lc_messages: "C",
  };
}

/** Where recovery ended: the newest history file's last line says it exactly. */
export async function reachedPoint(dataDirectory: string): Promise<ReachedPoint | undefined> {
  const names = (await readdir(join(dataDirectory, "pg_wal")))
    .filter((name) => /^[0-9A-F]{8}\.history$/.test(name))
    .sort();
  const newest = names.at(-1);
  if (newest === undefined) {
    return undefined;
  }
  const text = await readFile(join(dataDirectory, "pg_wal", newest), "utf8");
  const line = text
    .split("\n")
    .filter((each) => /^\s*\d+\s/.test(each))
    .at(-1);
  const [, lsn = "0/0", ...reason] = (line ?? "").trim().split(/\s+/);
  return {
    lsn: parseLsn(lsn),
    timeline: Number.parseInt(newest.slice(0, 8), 16),
    reason: reason.join(" "),
  };
}

async function restoreForProof(options: ProveOptions, record: ProofRecord): Promise<boolean> {
  const { account, clock, stop, timeline } = options;
  const owner = account.switched ? { uid: account.uid, gid: account.gid } : undefined;
  options.onPhase?.("restore");
  const began = clock.monotonic();
  try {
    record.restored = await restoreBackup({
      ...options,
      dataDirectory: join(options.workDirectory, "data"),
      tablespaces: tablespacePlaces(options),
      owner,
      settings: recoverySettings({ stop, timeline, action: "promote" }),
    });
    const { restoredBytes, readBytes } = record.restored;
    record.levels.push(levelOf(1, clock.monotonic() - began, [], { restoredBytes, readBytes }));
    return true;
  } catch (error) {
    const finding = findingOf(error);
    if (finding === undefined) {
      throw error;
    }
    record.levels.push(levelOf(1, clock.monotonic() - began, [finding]));
    return false;
  }
}

async function startForProof(
  options: ProveOptions,
  record: ProofRecord,
): Promise<ThrowawayServer | undefined> {
  const { binaries, account, port, clock, signal } = options;
  const dataDirectory = join(options.workDirectory, "data");
  options.onPhase?.("recovery");
  const began = clock.monotonic();
  try {
    const server = await startServer({
      dataDirectory,
      binaries,
      account,
      port,
      settings: await serverSettings(options, dataDirectory),
      startTimeoutMs: proofRecoveryMsMax,
      signal,
    });
    record.answered();
    await options.onServer?.(server);
    record.reached = await reachedPoint(dataDirectory);
    const { reached } = record;
    const short = reached === undefined || reached.lsn < options.reachLsn;
    const found = reached === undefined ? "nowhere" : formatLsn(reached.lsn);
    const text = `recovery ended at ${found}, before ${formatLsn(options.reachLsn)}`;
    const findings = short ? [{ kind: "target", text }] : [];
    record.levels.push(levelOf(2, clock.monotonic() - began, findings));
    return server;
  } catch (error) {
    const finding = findingOf(error);
    if (finding === undefined) {
      throw error;
    }
    record.levels.push(levelOf(2, clock.monotonic() - began, [finding]));
    return undefined;
  }
}

function wantedLevels({ assertions, application }: ProveOptions): readonly ProofLevel["level"][] {
  return [
    1,
    2,
    3,
    ...(assertions.length > 0 ? ([4] as const) : []),
    ...(application === undefined ? [] : ([5] as const)),
  ];
}

/** Programs that cannot run this cluster at all are told before anything is restored. */
async function isFit(options: ProveOptions, record: ProofRecord): Promise<boolean> {
  const { binaries, account, root, workDirectory, signal } = options;
  options.onPhase?.("fitness");
  const programs = { binaries, account, emptyDirectory: workDirectory, signal };
  record.unfit = await unfitPrograms(programs, root.server);
  return record.unfit.length === 0;
}

/**
 * Proves a backup up to a target. Resolves with a verdict whatever the backup is like; rejects only when the proof itself could
 * not be made: no disk, aborted, programs that do not run. Nothing is left behind in either case.
 * @throws DrError `RESTORE_*`, `PG_*`, `STORE_*`, `KEY_*`; the signal's reason.
 */
export async function prove(options: ProveOptions): Promise<Proof> {
  const { account, workDirectory } = options;
  const record = new ProofRecord(options.clock, wantedLevels(options));
  await mkdir(workDirectory, { recursive: false, mode: 0o700 });
  try {
    if (account.switched) {
      await chown(workDirectory, account.uid, account.gid);
    }
    if ((await isFit(options, record)) && (await restoreForProof(options, record))) {
      await using server = await startForProof(options, record);
      if (server !== undefined) {
        await judgeContent(options, server, record);
      }
    }
    return record.close(options.binaries);
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
}
