/**
 * `pra prove`: plans a target as a restore would, restores it into a throw-away server, checks what came back, and writes the outcome
 * into the ledger. Needs the repository and the private key; production is neither needed nor touched.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import { formatLsn } from "../core/lsn.ts";
import { segmentAt } from "../core/wal-name.ts";
import { findServerBinaries } from "../postgres/server-binaries.ts";
import { serverAccount } from "../postgres/server-account.ts";
import type { Proof, ProofVerdict } from "../proof/proof-result.ts";
import { prove } from "../proof/prove.ts";
import { type ProofFacts, measured } from "../queries/proof-facts.ts";
import { proofReport } from "../render/proof-report.ts";
import { type IncarnationPlace, clusterNameOf } from "../repository/object-names.ts";
import type { Protection } from "../repository/pin-rules.ts";
import { holdPin } from "../repository/pins.ts";
import { type BackupRoot, decodeRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import { planRestore } from "../restore/plan.ts";
import { formatInstant } from "../restore/target-time.ts";
import { epochMsOfPgTime } from "../wal/record/wal-event.ts";
import { type RestoreTarget, type TargetFlags, parseTarget } from "../restore/target.ts";
import { materialiseHistories, materialiseWal } from "../wal/materialise-wal.ts";
import { WalCatalogue } from "../wal/wal-catalogue.ts";
import { WalReader } from "../wal/wal-reader.ts";
import type { EventData } from "../ledger/event-kinds.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { findBackup } from "./find-backup.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { newestRestorable } from "./newest-incarnation.ts";
import { type IncarnationView, readIncarnation } from "./plan-catalogue.ts";
import { openProofDirectory } from "./proof-directory.ts";
import { writeReportFiles } from "./report-files.ts";
import { openRepository } from "./repository-access.ts";

/** The throw-away server has a socket directory of its own, so any port will do. */
const PROOF_PORT = 5432;

/** Where a proof stands. */
export type ProveStep = "plan" | "fitness" | "restore" | "recovery" | "checks";

/** What was asked for. */
export type ProveRequest = {
  readonly target: TargetFlags;
  /** An id or its beginning. */
  readonly backup?: string | undefined;
  readonly workers: number;
  readonly localZone: string;
  readonly onStep: (step: ProveStep) => void;
  readonly signal: AbortSignal;
};

/** The outcome. */
export type ProveReport = {
  readonly place: IncarnationPlace;
  readonly plan: RestorePlan;
  readonly target: RestoreTarget;
  readonly proof: Proof;
  /**
   * For the latest target: how old the newest instant was that the repository could bring back for certain when the proof
   * began. Undefined for a target in the past, which measures nothing of the kind.
   */
  readonly rpoSeconds: number | undefined;
  readonly rtoSeconds: number | undefined;
  readonly ledgerFailure: DrError | undefined;
  /** Without an ending: .md, .html and .json lie there. Undefined: `reportFailure` says why not. */
  readonly reportPath: string | undefined;
  readonly reportFailure: DrError | undefined;
};

/** A target's value as text, for the ledger and for `--json`; null where the kind says it all. */
export function targetValue(target: RestoreTarget): string | null {
  switch (target.kind) {
    case "latest":
    case "immediate":
      return null;
    case "time":
      return formatInstant(target.timeMicros);
    case "lsn":
      return formatLsn(target.lsn);
    case "xid":
      return String(target.xid);
    case "name":
      return target.name;
  }
}

async function readRoot(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: { readonly id: BackupRoot["id"]; readonly signal: AbortSignal },
): Promise<BackupRoot> {
  const { id, signal } = call;
  const { content } = await sealed.getWhole({ ...place, type: "root", id }, { signal });
  return decodeRoot(content);
}

/** The backup, and the WAL that the plan lays, timeline by timeline. */
function protectionOf(
  place: IncarnationPlace,
  plan: RestorePlan,
  walSegmentBytes: number,
): Protection[] {
  const { cluster, incarnation } = place;
  const wal = plan.pieces.map(({ timeline, fromLsn, toLsn }) => ({
    kind: "wal" as const,
    cluster,
    incarnation,
    fromSegment: segmentAt(timeline, fromLsn, walSegmentBytes),
    toSegment: segmentAt(timeline, toLsn, walSegmentBytes),
  }));
  return [{ kind: "backups", cluster, incarnation, ids: [plan.backup.id] }, ...wal];
}

