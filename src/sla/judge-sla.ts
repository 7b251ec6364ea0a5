/**
 * What was attained in a period, held against what was promised at each instant. Pure. What nobody looked at is unknown and counts for neither
 * side: an objective is met only when it would be met though all the unknown had been bad, and missed only when it would be
 * missed though all of it had been good; between them it is not demonstrated. So silence is never compliance.
 */
import { wholeDays, wholeWeeks } from "../core/calendar.ts";
import { lookSlotMs } from "../core/ledger-limits.ts";
import { type RtoPrediction, predictRto } from "./predict-rto.ts";
import type { AttemptFact, ObjectiveFact, ProofFact, SlaFacts } from "./sla-facts.ts";

/** `notDemonstrated`: too little was measured to say either. */
export type SlaVerdict = "met" | "missed" | "notDemonstrated";

/** From, and up to before; of a period that goes on, `nowMs` is where it ends so far. */
export type SlaPeriod = { readonly fromMs: number; readonly toMs: number; readonly nowMs: number };

/** Exposure over the period. Milliseconds within, beyond and unknown add up to `elapsedMs`. */
export type ExposureJudgement = {
  readonly verdict: SlaVerdict;
  readonly elapsedMs: number;
  readonly withinMs: number;
  readonly beyondMs: number;
  readonly unknownMs: number;
  /** Of what is known; null where nothing is. */
  readonly worstSeconds: number | null;
  readonly medianSeconds: number | null;
  /** What may be beyond, what was, and what is left of it at best; unknown time is not charged. */
  readonly budget: { readonly allowedMs: number; readonly usedMs: number; readonly leftMs: number };
};

/** Times measured by proofs. */
export type MeasuredJudgement = {
  readonly verdict: SlaVerdict;
  readonly measured: number;
  readonly missed: number;
  readonly worstSeconds: number | null;
  readonly medianSeconds: number | null;
  readonly lastSeconds: number | null;
};

/** How many of what was tried came to a good end. */
export type RateJudgement = {
  readonly verdict: SlaVerdict;
  readonly tried: number;
  readonly good: number;
};

/** A day or a week of the period, over by now, without what it is for. */
export type MissedRoutine = {
  readonly routine: "daily backup" | "weekly proof";
  readonly fromMs: number;
  readonly toMs: number;
};

/** A routine of the schedule, by its name there. */
export type UndoneRoutine = { readonly routine: string; readonly dueMs: number };

/** All of one cluster. */
export type SlaJudgement = {
  readonly cluster: string;
  readonly verdict: SlaVerdict;
  readonly objectives: readonly ObjectiveFact[];
  readonly exposure: ExposureJudgement;
  readonly rpo: MeasuredJudgement;
  readonly rto: MeasuredJudgement;
  readonly prediction: RtoPrediction | null;
  readonly backups: RateJudgement;
  readonly dumps: RateJudgement | null;
  readonly proofs: RateJudgement;
  readonly routines: {
    readonly verdict: SlaVerdict;
    readonly missed: readonly MissedRoutine[];
    /** Routines of the schedule that were due and not done, and not put right before the period. */
    readonly undone: readonly UndoneRoutine[];
  };
  /** How often people were told of runs that did not begin. */
  readonly missedRunAlerts: number;
};

