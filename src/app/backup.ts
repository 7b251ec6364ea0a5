/**
 * `pra backup`: one backup of the configured cluster, from the first look at the server to the root and the ledger. The order is
 * what keeps the promises: lease, then what is built upon is pinned, then WAL is kept, then the server is copied; the root
 * only when the WAL is durable and the lease still ours.
 *
 * Failing or interrupted: nothing is listed, the lease is released, the server ends its backup by itself.
 */
import { cutText } from "../core/cut-text.ts";
import { INCARNATION_SETTING } from "../core/incarnation-setting.ts";
import type { BackupProgress } from "../backup/backup-taker.ts";
import { chooseKind, type ChosenKind, type WantedKind } from "../backup/choose-kind.ts";
import { outsideConfiguration, serverIdentity } from "../backup/server-identity.ts";
import { type BackupWal, type TakenBackup, takeBackup } from "../backup/take-backup.ts";
import { type DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { backupZstdLevel, leaseTtlSeconds } from "../core/limits.ts";
import { formatLsn } from "../core/lsn.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { identifySystem, showSettingIfKnown } from "../postgres/replication-commands.ts";
import { ReplicationConnection } from "../postgres/replication-connection.ts";
import { type ServerFacts, readServerFacts, requireFitServer } from "../postgres/server-facts.ts";
import { openIncarnation } from "../repository/incarnation.ts";
import { acquireLease, type Lease, type LeaseOptions } from "../repository/lease.ts";
import { clusterNameOf, type IncarnationPlace } from "../repository/object-names.ts";
import { holdPin } from "../repository/pins.ts";
import type { ServerIdentity } from "../repository/root.ts";
import type { BackupSink, BackupStart } from "../source/backup-source.ts";
import { streamBackup } from "../source/stream-source.ts";
import type { ReceiverEvent } from "../wal/receiver-events.ts";
import { newestRoots } from "./backup-roots.ts";
import { type OpenBackupWal, openBackupWal, requireBackupWal } from "./backup-wal.ts";
import type { Adapters } from "./compose.ts";
import { keepSettings } from "./config-save.ts";
import type { Environment } from "./environment.ts";
import { beatInPassing } from "./heartbeat.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { checkHistory, rememberBackup } from "./rollback.ts";
import { type OpenRepository, openRepository } from "./repository-access.ts";

/** Where a backup stands. */
export type BackupStep = "connecting" | "lease" | "checkpoint" | "copying" | "wal" | "publishing";

/** What was asked for. */
export type BackupRequest = {
  readonly wanted: WantedKind;
  readonly note: string;
  readonly workers: number;
  readonly allowUntestedMajor: boolean;
  /** Take a repository that shows less than this host has seen as it is. */
  readonly acceptRollback: boolean;
  /** Recorded in the ledger: the command as typed. */
  readonly reason: string;
  readonly onStep: (step: BackupStep) => void;
  readonly onProgress: (progress: BackupProgress) => void;
  /** Told when another host's lease has to be watched before it counts as gone. */
  readonly onWatch: LeaseOptions["onWatch"];
  readonly signal: AbortSignal;
};

/** What became of it. */
export type BackupResult = {
  readonly taken: TakenBackup;
  readonly chosen: ChosenKind;
  readonly place: IncarnationPlace;
  readonly repository: OpenRepository;
  readonly walFrom: OpenBackupWal["from"];
  /** What the WAL capture told that deserves a look: conflicts, unreadable records. */
  readonly walEvents: readonly ReceiverEvent[];
  /** Why the ledger could not be written. */
  readonly ledgerFailure: Error | undefined;
  /** Why the `.env` could not be kept beside the backup. */
  readonly settingsFailure: DrError | undefined;
  /** Why the heartbeat that is configured could not be written. */
  readonly heartbeatFailure: DrError | undefined;
};

type Server = {
  readonly connection: ConnectionSettings;
  readonly facts: ServerFacts;
  readonly systemIdentifier: bigint;
  /** Its `pra.incarnation`. */
  readonly named: string | undefined;
  readonly identity: ServerIdentity;
};

async function meetServer(environment: Environment, request: BackupRequest): Promise<Server> {
  const { signal, allowUntestedMajor } = request;
  const connection = await withPasswordFile(environment.connection, { signal });
  const options = { applicationName: environment.slotName, signal };
  const facts = await readServerFacts(connection, options);
  requireFitServer(facts, { settings: connection, allowUntestedMajor });
  await using replication = await ReplicationConnection.open(connection, options);
  const { systemIdentifier: text } = await identifySystem(replication, { signal });
  const systemIdentifier = BigInt(text);
  const named = await showSettingIfKnown(replication, INCARNATION_SETTING, { signal });
  const identity = serverIdentity(facts, systemIdentifier);
  return { connection, facts, systemIdentifier, identity, named };
}

/** What one run works with. */
type Run = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly request: BackupRequest;
  readonly repository: OpenRepository;
  readonly server: Server;
  readonly place: IncarnationPlace;
  readonly ledger: LedgerRecorder;
};

