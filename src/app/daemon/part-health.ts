/**
 * How the daemon's own parts do: its loops that watch, hand over, start jobs, serve metrics, leave signs. One that fails is begun again, later
 * each time, and one that fails again and again is told as the receiver is: what nobody does any more shows nowhere else.
 */
import { errorText, isDrError } from "../../core/errors.ts";
import type { Language } from "../../core/language.ts";
import type { Observation } from "../../watch/observation.ts";
import { type Deaths, isCrashLoop, restartDelayMs, withDeath } from "./restarts.ts";

/** The parts, by the names under which they are told. */
export const partNames = ["watch", "delivery", "schedule", "metrics", "signs", "digest"] as const;

/** One of them. */
export type PartName = (typeof partNames)[number];

type Part = { readonly deaths: Deaths; readonly error: unknown };

const unharmed: Part = { deaths: [], error: undefined };

function said(error: unknown, language: Language): string {
  return isDrError(error)
    ? errorText(error, language).message
    : error instanceof Error
      ? error.message
      : String(error);
}

/** Remembers their deaths. Times are of the monotonic clock. */
export class PartHealth {
  readonly #parts = new Map<PartName, Part>();

  /** One has failed; how long to wait before it is begun again. */
  died(name: PartName, error: unknown, nowMs: number): number {
    const { deaths: before } = this.#parts.get(name) ?? unharmed;
    const deaths = withDeath(before, nowMs);
    this.#parts.set(name, { deaths, error });
    return restartDelayMs(deaths, nowMs);
  }

  /** Whether it fails again and again. */
  loops(name: PartName, nowMs: number): boolean {
    return isCrashLoop((this.#parts.get(name) ?? unharmed).deaths, nowMs);
  }

  /** Of each that has ever failed. */
  observe(nowMs: number): readonly Observation[] {
    return [...this.#parts].map(([subject, { deaths, error }]) => {
      const ill = isCrashLoop(deaths, nowMs);
      const health = ill ? "ill" : "well";
      const count = deaths.length;
      return {
        rule: "daemon",
        subject,
        health,
        words: {
          en: ill
            ? {
                summary: `a part of the daemon has failed ${count} times in ten minutes: ${said(error, "en")}`,
                hint: "The daemon's log says why (part-failed); what it did is not done: pra status",
              }
            : { summary: "this part of the daemon stays at work", hint: "" },
          fr: ill
            ? {
                summary: `une partie du démon a échoué ${count} fois en dix minutes : ${said(error, "fr")}`,
                hint: "Le journal du démon dit pourquoi (part-failed) ; son travail n'est plus fait : pra status",
              }
            : { summary: "cette partie du démon reste au travail", hint: "" },
        },
      };
    });
  }
}
