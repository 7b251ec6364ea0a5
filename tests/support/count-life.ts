/**
 * A period of a simulated life, counted the slow way: minute by minute, from the plain facts, by nothing of the product. It is what reports are held
 * against, figure by figure.
 */
import type { RawLife, RawLook } from "./simulated-life.ts";

const MINUTE = 60_000;
const SLOT = 5 * MINUTE;

/** One minute. `exposure` undefined: unknown. */
export type Minute = {
  readonly atMs: number;
  readonly exposure: number | undefined;
  readonly rpo: number;
};

/** A stretch of like minutes. */
export type CountedStretch = {
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  readonly worst: number;
};

/** From, and up to before. */
export type Span = { readonly fromMs: number; readonly toMs: number };

/** Each minute of a span with the worst that any look of its five minutes saw. */
export function minutesOf(life: RawLife, { fromMs, toMs }: Span): readonly Minute[] {
  const slots = new Map<number, RawLook[]>();
  for (const look of life.looks) {
    const slot = Math.floor(look.atMs / SLOT);
    slots.set(slot, [...(slots.get(slot) ?? []), look]);
  }
  const minutes: Minute[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE) {
    let exposure: number | undefined;
    let rpo = Infinity;
    for (const look of slots.get(Math.floor(atMs / SLOT)) ?? []) {
      rpo = Math.min(rpo, look.rpo);
      if (look.exposure !== null) {
        exposure = Math.max(exposure ?? 0, look.exposure);
      }
    }
    minutes.push({ atMs, exposure, rpo });
  }
  return minutes;
}

function isBeyond({ exposure, rpo }: Minute): boolean {
  return exposure !== undefined && exposure >= rpo;
}

/** Sums of some minutes, in seconds. */
export function countMinutes(minutes: readonly Minute[]): {
  readonly within: number;
  readonly beyond: number;
  readonly unknown: number;
  readonly worst: number | null;
  readonly worstAt: string | null;
  readonly mean: number | null;
  readonly median: number | null;
  readonly p99: number | null;
} {
  let [within, beyond, unknown, sum] = [0, 0, 0, 0];
  let [worst, worstAt]: [number | null, string | null] = [null, null];
  const known: number[] = [];
  for (const minute of minutes) {
    if (minute.exposure === undefined) {
      unknown += 60;
      continue;
    }
    known.push(minute.exposure);
    sum += minute.exposure;
    if (worst === null || minute.exposure > worst) {
      worst = minute.exposure;
      worstAt = new Date(minute.atMs).toISOString();
    }
    if (isBeyond(minute)) {
      beyond += 60;
    } else {
      within += 60;
    }
  }
  known.sort((a, b) => a - b);
  const at = (share: number): number | null => known[Math.ceil(known.length * share) - 1] ?? null;
  const mean = known.length === 0 ? null : sum / known.length;
  return { within, beyond, unknown, worst, worstAt, mean, median: at(0.5), p99: at(0.99) };
}

/** Stretches of minutes that are beyond, or unknown. */
export function countStretches(
  minutes: readonly Minute[],
  wanted: "beyond" | "unknown",
): readonly CountedStretch[] {
  const found: { fromMs: number; toMs: number; worst: number }[] = [];
  for (const minute of minutes) {
    const fits = wanted === "beyond" ? isBeyond(minute) : minute.exposure === undefined;
    const last = found.at(-1);
    if (fits && last?.toMs === minute.atMs) {
      last.toMs += MINUTE;
      last.worst = Math.max(last.worst, minute.exposure ?? 0);
    } else if (fits) {
      found.push({ fromMs: minute.atMs, toMs: minute.atMs + MINUTE, worst: minute.exposure ?? 0 });
    }
  }
  return found.map(({ fromMs, toMs, worst }) => ({
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    seconds: (toMs - fromMs) / 1000,
    worst,
  }));
}

/** The date that clocks in Paris show, told by the sign of summer time, which ends on 25 October 2026. */
export function parisDate(atMs: number): string {
  const offset = atMs < Date.UTC(2026, 9, 25, 1) ? 2 : 1;
  return new Date(atMs + offset * 3_600_000).toISOString().slice(0, 10);
}
