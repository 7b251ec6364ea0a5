/**
 * `pra prove`: plans a target as a restore would, restores it into a throw-away server, checks what came back, and writes the outcome
 * into the ledger. Needs the repository and the private key; production is neither needed nor touched.
 */
import { dirname } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import { segmentAt } from "../core/wal-name.ts";
import { findServerBinaries } from "../postgres/server-binaries.ts";
import { serverAccount } from "../postgres/server-account.ts";
import type { Proof } from "../proof/proof-result.ts";
import type { ProofPhase } from "../proof/prove-options.ts";
import { prove } from "../proof/prove.ts";
import type { ProofFacts, ProofLimits } from "../queries/proof-facts.ts";
import { measurementOf } from "./predict-restore.ts";
import { proofReport } from "../render/proof-report.ts";
import { type IncarnationPlace, clusterNameOf } from "../repository/object-names.ts";
import type { Protection } from "../repository/pin-rules.ts";
import { holdPin } from "../repository/pins.ts";
import { type BackupRoot, decodeRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import { planRestore } from "../restore/plan.ts";
import { type RestoreTarget, type TargetFlags, parseTarget } from "../restore/target.ts";
import { materialiseHistories, materialiseWal } from "../wal/materialise-wal.ts";
import { WalCatalogue } from "../wal/wal-catalogue.ts";
import { WalReader } from "../wal/wal-reader.ts";
import { archiveReport } from "./archive-report.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { findBackup } from "./find-backup.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { newestRestorable } from "./newest-incarnation.ts";
import { readIncarnation } from "./plan-catalogue.ts";
import { type ProofChecks, heartbeatOf, instantOf, readProofChecks } from "./proof-checks.ts";
import { openProofDirectory } from "./proof-directory.ts";
import { giveWay, giveWayAsSession, timeLimit } from "./proof-limits.ts";
import {
  type ProveReport,
  checksEvent,
  exposureSeconds,
  factsOf,
  proofEvent,
} from "./prove-records.ts";
import { type RenderedReport, filesOf, writeReportFiles } from "./report-files.ts";
import { openRepository } from "./repository-access.ts";
import { neededBytes, requireRoom } from "./restore-room.ts";

/** The throw-away server has a socket directory of its own, so any port will do. */
const PROOF_PORT = 5432;

/** Where a proof stands. */
export type ProveStep = "plan" | ProofPhase;

/** What was asked for. */
export type ProveRequest = {
  readonly target: TargetFlags;
  /** An id or its beginning. */
  readonly backup?: string | undefined;
  readonly workers: number;
  readonly localZone: string;
  /** Recorded in the ledger: the command as typed. */
  readonly reason: string;
  readonly onStep: (step: ProveStep) => void;
  readonly signal: AbortSignal;
};

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
  readonly target: RestoreTarget;
  readonly checks: ProofChecks;
  readonly nowMs: number;
  readonly request: ProveRequest;
};

type Run = { readonly proof: Proof; readonly root: BackupRoot; readonly limits: ProofLimits };

async function runProof(work: Work, signal: AbortSignal): Promise<Run> {
  const { adapters, environment, sealed, place, plan, request } = work;
  const { clock, random } = adapters;
  const { nice, minutesMax } = environment.proof;
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
  const sizes = { filesBytes: root.totals.clusterBytes, walBytes: plan.walBytes };
  const base = dirname(dirname(directory.workDirectory));
  const freeBytes = await requireRoom(base, sizes, "pra prove");
  const { idleDisk } = await giveWay(nice, { signal });
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
    ...work.checks,
    instant: instantOf(work.target, plan),
    heartbeat: heartbeatOf(environment, work),
    clock,
    random,
    onServer: ({ pid }) => giveWayAsSession(pid, nice),
    onPhase: (phase) => request.onStep(phase),
    signal,
  });
  const { workers } = request;
  const limits = {
    nice,
    idleDisk,
    minutesMax,
    neededBytes: neededBytes(sizes),
    freeBytes,
    workers,
  };
  return { proof, root, limits };
}

/** What a proof's restore took tells how long the real one will take. */
async function recordMeasurement(
  ledger: LedgerRecorder,
  { place, plan, proof }: Pick<ProveReport, "place" | "plan" | "proof">,
  host: string,
): Promise<void> {
  const started = proof.levels.find(({ level, ok }) => level === 2 && ok);
  const about = { ...place, backup: plan.backup.id, purpose: "proof", host } as const;
  const took = { walBytes: plan.walBytes, startMs: started?.durationMs };
  const measured = measurementOf(about, { ...proof, keptBytes: 0 }, took);
  if (measured !== undefined && started !== undefined) {
    await ledger.record({ kind: "restoreMeasured", data: measured });
  }
}

function renderProof(facts: ProofFacts): RenderedReport {
  const program = "PRA";
  return {
    cluster: facts.cluster,
    kind: "proof",
    model: facts.version,
    startedAt: facts.startedAt,
    subject: facts.backup.id,
    verdict: facts.verdict,
    documents: {
      en: proofReport(facts, { language: "en", program }),
      fr: proofReport(facts, { language: "fr", program }),
    },
    data: facts,
  };
}

/** A verdict stands without its report: that it could not be archived or written is told beside it. */
async function keepProofReport(
  environment: Environment,
  facts: ProofFacts,
  to: { readonly sealed: SealedStore; readonly ledger: LedgerRecorder },
): Promise<Pick<ProveReport, "reportId" | "reportPath" | "reportFailure" | "made">> {
  const report = renderProof(facts);
  const files = await filesOf(report);
  const { id: reportId, failure } = await archiveReport(to.sealed, to.ledger, report, files);
  const made = { report, files, reportId };
  try {
    const reportPath = await writeReportFiles(environment, report, { files });
    return { reportId, reportPath, reportFailure: failure, made };
  } catch (error) {
    if (isDrError(error)) {
      return { reportId, reportPath: undefined, reportFailure: error, made };
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
  const { clock, observer } = adapters;
  const { minutesMax } = environment.proof;
  using limit = timeLimit(minutesMax);
  const signal = AbortSignal.any([request.signal, limit.signal]);
  const nowMs = clock.now();
  const startedAt = new Date(nowMs).toISOString();
  const context = { now: nowMs, localZone: request.localZone, command: "pra prove" };
  const target = parseTarget(request.target, context);
  const checks = await readProofChecks(environment);
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
  const work = { adapters, environment, sealed, place, plan, target, checks, nowMs, request };
  const { proof, root, limits } = await runProof(work, AbortSignal.any([signal, pin.lost]));
  const rtoSeconds = proof.rtoMs === undefined ? undefined : proof.rtoMs / 1000;
  const report = { place, plan, target, proof, rpoSeconds, rtoSeconds, limits };
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: request.reason });
  await ledger.record({ kind: "proofFinished", data: proofEvent(report) });
  await ledger.record({ kind: "proofChecked", data: checksEvent(report) });
  await recordMeasurement(ledger, report, observer.self.host);
  const { objectives } = environment;
  const about = { root, startedAt, host: observer.self.host, objectives };
  const to = { sealed, ledger };
  const kept = await keepProofReport(environment, factsOf(report, about), to);
  return { ...report, ledgerFailure: ledger.failure, ...kept };
}
