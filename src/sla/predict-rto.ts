/**
 * How long a restore now would take. Pure. By the rates of earlier restores where these were measured (files by their bytes, WAL by its bytes, a start by what it
 * replays: `core/restore-prediction.ts`); else by the span of what proofs took. Either way the interval is widened, and each measurement of the period is held
 * against what those before it would have foretold: a prediction tells how often it came true.
 */
import {
  rtoIntervalFactor,
  rtoIntervalProofs,
  rtoIntervalProofsMin,
} from "../core/ledger-limits.ts";
import { type RestoreMeasurement, predictRestore } from "../core/restore-prediction.ts";
import type { RestoreFact, SlaFacts } from "./sla-facts.ts";

/** How long a restore now would take, and how often such a word came true. */
export type RtoPrediction = {
  readonly basis: "rates" | "proofs";
  readonly seconds: number;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Measured restores, or proofs, that it comes from: of many the newest, and where rates are known those of one host. */
  readonly proofs: number;
  /** Of the restore that is foretold: as large as the newest one, with as much WAL as the middle one; null where only times are known. */
  readonly restoreBytes: number | null;
  readonly walBytes: number | null;
  /** Those of the period that could be foretold, and those that fell into what was foretold. */
  readonly checked: number;
  readonly within: number;
};

type Interval = Pick<RtoPrediction, "seconds" | "fromSeconds" | "toSeconds">;

type Span = { readonly fromMs: number; readonly endMs: number };

function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** What times alone foretell: their span, widened. Undefined: too few. */
function spanOf(seconds: readonly number[]): Interval | undefined {
  const newest = seconds.slice(-rtoIntervalProofs);
  const median = medianOf(newest);
  return median === undefined || newest.length < rtoIntervalProofsMin
    ? undefined
    : {
        seconds: median,
        fromSeconds: Math.min(...newest) / rtoIntervalFactor,
        toSeconds: Math.max(...newest) * rtoIntervalFactor,
      };
}

/** What the rates of earlier restores foretell of one of a size. Undefined: too few. */
function rated(
  size: Pick<RestoreMeasurement, "host" | "restoredBytes" | "walBytes">,
  before: readonly RestoreFact[],
): (Interval & { readonly proofs: number }) | undefined {
  const { host, restoredBytes: restoreBytes, walBytes } = size;
  const newest = before.slice(-rtoIntervalProofs);
  const word = predictRestore({ host, restoreBytes, walBytes, start: true }, newest);
  return word === undefined || word.measurements < rtoIntervalProofsMin
    ? undefined
    : {
        seconds: word.expectedMs / 1000,
        fromSeconds: word.lowMs / 1000 / rtoIntervalFactor,
        toSeconds: (word.highMs / 1000) * rtoIntervalFactor,
        proofs: word.measurements,
      };
}

/** Holds each of the span against what those before it foretell. */
function checkEach<T extends { readonly atMs: number }>(
  all: readonly T[],
  { fromMs }: Span,
  of: {
    readonly foretell: (one: T, before: readonly T[]) => Interval | undefined;
    readonly seconds: (one: T) => number;
  },
): Pick<RtoPrediction, "checked" | "within"> {
  let [checked, within] = [0, 0];
  all.forEach((one, index) => {
    const word = one.atMs >= fromMs ? of.foretell(one, all.slice(0, index)) : undefined;
    if (word !== undefined) {
      const seconds = of.seconds(one);
      checked += 1;
      within += seconds >= word.fromSeconds && seconds <= word.toSeconds ? 1 : 0;
    }
  });
  return { checked, within };
}

function byRates(facts: SlaFacts, span: Span): RtoPrediction | undefined {
  const started = facts.restores.filter(
    ({ atMs, startMs }) => atMs < span.endMs && startMs !== null,
  );
  const last = started.at(-1);
  const walBytes = medianOf(started.slice(-rtoIntervalProofs).map((one) => one.walBytes));
  if (last === undefined || walBytes === undefined) {
    return undefined;
  }
  const next = rated({ ...last, walBytes }, started);
  const checks = checkEach(started, span, {
    foretell: rated,
    seconds: ({ filesMs, walMs, startMs }) => (filesMs + walMs + (startMs ?? 0)) / 1000,
  });
  const { restoredBytes: restoreBytes } = last;
  return next === undefined
    ? undefined
    : { basis: "rates", ...next, restoreBytes, walBytes, ...checks };
}

function bySpan(facts: SlaFacts, span: Span): RtoPrediction | undefined {
  const measured = facts.proofs.flatMap(({ atMs, proven, rtoSeconds }) =>
    !proven || rtoSeconds === null || atMs >= span.endMs ? [] : [{ atMs, rtoSeconds }],
  );
  const secondsOf = ({ rtoSeconds }: { readonly rtoSeconds: number }): number => rtoSeconds;
  const next = spanOf(measured.map(secondsOf));
  const checks = checkEach(measured, span, {
    foretell: (_one, before) => spanOf(before.map(secondsOf)),
    seconds: secondsOf,
  });
  const sizes = { restoreBytes: null, walBytes: null };
  const proofs = Math.min(measured.length, rtoIntervalProofs);
  return next === undefined ? undefined : { basis: "proofs", ...next, proofs, ...sizes, ...checks };
}

/** The prediction; null: too little was measured. */
export function predictRto(facts: SlaFacts, span: Span): RtoPrediction | null {
  return byRates(facts, span) ?? bySpan(facts, span) ?? null;
}
