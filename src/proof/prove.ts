/**
 * A proof: the backup is restored into a throw-away server of its own, the server replays to the target, and what it then
 * holds is checked. It must never touch production: no listener, no archive, no stream, its own socket and account;
 * and it must never be green for what was not seen.
 *
 * Levels: 1 every object that the restore needed is authentic (the restore itself shows it, frame by frame); 2 the server
 * reaches the target; 3 heaps, B-trees, counts and every page checksum hold. "unfit" is a verdict of its own:
 * this host cannot judge.
 */
import { chown, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Clock } from "../core/clock.ts";
import { type DrError, isDrError } from "../core/errors.ts";
import { proofFindingsMax, proofRecoveryMsMax } from "../core/limits.ts";
import { type Lsn, formatLsn, parseLsn } from "../core/lsn.ts";
import type { Random } from "../core/random.ts";
import { parseControlFile } from "../postgres/control-file.ts";
import type { ServerAccount } from "../postgres/server-account.ts";
import type { ServerBinaries } from "../postgres/server-binaries.ts";
import { type ThrowawayServer, startServer } from "../postgres/throwaway-server.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { isolationSettings } from "../restore/isolation.ts";
import { type RecoveryStop, recoverySettings } from "../restore/recovery-settings.ts";
import { type RestoredBackup, restoreBackup } from "../restore/restore-backup.ts";
import type { TimelineId } from "../core/wal-name.ts";
import {
  type FitnessFinding,
  differingCollations,
  missingExtensions,
  librariesForReplay,
  unfitPrograms,
} from "./fitness.ts";
import { superuserCandidates } from "./superuser.ts";
import { checkDatabases } from "./check-databases.ts";
import { checkPages } from "./page-checksums.ts";
import type { Proof, ProofFinding, ProofLevel, ReachedPoint } from "./proof-result.ts";

/** What a proof is doing. */
export type ProofPhase = "fitness" | "restore" | "recovery" | "checks";

/** What is proved, where and with what. */
export type ProveOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly root: BackupRoot;
  readonly stop: RecoveryStop;
  readonly timeline: TimelineId;
  /** The target is reached when recovery ended at or behind this. */
  readonly reachLsn: Lsn;
  readonly layWal: (directory: string) => Promise<number>;
  /** A directory for the throw-away server: must not exist; removed at the end. */
  readonly workDirectory: string;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  readonly port: number;
  readonly workers: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onPhase?: (phase: ProofPhase) => void;
  readonly signal: AbortSignal;
};

type Timed<T> = { readonly value: T; readonly durationMs: number };

async function timed<T>(clock: Clock, work: () => Promise<T>): Promise<Timed<T>> {
  const began = clock.monotonic();
  const value = await work();
  return { value, durationMs: Math.round(clock.monotonic() - began) };
}

function level(
  number: ProofLevel["level"],
  durationMs: number,
  findings: readonly ProofFinding[],
  counts: ProofLevel["counts"] = {},
): ProofLevel {
  return {
    level: number,
    ok: findings.length === 0,
    durationMs,
    findings: findings.slice(0, proofFindingsMax),
    findingsTotal: findings.length,
    counts,
  };
}

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
    shared_preload_libraries: librariesForReplay(options.root.server),
    session_preload_libraries: "",
    local_preload_libraries: "",
    max_wal_senders: "0",
    max_connections: String(Math.max(control.maxConnections, 10)),
    max_prepared_transactions: String(control.maxPreparedTransactions),
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

/** Connections to the throw-away server, under the first name that it knows. */
class Connections {
  readonly #server: ThrowawayServer;
  readonly #candidates: readonly string[];
  #user: string | undefined;

  constructor(server: ThrowawayServer, candidates: readonly string[]) {
    this.#server = server;
    this.#candidates = candidates;
  }

  async open(database: string): Promise<pg.Client> {
    const names = this.#user === undefined ? this.#candidates : [this.#user];
    let refusal: unknown;
    for (const user of names) {
      const { socketDirectory: host, port } = this.#server;
      // An empty password: else the password file of whoever runs this would be read.
      const client = new pg.Client({ host, port, user, database, password: "" });
      try {
        await client.connect();
        this.#user = user;
        return client;
      } catch (error) {
        if (!UNKNOWN_ROLE.has((error as { readonly code?: string }).code ?? "")) {
          throw error;
        }
        refusal = error;
      }
    }
    throw refusal;
  }
}

