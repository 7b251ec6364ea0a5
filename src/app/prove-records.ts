/** What a proof leaves behind: its event in the ledger, the facts of its report, and the times that both hold against objectives. */
import { cutText } from "../core/cut-text.ts";
import type { DrError } from "../core/errors.ts";
import {
  proofEventAssertionsMax,
  proofEventFindingsMax,
  proofEventTextMax,
} from "../core/limits.ts";
import { formatLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { EventData } from "../ledger/event-kinds.ts";
import type { Proof, ProofVerdict, ReachedPoint } from "../proof/proof-result.ts";
import { type ProofFacts, type ProofLimits, measured } from "../queries/proof-facts.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { RestoreTarget } from "../restore/target.ts";
import { formatInstant } from "../restore/target-time.ts";
import { epochMsOfPgTime } from "../wal/record/wal-event.ts";
import type { Environment } from "./environment.ts";
import type { IncarnationView } from "./plan-catalogue.ts";
import type { MadeReport } from "./report-files.ts";

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
  readonly limits: ProofLimits;
  readonly ledgerFailure: DrError | undefined;
  /** Of the report in the repository; undefined: `reportFailure` says why it is not there. */
  readonly reportId: ObjectId | undefined;
  /** Without an ending: .md, .html and .json lie there. Undefined: `reportFailure` says why not. */
  readonly reportPath: string | undefined;
  readonly reportFailure: DrError | undefined;
  readonly made: MadeReport;
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

/** Age of the newest instant that the repository holds for certain, in seconds of this host's clock. */
export function exposureSeconds(view: IncarnationView, plan: RestorePlan, nowMs: number): number {
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

/** What was measured, before it is written down. */
export type Proved = Omit<
  ProveReport,
  "ledgerFailure" | "reportId" | "reportPath" | "reportFailure" | "made"
>;

const LEDGER_VERDICT: Readonly<Record<ProofVerdict, EventData<"proofFinished">["verdict"]>> = {
  proved: "proven",
  failed: "failed",
  unfit: "unfit",
};

function shortened(text: string): string {
  return cutText(text, proofEventTextMax);
}

/** Where there are too many for an event, those that failed stay. */
function worstFirst<T extends { readonly ok: boolean }>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => Number(a.ok) - Number(b.ok));
}

/** Recovery opened a timeline of its own at the end; what was replayed is the plan's. */
function reachedOf(plan: RestorePlan, reached: ReachedPoint | undefined): ProofFacts["reached"] {
  const time = plan.reached.timeMicros;
  return reached === undefined
    ? null
    : {
        lsn: formatLsn(reached.lsn),
        time: time === undefined ? null : new Date(epochMsOfPgTime(time)).toISOString(),
        timeline: plan.timeline,
      };
}

/** The event. */
export function proofEvent(report: Proved): EventData<"proofFinished"> {
  const { place, plan, target, proof } = report;
  return {
    ...place,
    backup: plan.backup.id,
    target: { kind: target.kind, value: targetValue(target), timeline: plan.timeline },
    verdict: LEDGER_VERDICT[proof.verdict],
    reached: reachedOf(plan, proof.reached),
    levels: proof.levels.map(({ level, ok, durationMs, findings }) => ({
      level,
      ok,
      durationMs: Math.round(durationMs),
      findings: findings
        .slice(0, proofEventFindingsMax)
        .map(({ kind, text }) => shortened(`${kind}: ${text}`)),
    })),
    serverVersion: proof.serverVersion,
    rpoSeconds: report.rpoSeconds ?? null,
    rtoSeconds: report.rtoSeconds ?? null,
    predictedMs: null,
  };
}

/** The event of what was checked beyond the server. */
export function checksEvent(report: Proved): EventData<"proofChecked"> {
  const { place, plan, proof, limits } = report;
  const { heartbeat, application } = proof;
  return {
    ...place,
    backup: plan.backup.id,
    assertions: worstFirst(proof.assertions)
      .slice(0, proofEventAssertionsMax)
      .map(({ name, database, ok, outcome, value, durationMs }) => {
        return { name, database, ok, outcome, value, durationMs };
      }),
    assertionsTotal: proof.assertions.length,
    heartbeat:
      heartbeat === undefined
        ? null
        : {
            database: heartbeat.database,
            beatAt: heartbeat.beatAt,
            against: heartbeat.against,
            lossSeconds: heartbeat.lossSeconds,
          },
    application:
      application === undefined
        ? null
        : {
            ok: application.ok,
            outcome: application.outcome,
            exitCode: application.exitCode,
            durationMs: application.durationMs,
          },
    limits: {
      nice: limits.nice,
      idleDisk: limits.idleDisk,
      minutesMax: limits.minutesMax,
      neededBytes: limits.neededBytes,
    },
  };
}

/** Everything that a report says. */
export function factsOf(
  report: Proved,
  about: {
    readonly root: BackupRoot;
    readonly startedAt: string;
    readonly host: string;
    readonly objectives: Environment["objectives"];
  },
): ProofFacts {
  const { root, startedAt, host } = about;
  const { place, plan, target, proof, limits } = report;
  const { rpoSeconds, rtoSeconds } = about.objectives;
  return {
    version: 1,
    cluster: place.cluster,
    incarnation: place.incarnation,
    host,
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
    reached: reachedOf(plan, proof.reached),
    restoredBytes: proof.restoredBytes,
    phases: proof.phases,
    levels: proof.levels,
    unfit: proof.unfit,
    environment: proof.environment,
    assertions: proof.assertions,
    heartbeat: proof.heartbeat ?? null,
    application: proof.application ?? null,
    limits,
    provedOn: proof.serverVersion,
    rpo: measured(report.rpoSeconds, rpoSeconds),
    rto: measured(report.rtoSeconds, rtoSeconds),
  };
}
