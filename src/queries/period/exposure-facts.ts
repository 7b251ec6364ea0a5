/**
 * How exposure went in a period, slot by slot: at each instant the worst that any host saw within five minutes, against what was promised at that
 * instant. Where nobody looked, or nobody could tell, it is unknown: that time is set apart, and stands in no figure. Pure.
 */
import type { CalendarKind, CalendarSpan } from "../../core/calendar.ts";
import { lookSlotMs, reportStretchesMax } from "../../core/ledger-limits.ts";
import type { SlotSeries } from "../../sla/slot-series.ts";

/** Time in which one thing held. */
export type Stretch = { readonly from: string; readonly to: string; readonly seconds: number };

/** Time beyond the objective, with the worst of it. */
export type BeyondStretch = Stretch & { readonly worstSeconds: number };

/** A part of the chart's line of time. */
export type ExposurePoint = {
  readonly at: string;
  /** The worst of it; null: unknown throughout. */
  readonly worstSeconds: number | null;
  /** The hardest promise of it; null: unknown throughout. */
  readonly rpoSeconds: number | null;
  readonly isUnknownInPart: boolean;
};

/** Exposure of a stretch of time: within, beyond and unknown add up to the whole. */
export type ExposureSums = {
  readonly withinSeconds: number;
  readonly beyondSeconds: number;
  readonly unknownSeconds: number;
  readonly worstSeconds: number | null;
};

/** What a report shows of it. Lists hold the longest, in order of time; totals count all. */
export type ExposureFacts = ExposureSums & {
  readonly worstAt: string | null;
  /** Time-weighted, over what is known. */
  readonly meanSeconds: number | null;
  readonly medianSeconds: number | null;
  /** What was not exceeded for 99 % of the known time. */
  readonly p99Seconds: number | null;
  readonly beyond: { readonly total: number; readonly longest: readonly BeyondStretch[] };
  readonly unknown: { readonly total: number; readonly longest: readonly Stretch[] };
  readonly series: readonly ExposurePoint[];
};

type Piece = {
  readonly fromMs: number;
  readonly toMs: number;
  /** Undefined: unknown. */
  readonly exposureSeconds: number | undefined;
  readonly rpoSeconds: number;
};

/** How much time a point of the chart stands for. */
const pointMs: Readonly<Record<CalendarKind, number>> = {
  daily: lookSlotMs,
  weekly: 6 * lookSlotMs,
  monthly: 24 * lookSlotMs,
};

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The slots of a span, those that it cuts with what lies inside. */
function piecesOf(slots: SlotSeries, { fromMs, toMs }: CalendarSpan): readonly Piece[] {
  const pieces: Piece[] = [];
  const firstMs = Math.floor(fromMs / lookSlotMs) * lookSlotMs;
  for (let atMs = firstMs; atMs < toMs; atMs += lookSlotMs) {
    const slot = slots.get(atMs);
    pieces.push({
      fromMs: Math.max(fromMs, atMs),
      toMs: Math.min(toMs, atMs + lookSlotMs),
      exposureSeconds: slot?.exposureSeconds ?? undefined,
      rpoSeconds: slot?.rpoSeconds ?? 0,
    });
  }
  return pieces;
}

type Side = "within" | "beyond" | "unknown";

function sideOf({ exposureSeconds, rpoSeconds }: Piece): Side {
  return exposureSeconds === undefined
    ? "unknown"
    : exposureSeconds < rpoSeconds
      ? "within"
      : "beyond";
}

function secondsOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs), 0) / 1000;
}

function worstOf(pieces: readonly Piece[]): Piece | undefined {
  return pieces.reduce<Piece | undefined>(
    (worst, piece) =>
      piece.exposureSeconds !== undefined && piece.exposureSeconds > (worst?.exposureSeconds ?? -1)
        ? piece
        : worst,
    undefined,
  );
}

function sumsOf(pieces: readonly Piece[]): ExposureSums {
  const on = (side: Side): number => secondsOf(pieces.filter((piece) => sideOf(piece) === side));
  return {
    withinSeconds: on("within"),
    beyondSeconds: on("beyond"),
    unknownSeconds: on("unknown"),
    worstSeconds: worstOf(pieces)?.exposureSeconds ?? null,
  };
}