/** SQLSTATE of a role that does not exist or may not log in. */
const UNKNOWN_ROLE: ReadonlySet<string> = new Set(["28000", "28P01"]);

/** The mutable record of a proof under way. */
class ProofRecord {
  readonly #clock: Clock;
  readonly #began: number;
  readonly levels: ProofLevel[] = [];
  unfit: readonly FitnessFinding[] = [];
  environment: readonly FitnessFinding[] = [];
  reached: ReachedPoint | undefined;
  rtoMs: number | undefined;
  restored: RestoredBackup | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#began = clock.monotonic();
  }

  answered(): void {
    this.rtoMs = Math.round(this.#clock.monotonic() - this.#began);
  }

  close(binaries: ServerBinaries): Proof {
    const failed = this.levels.some((each) => !each.ok);
    const complete = this.levels.length === 3;
    const verdict = this.unfit.length > 0 ? "unfit" : failed || !complete ? "failed" : "proved";
    return {
      verdict,
      levels: this.levels,
      unfit: this.unfit,
      environment: this.environment,
      reached: this.reached,
      rtoMs: this.rtoMs,
      durationMs: Math.round(this.#clock.monotonic() - this.#began),
      phases: this.restored?.phases ?? [],
      restoredBytes: this.restored?.restoredBytes ?? 0,
      serverVersion: `${binaries.version.major}.${binaries.version.minor}`,
    };
  }
}

function placesOf(options: ProveOptions): ReadonlyMap<number, string> {
  return new Map(
    options.root.tablespaces.map(({ oid }) => [
      oid,
      join(options.workDirectory, `tablespace-${oid}`),
    ]),
  );
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
      tablespaces: placesOf(options),
      owner,
      settings: recoverySettings({ stop, timeline, action: "promote" }),
    });
    const { restoredBytes, readBytes } = record.restored;
    record.levels.push(level(1, clock.monotonic() - began, [], { restoredBytes, readBytes }));
    return true;
  } catch (error) {
    const finding = findingOf(error);
    if (finding === undefined) {
      throw error;
    }
    record.levels.push(level(1, clock.monotonic() - began, [finding]));
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
    record.reached = await reachedPoint(dataDirectory);
    const { reached } = record;
    const short = reached === undefined || reached.lsn < options.reachLsn;
    const found = reached === undefined ? "nowhere" : formatLsn(reached.lsn);
    const text = `recovery ended at ${found}, before ${formatLsn(options.reachLsn)}`;
    const findings = short ? [{ kind: "target", text }] : [];
    record.levels.push(level(2, clock.monotonic() - began, findings));
    return server;
  } catch (error) {
    const finding = findingOf(error);
    if (finding === undefined) {
      throw error;
    }
    record.levels.push(level(2, clock.monotonic() - began, [finding]));
    return undefined;
  }
}

async function judgeContent(
  options: ProveOptions,
  server: ThrowawayServer,
  record: ProofRecord,
): Promise<void> {
  const { root, clock, signal } = options;
  options.onPhase?.("checks");
  const checked = await timed(clock, async () => {
    const connections = new Connections(server, superuserCandidates(root.server));
    const client = await connections.open("postgres");
    try {
      record.unfit = await missingExtensions(client, root.server);
      record.environment = await differingCollations(client, root.server.major);
    } finally {
      await client.end();
    }
    const content = await checkDatabases((database) => connections.open(database), {
      random: options.random,
      signal,
    });
    await server.stop("fast", { signal });
    const pages = root.server.dataChecksums
      ? await checkPages(
          {
            dataDirectory: server.dataDirectory,
            tablespaces: placesOf(options),
            blockBytes: root.server.blockBytes,
            segmentBlocks: root.server.segmentBlocks,
          },
          { signal },
        )
      : { files: 0, pages: 0, wrong: [] };
    return { content, pages };
  });
  const { content, pages } = checked.value;
  const findings = [
    ...content.findings,
    ...pages.wrong.map((page) => ({
      kind: "page checksum",
      text: `${page.path} block ${page.block}`,
    })),
  ];
  const counts = { ...content.counts, files: pages.files, pages: pages.pages };
  record.levels.push(level(3, checked.durationMs, findings, counts));
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
  const record = new ProofRecord(options.clock);
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