/** Age of the newest instant that the repository holds for certain, in seconds of this host's clock. */
function exposureSeconds(view: IncarnationView, plan: RestorePlan, nowMs: number): number {
  const claim = view.walCatalogue.knownAt(plan.timeline);
  const whole = claim !== undefined && claim.endLsn <= plan.reached.lsn;
  const instants = [
    ...(whole ? [claim.knownAt] : []),
    ...(plan.reached.timeMicros === undefined ? [] : [plan.reached.timeMicros]),
    plan.backup.finishedMicros,
  ];
  const newest = instants.reduce((a, b) => (b > a ? b : a));
  return Math.max(0, Math.round((nowMs - epochMsOfPgTime(newest)) / 100) / 10);
}

type Proved = Omit<ProveReport, "ledgerFailure" | "reportPath" | "reportFailure">;

const LEDGER_VERDICT: Readonly<Record<ProofVerdict, EventData<"proofFinished">["verdict"]>> = {
  proved: "proven",
  failed: "failed",
  unfit: "unfit",
};

function proofEvent(report: Proved): EventData<"proofFinished"> {
  const { place, plan, target, proof } = report;
  const { reached } = proof;
  const time = plan.reached.timeMicros;
  return {
    ...place,
    backup: plan.backup.id,
    target: { kind: target.kind, value: targetValue(target), timeline: plan.timeline },
    verdict: LEDGER_VERDICT[proof.verdict],
    reached:
      reached === undefined
        ? null
        : {
            lsn: formatLsn(reached.lsn),
            time: time === undefined ? null : new Date(epochMsOfPgTime(time)).toISOString(),
            timeline: reached.timeline,
          },
    levels: proof.levels.map(({ level, ok, durationMs, findings }) => ({
      level,
      ok,
      durationMs: Math.round(durationMs),
      findings: findings.map(({ kind, text }) => `${kind}: ${text}`.slice(0, 4096)),
    })),
    serverVersion: proof.serverVersion,
    rpoSeconds: report.rpoSeconds ?? null,
    rtoSeconds: report.rtoSeconds ?? null,
    predictedMs: null,
  };
}

async function placeFor(
  sealed: SealedStore,
  environment: Environment,
  request: ProveRequest,
): Promise<{ readonly place: IncarnationPlace; readonly backup: BackupRoot["id"] | undefined }> {
  const { signal } = request;
  if (request.backup !== undefined) {
    const { place, id } = await findBackup(sealed, request.backup, { signal });
    return { place, backup: id };
  }
  const cluster = clusterNameOf(environment.cluster);
  const place = await newestRestorable(sealed, cluster, { signal });
  if (place === undefined) {
    throw new DrError("PLAN_NOTHING_YET", { cluster: environment.cluster });
  }
  return { place, backup: undefined };
}

type Work = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly plan: RestorePlan;
  readonly request: ProveRequest;
};

async function runProof(
  work: Work,
  signal: AbortSignal,
): Promise<{ readonly proof: Proof; readonly root: BackupRoot }> {
  const { adapters, environment, sealed, place, plan, request } = work;
  const { clock, random } = adapters;
  const root = await readRoot(sealed, place, { id: plan.backup.id, signal });
  // After the pin: what is listed now stays.
  const reader = new WalReader(sealed, await WalCatalogue.load(sealed, place, { signal }));
  const account = await serverAccount();
  const binaries = await findServerBinaries(root.server.major, {
    account,
    binDirectory: environment.postgresBinDirectory,
    signal,
  });
  await using directory = await openProofDirectory(environment, { clock, random, signal });
  const owner = account.switched ? account : undefined;
  const proof = await prove({
    sealed,
    place,
    root,
    stop: plan.stop,
    timeline: plan.timeline,
    reachLsn: plan.reached.lsn,
    layWal: async (walDirectory) => {
      const target = { directory: walDirectory, owner };
      await materialiseHistories({ sealed, reader }, plan.wal.lineage, target, { signal });
      return (await materialiseWal(reader, plan.wal, target, { signal })).bytes;
    },
    workDirectory: directory.workDirectory,
    binaries,
    account,
    port: PROOF_PORT,
    workers: request.workers,
    clock,
    random,
    onPhase: (phase) => request.onStep(phase),
    signal,
  });
  return { proof, root };
}