/** WAL first, then the lease once more: a root is published only by who still holds it. */
function guardedWal(run: Run, wal: OpenBackupWal, lease: Lease, signal: AbortSignal): BackupWal {
  const { adapters, request, place } = run;
  const { sealed } = run.repository;
  return {
    complete: async (range) => {
      request.onStep("wal");
      await wal.complete(range);
      if (guard("L3-wal-found")) {
        await requireBackupWal({ adapters, sealed, place, signal }, range);
      }
      request.onStep("publishing");
      await lease.renewNow({ signal: request.signal });
    },
  };
}

/** The same sink, with word of the start. */
function tellingStart(sink: BackupSink, onStart: (start: BackupStart) => void): BackupSink {
  return {
    begin: (start) => {
      sink.begin(start);
      onStart(start);
    },
    entry: (entry) => {
      sink.entry(entry);
    },
    data: (chunk) => {
      sink.data(chunk);
    },
    endEntry: () => {
      sink.endEntry();
    },
    pressure: () => sink.pressure(),
  };
}

async function copyCluster(
  run: Run,
  lease: Lease,
  parts: {
    readonly chosen: ChosenKind;
    readonly predecessor: TakenBackup["root"]["predecessor"];
    readonly wal: OpenBackupWal;
  },
): Promise<TakenBackup> {
  const { adapters, environment, request, repository, server, place, ledger } = run;
  const { chosen, predecessor, wal } = parts;
  const signal = AbortSignal.any([request.signal, lease.lost, wal.lost]);
  const parent = chosen.kind === "incremental" ? chosen.parent : undefined;
  const label = `pra ${place.cluster} ${chosen.kind}`;
  const id = repository.sealed.newId();
  let recorded: Promise<void> | undefined;
  const onStart = (start: BackupStart): void => {
    request.onStep("copying");
    const { cluster, incarnation } = place;
    const { timeline } = start;
    const startLsn = formatLsn(start.startLsn);
    const { kind } = chosen;
    const data = { cluster, incarnation, backup: id, kind, parent: parent?.id ?? null };
    recorded = ledger.record({ kind: "backupStarted", data: { ...data, timeline, startLsn } });
  };
  request.onStep("checkpoint");
  return await takeBackup({
    sealed: repository.sealed,
    place,
    id,
    epoch: lease.epoch,
    server: server.identity,
    configuration: outsideConfiguration(server.facts),
    parent,
    predecessor: predecessor ?? undefined,
    label,
    note: request.note,
    stream: async (sink) => {
      const options = {
        label,
        fastCheckpoint: true,
        manifestChecksums: "crc32c",
        kibPerSecondMax: environment.backupKibPerSecondMax,
        applicationName: environment.slotName,
        allowUntestedMajor: request.allowUntestedMajor,
        segmentBlocks: server.identity.segmentBlocks,
        signal,
      } as const;
      const end = await streamBackup(server.connection, options, tellingStart(sink, onStart));
      await recorded;
      return end;
    },
    wal: guardedWal(run, wal, lease, signal),
    workers: request.workers,
    zstdLevel: backupZstdLevel,
    clock: adapters.clock,
    onProgress: request.onProgress,
    signal,
  });
}

/** A damaged parent is no reason to be without a backup: then everything is stored anew, which needs nothing of it. */
async function copyOrStartAnew(
  run: Run,
  lease: Lease,
  parts: Parameters<typeof copyCluster>[2],
): Promise<{ readonly taken: TakenBackup; readonly used: ChosenKind }> {
  const { chosen } = parts;
  try {
    return { taken: await copyCluster(run, lease, parts), used: chosen };
  } catch (error) {
    if (chosen.kind === "full" || !isDrError(error, "BACKUP_PARENT_DAMAGED")) {
      throw error;
    }
    const used = { kind: "full", reason: "parent-damaged" } as const;
    return { taken: await copyCluster(run, lease, { ...parts, chosen: used }), used };
  }
}

async function underLease(run: Run, lease: Lease): Promise<BackupResult> {
  const { adapters, environment, request, repository, server, place } = run;
  const { sealed } = repository;
  const { clock, observer } = adapters;
  const signal = AbortSignal.any([request.signal, lease.lost]);
  const { newest, newestFullAt, sameKeys } = await newestRoots(sealed, place, { signal });
  const chosen = chooseKind({
    wanted: request.wanted,
    newest,
    newestFullAt,
    sameKeys,
    server: server.identity,
    nowMs: clock.now(),
  });
  const { cluster, incarnation } = place;
  const ids = chosen.kind === "incremental" ? [chosen.parent.id] : [];
  await using _pin = await holdPin(sealed, {
    purpose: "backup",
    protects: [{ kind: "backups", cluster, incarnation, ids }],
    lease,
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    signal,
  });
  const walEvents: ReceiverEvent[] = [];
  await using wal = await openBackupWal({
    adapters,
    sealed,
    place,
    connection: server.connection,
    applicationName: `${environment.slotName}_backup`,
    onEvent: (event) => {
      if (event.kind === "segment-conflict" || event.kind === "index-failed") {
        walEvents.push(event);
      }
      return undefined;
    },
    onWatch: request.onWatch,
    signal,
  });
  const predecessor = newest?.id ?? null;
  const { taken, used } = await copyOrStartAnew(run, lease, { chosen, predecessor, wal });
  // The backup counts when the lease was still ours after its root was published.
  await lease.renewNow({ signal });
  const walFrom = wal.from;
  return {
    taken,
    chosen: used,
    place,
    repository,
    walFrom,
    walEvents,
    ledgerFailure: undefined,
    settingsFailure: undefined,
    heartbeatFailure: undefined,
  };
}

