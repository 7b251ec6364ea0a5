/**
 * A cluster's looks in slots of five minutes, day by day, in two numbers each: a year takes 840 KB, and is read from a file as it lies in
 * memory. Exposure is kept in whole seconds, rounded up.
 */
import { lookSlotMs } from "../core/ledger-limits.ts";

/** Five minutes. Exposure null: it was looked, and could not be told. */
export type SlotFact = { readonly exposureSeconds: number | null; readonly rpoSeconds: number };

/** Slots of one day in UTC. Exposure: `NOBODY_LOOKED`, `NOT_TOLD`, or seconds. */
export type SlotDay = { readonly exposures: Int32Array; readonly rpos: Int32Array };

const DAY_MS = 86_400_000;
/** Slots of a day. */
export const SLOTS_A_DAY = DAY_MS / lookSlotMs;
const NOBODY_LOOKED = -2;
const NOT_TOLD = -1;
const SECONDS_MAX = 0x7fffffff;

/** Looks of one cluster. */
export class SlotSeries {
  readonly #days = new Map<number, SlotDay>();

  /** Days that have a look, by their first millisecond. */
  get days(): ReadonlyMap<number, SlotDay> {
    return this.#days;
  }

  /** A day as it was kept. */
  put(dayMs: number, day: SlotDay): void {
    this.#days.set(dayMs, day);
  }

  /** A day that was kept meanwhile, with what is known here. */
  merge(dayMs: number, { exposures, rpos }: SlotDay): void {
    exposures.forEach((exposure, index) => {
      if (exposure !== NOBODY_LOOKED) {
        const exposureSeconds = exposure === NOT_TOLD ? null : exposure;
        this.add(dayMs + index * lookSlotMs, { exposureSeconds, rpoSeconds: rpos[index] ?? 0 });
      }
    });
  }

  get(atMs: number): SlotFact | undefined {
    const dayMs = Math.floor(atMs / DAY_MS) * DAY_MS;
    const index = Math.floor((atMs - dayMs) / lookSlotMs);
    const day = this.#days.get(dayMs);
    const exposure = day?.exposures[index] ?? NOBODY_LOOKED;
    return day === undefined || exposure === NOBODY_LOOKED
      ? undefined
      : {
          exposureSeconds: exposure === NOT_TOLD ? null : exposure,
          rpoSeconds: day.rpos[index] ?? 0,
        };
  }

  /** Of two looks at the same five minutes the worse counts, and of two objectives the harder one. */
  add(atMs: number, { exposureSeconds, rpoSeconds }: SlotFact): void {
    const dayMs = Math.floor(atMs / DAY_MS) * DAY_MS;
    const index = Math.floor((atMs - dayMs) / lookSlotMs);
    let day = this.#days.get(dayMs);
    if (day === undefined) {
      const exposures = new Int32Array(SLOTS_A_DAY).fill(NOBODY_LOOKED);
      day = { exposures, rpos: new Int32Array(SLOTS_A_DAY) };
      this.#days.set(dayMs, day);
    }
    const seconds =
      exposureSeconds === null ? NOT_TOLD : Math.min(SECONDS_MAX, Math.ceil(exposureSeconds));
    const before = day.exposures[index] ?? NOBODY_LOOKED;
    const rpo = Math.min(SECONDS_MAX, rpoSeconds);
    day.rpos[index] = before === NOBODY_LOOKED ? rpo : Math.min(day.rpos[index] ?? rpo, rpo);
    day.exposures[index] = Math.max(before, seconds);
  }

  /** The first slot with a look. */
  get firstMs(): number {
    let dayMs = Infinity;
    for (const one of this.#days.keys()) {
      dayMs = Math.min(dayMs, one);
    }
    const index = this.#days.get(dayMs)?.exposures.findIndex((one) => one !== NOBODY_LOOKED) ?? 0;
    return dayMs + index * lookSlotMs;
  }
}