function medianOf(values: readonly number[]): number | null {
  // Of a year of looks: numbers in a row sort ten times as fast as those of a list.
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

function worstOf(values: readonly number[]): number | null {
  return values.reduce<number | null>((most, value) => Math.max(most ?? value, value), null);
}

function endOf({ toMs, nowMs, fromMs }: SlaPeriod): number {
  return Math.max(fromMs, Math.min(toMs, nowMs));
}

/** Exposure, slot by slot; a slot that the period cuts counts with what lies inside. */
function judgeExposure(facts: SlaFacts, period: SlaPeriod, share: number): ExposureJudgement {
  const { fromMs } = period;
  const endMs = endOf(period);
  const elapsedMs = endMs - fromMs;
  let withinMs = 0;
  let beyondMs = 0;
  const known: number[] = [];
  const firstMs = Math.floor(fromMs / lookSlotMs) * lookSlotMs;
  for (let atMs = firstMs; atMs < endMs; atMs += lookSlotMs) {
    const slot = facts.slots.get(atMs);
    if (slot === undefined || slot.exposureSeconds === null) {
      continue;
    }
    const insideMs = Math.min(endMs, atMs + lookSlotMs) - Math.max(fromMs, atMs);
    known.push(slot.exposureSeconds);
    if (slot.exposureSeconds < slot.rpoSeconds) {
      withinMs += insideMs;
    } else {
      beyondMs += insideMs;
    }
  }
  const allowedMs = Math.round(elapsedMs * (1 - share));
  const unknownMs = elapsedMs - withinMs - beyondMs;
  return {
    verdict:
      beyondMs > allowedMs
        ? "missed"
        : elapsedMs > 0 && beyondMs + unknownMs <= allowedMs
          ? "met"
          : "notDemonstrated",
    elapsedMs,
    withinMs,
    beyondMs,
    unknownMs,
    worstSeconds: worstOf(known),
    medianSeconds: medianOf(known),
    budget: { allowedMs, usedMs: beyondMs, leftMs: allowedMs - beyondMs },
  };
}

/** In force at an instant: the newest word before it, else the first one after it. */
export function objectiveAt(
  objectives: readonly ObjectiveFact[],
  atMs: number,
): ObjectiveFact | undefined {
  return objectives.findLast(({ fromMs }) => fromMs <= atMs) ?? objectives[0];
}

/**
 * A time that was measured, as far as it counts. What did not come back whole keeps no promise, for a restore that ends early is quick; but it
 * may break one. Null: it does not count.
 */
export function countedSeconds(
  seconds: number | null,
  { proven, promised }: { readonly proven: boolean; readonly promised: number | undefined },
): number | null {
  const isBroken = seconds !== null && promised !== undefined && seconds >= promised;
  return proven || isBroken ? seconds : null;
}

type Measure = (proof: ProofFact) => number | null;
type Promised = (objective: ObjectiveFact) => number;

/** Each proof against what was promised at that instant; without any promise known, nothing is demonstrated. */
function judgeMeasured(
  proofs: readonly ProofFact[],
  objectives: readonly ObjectiveFact[],
  of: { readonly seconds: Measure; readonly promised: Promised },
): MeasuredJudgement {
  const values: number[] = [];
  let missed = 0;
  let unjudged = 0;
  for (const proof of proofs) {
    const objective = objectiveAt(objectives, proof.atMs);
    const promised = objective === undefined ? undefined : of.promised(objective);
    const { proven } = proof;
    const seconds = countedSeconds(of.seconds(proof), { proven, promised });
    if (seconds === null) {
      continue;
    }
    values.push(seconds);
    unjudged += promised === undefined ? 1 : 0;
    missed += promised !== undefined && seconds >= promised ? 1 : 0;
  }
  return {
    verdict:
      missed > 0 ? "missed" : values.length > 0 && unjudged === 0 ? "met" : "notDemonstrated",
    measured: values.length,
    missed,
    worstSeconds: worstOf(values),
    medianSeconds: medianOf(values),
    lastSeconds: values.at(-1) ?? null,
  };
}

function judgeRate(attempts: readonly { readonly ok: boolean }[]): RateJudgement {
  const good = attempts.filter(({ ok }) => ok).length;
  const tried = attempts.length;
  return {
    verdict: tried === 0 ? "notDemonstrated" : good === tried ? "met" : "missed",
    tried,
    good,
  };
}

/** When the ledger first says something of the cluster; nothing was due before. */
function firstFactMs({ slots, backups, proofs }: SlaFacts): number {
  return Math.min(slots.firstMs, backups[0]?.atMs ?? Infinity, proofs[0]?.atMs ?? Infinity);
}

/** A day or a week of the period that was over, and whether it had what it is for. */
export type RoutineSpan = MissedRoutine & { readonly done: boolean };

/** Longer than a week at whose end clocks were set back. */
const LONGEST_WEEK_MS = 8 * 86_400_000;

/** Every whole day that is over, and every week (from Monday) that ended in the period, by the clocks of a zone: no week is between two months. */
export function routineSpans(
  facts: SlaFacts,
  period: SlaPeriod,
  zone: string,
): readonly RoutineSpan[] {
  const firstMs = firstFactMs(facts);
  const span = { fromMs: Math.max(period.fromMs, firstMs), toMs: endOf(period) };
  if (span.fromMs >= span.toMs) {
    return [];
  }
  const before = { ...span, fromMs: Math.max(period.fromMs - LONGEST_WEEK_MS, firstMs) };
  const weeks = wholeWeeks(before, zone).filter(({ toMs }) => toMs > period.fromMs);
  const plan = [
    ["daily backup", wholeDays(span, zone), facts.backups.filter(({ ok }) => ok)],
    ["weekly proof", weeks, facts.proofs.filter(({ unfit }) => !unfit)],
  ] as const;
  return plan.flatMap(([routine, spans, deeds]) =>
    spans.map(({ fromMs, toMs }) => {
      const done = deeds.some(({ atMs }) => atMs >= fromMs && atMs < toMs);
      return { routine, fromMs, toMs, done };
    }),
  );
}

/** As the corrective actions say: from when it was due until somebody put it right. */
function undoneRoutines({ actions }: SlaFacts, period: SlaPeriod): readonly UndoneRoutine[] {
  return actions.flatMap(({ control, subject, failedAtMs, closed }) => {
    const isOf =
      control === "routine" &&
      failedAtMs !== undefined &&
      failedAtMs < endOf(period) &&
      (closed?.atMs ?? Infinity) >= period.fromMs;
    return isOf ? [{ routine: subject, dueMs: failedAtMs }] : [];
  });
}

function judgeRoutines(facts: SlaFacts, period: SlaPeriod, zone: string): SlaJudgement["routines"] {
  const due = routineSpans(facts, period, zone);
  const missed = due
    .filter(({ done }) => !done)
    .map(({ routine, fromMs, toMs }) => ({ routine, fromMs, toMs }));
  const undone = undoneRoutines(facts, period);
  const isMissed = missed.length > 0 || undone.length > 0;
  const verdict = isMissed ? "missed" : due.length > 0 ? "met" : "notDemonstrated";
  return { verdict, missed, undone };
}

/** One word for several: one that is missed decides, else one that is not demonstrated. */
export function jointVerdict(verdicts: readonly SlaVerdict[]): SlaVerdict {
  return verdicts.includes("missed")
    ? "missed"
    : verdicts.length === 0 || verdicts.includes("notDemonstrated")
      ? "notDemonstrated"
      : "met";
}

function inside<T extends { readonly atMs: number }>(
  facts: readonly T[],
  period: SlaPeriod,
): readonly T[] {
  return facts.filter(({ atMs }) => atMs >= period.fromMs && atMs < endOf(period));
}

/**
 * Judges one cluster. `share`: of the time, which must be within the objective (0.99). `zone`: by whose clocks days and weeks are counted.
 */
export function judgeSla(
  facts: SlaFacts,
  period: SlaPeriod,
  options: { readonly share: number; readonly zone: string },
): SlaJudgement {
  const exposure = judgeExposure(facts, period, options.share);
  const proofs = inside(facts.proofs, period);
  const { objectives } = facts;
  const rpo = judgeMeasured(proofs, objectives, {
    seconds: ({ rpoSeconds }) => rpoSeconds,
    promised: ({ rpoSeconds }) => rpoSeconds,
  });
  const rto = judgeMeasured(proofs, objectives, {
    seconds: ({ rtoSeconds }) => rtoSeconds,
    promised: ({ rtoSeconds }) => rtoSeconds,
  });
  const backups = judgeRate(inside<AttemptFact>(facts.backups, period));
  const dumps = inside<AttemptFact>(facts.dumps, period);
  const proved = judgeRate(proofs.map(({ proven }) => ({ ok: proven })));
  const routines = judgeRoutines(facts, period, options.zone);
  const dumpRate = dumps.length === 0 ? null : judgeRate(dumps);
  const verdicts = [
    exposure,
    rpo,
    rto,
    backups,
    proved,
    routines,
    ...(dumpRate === null ? [] : [dumpRate]),
  ];
  const inForce = objectiveAt(objectives, period.fromMs);
  return {
    cluster: facts.cluster,
    verdict: jointVerdict(verdicts.map(({ verdict }) => verdict)),
    objectives: objectives.filter(
      (objective) =>
        objective === inForce ||
        (objective.fromMs >= period.fromMs && objective.fromMs < endOf(period)),
    ),
    exposure,
    rpo,
    rto,
    prediction: predictRto(facts, { fromMs: period.fromMs, endMs: endOf(period) }),
    backups,
    dumps: dumpRate,
    proofs: proved,
    routines,
    missedRunAlerts: facts.missedRuns.filter(
      (atMs) => atMs >= period.fromMs && atMs < endOf(period),
    ).length,
  };
}