function factsOf(
  work: Work,
  report: Proved,
  about: { readonly root: BackupRoot; readonly startedAt: string },
): ProofFacts {
  const { root, startedAt } = about;
  const { adapters, environment } = work;
  const { place, plan, target, proof } = report;
  const { reached } = proof;
  const time = plan.reached.timeMicros;
  const { rpoSeconds, rtoSeconds } = environment.objectives;
  return {
    version: 1,
    cluster: place.cluster,
    incarnation: place.incarnation,
    host: adapters.observer.self.host,
    startedAt,
    durationMs: proof.durationMs,
    verdict: proof.verdict,
    backup: {
      id: root.id,
      kind: root.kind,
      finishedAt: root.finishedAt,
      clusterBytes: root.totals.clusterBytes,
      serverVersion: root.server.version,
    },
    target: { kind: target.kind, value: targetValue(target), timeline: plan.timeline },
    reached:
      reached === undefined
        ? null
        : {
            lsn: formatLsn(reached.lsn),
            time: time === undefined ? null : new Date(epochMsOfPgTime(time)).toISOString(),
            timeline: plan.timeline,
          },
    restoredBytes: proof.restoredBytes,
    phases: proof.phases,
    levels: proof.levels,
    unfit: proof.unfit,
    environment: proof.environment,
    provedOn: proof.serverVersion,
    rpo: measured(report.rpoSeconds, rpoSeconds),
    rto: measured(report.rtoSeconds, rtoSeconds),
  };
}

/** A verdict stands without its report: that it could not be written is told beside it. */
async function writeProofReport(
  environment: Environment,
  facts: ProofFacts,
): Promise<Pick<ProveReport, "reportPath" | "reportFailure">> {
  try {
    const reportPath = await writeReportFiles(environment, {
      name: "proof",
      startedAt: facts.startedAt,
      document: proofReport(facts, { language: environment.language, program: "PRA" }),
      data: facts,
    });
    return { reportPath, reportFailure: undefined };
  } catch (error) {
    if (isDrError(error)) {
      return { reportPath: undefined, reportFailure: error };
    }
    throw error;
  }
}

/**
 * Proves. Resolves with a verdict whatever the backup is like; rejects when no proof could be made: no plan, no programs,
 * no disk, aborted. @throws DrError `PLAN_*`, `USAGE_*`, `CONFIG_*`, `KEY_*`, `STORE_*`, `PG_*`, `RESTORE_*`.
 */
export async function runProve(
  adapters: Adapters,
  environment: Environment,
  request: ProveRequest,
): Promise<ProveReport> {
  const { signal } = request;
  const { clock, observer } = adapters;
  const startedAt = new Date(clock.now()).toISOString();
  const context = { now: clock.now(), localZone: request.localZone, command: "pra prove" };
  const target = parseTarget(request.target, context);
  request.onStep("plan");
  const { sealed } = await openRepository(adapters, environment, { signal });
  const { place, backup } = await placeFor(sealed, environment, request);
  const view = await readIncarnation(sealed, place, { signal });
  const plan = await planRestore(view.catalogue, target, { backup, signal });
  if (!plan.reachable) {
    throw plan.error;
  }
  const rpoSeconds =
    target.kind === "latest" ? exposureSeconds(view, plan, clock.now()) : undefined;
  const walSegmentBytes = view.walCatalogue.timelines[0]?.walSegmentBytes ?? 0;
  await using pin = await holdPin(sealed, {
    purpose: "proof",
    protects: protectionOf(place, plan, walSegmentBytes),
    ttlSeconds: leaseTtlSeconds,
    clock,
    observer,
    signal,
  });
  const work = { adapters, environment, sealed, place, plan, request };
  const { proof, root } = await runProof(work, AbortSignal.any([signal, pin.lost]));
  const rtoSeconds = proof.rtoMs === undefined ? undefined : proof.rtoMs / 1000;
  const report = { place, plan, target, proof, rpoSeconds, rtoSeconds };
  const ledger = new LedgerRecorder(adapters, sealed, { reason: "pra prove" });
  await ledger.record({ kind: "proofFinished", data: proofEvent(report) });
  const facts = factsOf(work, report, { root, startedAt });
  const written = await writeProofReport(environment, facts);
  return { ...report, ledgerFailure: ledger.failure, ...written };
}