async function recordFinished(run: Run, result: BackupResult): Promise<void> {
  const { root } = result.taken;
  const { cluster, incarnation } = run.place;
  const { clusterBytes, readBytes, storedBytes, newBlocks, totalBlocks } = root.totals;
  await run.ledger.record({
    kind: "backupFinished",
    data: {
      cluster,
      incarnation,
      backup: root.id,
      kind: root.kind,
      parent: root.parent,
      label: root.label,
      startedAt: root.startedAt,
      finishedAt: root.finishedAt,
      timeline: root.timeline,
      startLsn: formatLsn(root.startLsn),
      stopLsn: formatLsn(root.stopLsn),
      clusterBytes,
      readBytes,
      storedBytes,
      newBlocks,
      totalBlocks,
      corruptPages: root.corruptPages.length,
    },
  });
}

type FailedRun = {
  readonly cluster: string;
  /** Null: the server was never met. */
  readonly incarnation: IncarnationPlace["incarnation"] | null;
  readonly startedAt: string;
};

async function recordFailed(
  ledger: LedgerRecorder,
  failed: FailedRun,
  error: unknown,
): Promise<void> {
  const code = isDrError(error) ? error.code : "UNEXPECTED";
  const message = cutText(error instanceof Error ? error.message : String(error), 4096);
  await ledger.record({ kind: "backupFailed", data: { ...failed, backup: null, code, message } });
}

type Met = Pick<Run, "server" | "place">;

/** Who answers, and whose data that is. A backup that fails here failed like any other: else a server that is down would leave all backups good. */
async function meet(
  { adapters, environment, request, repository, ledger }: Omit<Run, keyof Met>,
  startedAt: string,
): Promise<Met> {
  const { sealed } = repository;
  const { signal, acceptRollback: accept } = request;
  const cluster = clusterNameOf(environment.cluster);
  try {
    await checkHistory({ adapters, environment, sealed, ledger, accept }, { signal });
    const server = await meetServer(environment, request);
    const { systemIdentifier, identity, named } = server;
    const { major, version: serverVersion } = identity;
    const place = await openIncarnation(
      sealed,
      { cluster, systemIdentifier, major, serverVersion, named },
      { signal, nowMs: adapters.clock.now() },
    );
    return { server, place };
  } catch (error) {
    if (!signal.aborted) {
      await recordFailed(ledger, { cluster, incarnation: null, startedAt }, error);
    }
    throw error;
  }
}

/**
 * Takes one backup. @throws DrError `CONFIG_*`, `KEY_*`, `REPO_*`, `STORE_*`, `PG_*`, `SRC_*`, `WAL_*`,
 * `BACKUP_WAL_STALLED`, `BACKUP_WAL_MISSING`; the signal's reason when aborted. Nothing is listed then.
 */
export async function runBackup(
  adapters: Adapters,
  environment: Environment,
  request: BackupRequest,
): Promise<BackupResult> {
  const { signal, reason } = request;
  const { clock, observer } = adapters;
  request.onStep("connecting");
  const repository = await openRepository(adapters, environment, { signal });
  const { sealed } = repository;
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  const known = { adapters, environment, request, repository, ledger };
  const run: Run = { ...known, ...(await meet(known, new Date(clock.now()).toISOString())) };
  const { place } = run;
  request.onStep("lease");
  await using lease = await acquireLease(sealed, {
    cluster: place.cluster,
    purpose: "backup",
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    onWatch: request.onWatch,
    signal,
  });
  // What clearing away needs on a full disk is laid aside while there is room.
  await sealed.store.emergencyRoom?.keep({ signal });
  const startedAt = new Date(clock.now()).toISOString();
  try {
    // Before the copy, so that it holds the beat.
    const heartbeatFailure = await beatInPassing(environment, { signal });
    const result = await underLease(run, lease);
    await recordFinished(run, result);
    const seen = { adapters, environment, sealed, ledger };
    await rememberBackup(seen, place, result.taken.root.id, { signal });
    // The backup is there; without the settings a restore elsewhere still works, and is slower to set up.
    const settingsFailure = await keepSettings(adapters, environment, { sealed, signal });
    return { ...result, ledgerFailure: ledger.failure, settingsFailure, heartbeatFailure };
  } catch (error) {
    const { cluster, incarnation } = place;
    await recordFailed(ledger, { cluster, incarnation, startedAt }, error);
    throw error;
  }
}
