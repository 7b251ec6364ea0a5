/**
 * Which controls failed and have no corrective action yet. Pure. A failure is covered by an action of its control that is open, or was closed after it: so
 * ten failed backups of a night open one, and the first one after it was closed opens the next. An objective that is missed for good opens one a month.
 */
import { createHash } from "node:crypto";
import { type CalendarPeriod, periodAround, periodBefore } from "../core/calendar.ts";
import { actionFailuresMs } from "../core/ledger-limits.ts";
import type { ActionControl, CorrectiveAction } from "./corrective-actions.ts";
import { type SlaJudgement, type SlaPeriod, judgeSla } from "./judge-sla.ts";
import type { AttemptFact, SlaFacts } from "./sla-facts.ts";

/** A control that failed. */
export type FailedControl = {
  readonly control: Exclude<ActionControl, "other">;
  /** Tells failures of one control apart: a routine's name, a month. */
  readonly subject: string;
  readonly failedAtMs: number;
  readonly detail: string;
};

/** A routine of this host that was due and not done. */
export type MissedDuty = { readonly id: string; readonly dueAtMs: number };

/** Those whose failure must reach people who decide, until somebody has it: less than all that was promised came true. */
const ESCALATING: ReadonlySet<ActionControl> = new Set([
  "backup",
  "proof",
  "loadtest",
  "rpo",
  "rto",
]);

/** Whether a failure of it is an escalation. */
export function isEscalation(control: ActionControl): boolean {
  return ESCALATING.has(control);
}

function failures(
  control: FailedControl["control"],
  attempts: readonly AttemptFact[],
): readonly FailedControl[] {
  return attempts
    .filter(({ ok }) => !ok)
    .map(({ atMs, detail }) => ({ control, subject: "", failedAtMs: atMs, detail }));
}

/** Beyond what the whole period allows, however the rest of it goes. */
function isSpent({ exposure }: SlaJudgement, { fromMs, toMs }: SlaPeriod, share: number): boolean {
  return exposure.beyondMs > (toMs - fromMs) * (1 - share);
}

function missedObjectives(
  facts: SlaFacts,
  { name: subject, zone, fromMs, toMs }: CalendarPeriod,
  { nowMs, share }: { readonly nowMs: number; readonly share: number },
): readonly FailedControl[] {
  const period = { fromMs, toMs, nowMs };
  const judged = judgeSla(facts, period, { share, zone });
  const { exposure, rpo, rto } = judged;
  const about = { subject, failedAtMs: fromMs };
  const worst = (...seconds: readonly (number | null)[]): string =>
    String(Math.max(...seconds.map((one) => one ?? 0)));
  const isRpoMissed = isSpent(judged, period, share) || rpo.missed > 0;
  return [
    ...(isRpoMissed
      ? [
          {
            ...about,
            control: "rpo",
            detail: worst(exposure.worstSeconds, rpo.worstSeconds),
          } as const,
        ]
      : []),
    ...(rto.missed > 0
      ? [{ ...about, control: "rto", detail: worst(rto.worstSeconds) } as const]
      : []),
  ];
}

/** Every failure of late, oldest first. `share`: of the time, which must be within the objective; `zone`: by whose clocks months are counted. */
export function failedControls(
  facts: SlaFacts,
  now: {
    readonly nowMs: number;
    readonly share: number;
    readonly zone: string;
    readonly missed: readonly MissedDuty[];
  },
): readonly FailedControl[] {
  const { nowMs, share, zone, missed } = now;
  const thisMonth = periodAround("monthly", nowMs, zone);
  const lastMonth = periodBefore(thisMonth);
  const proofs = facts.proofs.map(({ atMs, proven, detail }) => ({ atMs, ok: proven, detail }));
  const found: readonly FailedControl[] = [
    ...failures("backup", facts.backups),
    ...failures("dump", facts.dumps),
    ...failures("proof", proofs),
    ...failures("loadtest", facts.loadTests),
    ...missed.map(({ id, dueAtMs }) => ({
      control: "routine" as const,
      subject: id,
      failedAtMs: dueAtMs,
      detail: "",
    })),
  ];
  return [
    ...[lastMonth, thisMonth].flatMap((month) => missedObjectives(facts, month, { nowMs, share })),
    ...found
      .filter(({ failedAtMs }) => failedAtMs > nowMs - actionFailuresMs && failedAtMs <= nowMs)
      .toSorted((a, b) => a.failedAtMs - b.failedAtMs),
  ];
}

function isCovered(failed: FailedControl, actions: readonly CorrectiveAction[]): boolean {
  return actions.some(
    ({ control, subject, closed }) =>
      control === failed.control &&
      subject === failed.subject &&
      (closed === undefined || failed.failedAtMs <= closed.atMs),
  );
}

/** Of each control the first failure that no action covers. */
export function actionsDue(
  failed: readonly FailedControl[],
  actions: readonly CorrectiveAction[],
): readonly FailedControl[] {
  const due = new Map<string, FailedControl>();
  for (const one of failed.filter((failure) => !isCovered(failure, actions))) {
    const key = `${one.control} ${one.subject}`;
    due.set(key, due.get(key) ?? one);
  }
  return [...due.values()];
}

/** The action's id: two hosts that find the same failure open the same action. */
export function actionIdOf(
  cluster: string,
  { control, subject, failedAtMs }: Pick<FailedControl, "control" | "subject" | "failedAtMs">,
): string {
  const words = [cluster, control, subject, new Date(failedAtMs).toISOString()];
  return createHash("sha256").update(words.join("\n")).digest("hex").slice(0, 32);
}