/** Of a span alone. `nowMs`: where it ends so far. */
export function exposureSums(slots: SlotSeries, span: CalendarSpan, nowMs: number): ExposureSums {
  return sumsOf(piecesOf(slots, { ...span, toMs: Math.min(span.toMs, nowMs) }));
}

/** Neighbours on the same side, as one. */
function runsOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const runs: Piece[][] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    const [first] = last ?? [];
    if (last !== undefined && first !== undefined && sideOf(first) === sideOf(piece)) {
      last.push(piece);
    } else {
      runs.push([piece]);
    }
  }
  return runs;
}

function stretchOf(run: readonly Piece[]): Stretch {
  return {
    from: iso(run[0]?.fromMs ?? 0),
    to: iso(run.at(-1)?.toMs ?? 0),
    seconds: secondsOf(run),
  };
}

/** The longest of them, in order of time. */
function longest<T extends Stretch>(stretches: readonly T[]): readonly T[] {
  return stretches
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, reportStretchesMax)
    .toSorted((a, b) => (a.from < b.from ? -1 : 1));
}

/** What was not exceeded for a share of the known time. */
function quantile(known: readonly Piece[], share: number): number | null {
  const sorted = known.toSorted((a, b) => (a.exposureSeconds ?? 0) - (b.exposureSeconds ?? 0));
  const wanted = secondsOf(known) * share;
  let passed = 0;
  for (const piece of sorted) {
    passed += (piece.toMs - piece.fromMs) / 1000;
    if (passed >= wanted) {
      return piece.exposureSeconds ?? null;
    }
  }
  return sorted.at(-1)?.exposureSeconds ?? null;
}

function meanOf(known: readonly Piece[]): number | null {
  const seconds = secondsOf(known);
  const weighed = known.reduce(
    (sum, { exposureSeconds = 0, fromMs, toMs }) =>
      sum + (exposureSeconds * (toMs - fromMs)) / 1000,
    0,
  );
  return seconds === 0 ? null : weighed / seconds;
}

function seriesOf(pieces: readonly Piece[], stepMs: number): readonly ExposurePoint[] {
  const originMs = pieces[0]?.fromMs ?? 0;
  const groups = Map.groupBy(pieces, ({ fromMs }) => Math.floor((fromMs - originMs) / stepMs));
  return Array.from(groups, ([index, group]) => {
    const known = group.filter(({ exposureSeconds }) => exposureSeconds !== undefined);
    return {
      at: iso(originMs + index * stepMs),
      worstSeconds: worstOf(known)?.exposureSeconds ?? null,
      rpoSeconds:
        known.length === 0 ? null : Math.min(...known.map(({ rpoSeconds }) => rpoSeconds)),
      isUnknownInPart: known.length < group.length,
    };
  });
}

/** All of a period up to now. */
export function exposureFacts(
  slots: SlotSeries,
  span: CalendarSpan,
  about: { readonly nowMs: number; readonly kind: CalendarKind },
): ExposureFacts {
  const pieces = piecesOf(slots, { ...span, toMs: Math.min(span.toMs, about.nowMs) });
  const known = pieces.filter((piece) => sideOf(piece) !== "unknown");
  const worst = worstOf(pieces);
  const runs = runsOf(pieces);
  const on = (side: Side): readonly (readonly Piece[])[] =>
    runs.filter(([first]) => first !== undefined && sideOf(first) === side);
  const beyond = on("beyond").map((run) => ({
    ...stretchOf(run),
    worstSeconds: worstOf(run)?.exposureSeconds ?? 0,
  }));
  const unknown = on("unknown").map(stretchOf);
  return {
    ...sumsOf(pieces),
    worstAt: worst === undefined ? null : iso(worst.fromMs),
    meanSeconds: meanOf(known),
    medianSeconds: quantile(known, 0.5),
    p99Seconds: quantile(known, 0.99),
    beyond: { total: beyond.length, longest: longest(beyond) },
    unknown: { total: unknown.length, longest: longest(unknown) },
    series: seriesOf(pieces, pointMs[about.kind]),
  };
}
