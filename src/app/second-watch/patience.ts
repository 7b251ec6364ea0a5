/**
 * How long a second watcher waits, as configured. The first watcher's silence is never counted before two of its signs are missing, whatever is
 * set: one may be late by a look and a slow store, and an alarm for that would be believed no second time.
 */
import {
  ledgerSilenceMs,
  secondPatienceMs,
  signsMissing,
  silenceMsMin,
} from "../../core/watch-limits.ts";
import type { WatchSign } from "../../repository/watch-signs.ts";
import type { Environment } from "../environment.ts";

const MINUTE_MS = 60_000;
/** Signs that must be missing where less patience was asked for. */
const SIGNS_MISSING_LEAST = 2;

/** The limits of one second watcher. */
export type Patience = {
  /** Undefined: what follows from how often the first leaves signs. */
  readonly silentMs: number | undefined;
  /** What a first that lives does not tell is told after so long. */
  readonly untoldMs: number;
  /** No event in the ledger for so long. */
  readonly ledgerMs: number;
};

/** As configured. */
export function patienceOf({ settings }: Pick<Environment, "settings">): Patience {
  const minutes = (
    name: "PRA_SECOND_SILENT_MINUTES" | "PRA_SECOND_UNTOLD_MINUTES",
  ): number | undefined => {
    const value = settings.get(name)?.value;
    return value === undefined ? undefined : Number(value) * MINUTE_MS;
  };
  const hours = settings.get("PRA_SECOND_LEDGER_HOURS")?.value;
  return {
    silentMs: minutes("PRA_SECOND_SILENT_MINUTES"),
    untoldMs: minutes("PRA_SECOND_UNTOLD_MINUTES") ?? secondPatienceMs,
    ledgerMs: hours === undefined ? ledgerSilenceMs : Number(hours) * 60 * MINUTE_MS,
  };
}

/** How long the first may leave no sign. */
export function silenceLimitMs(
  { everySeconds }: Pick<WatchSign, "everySeconds">,
  { silentMs }: Pick<Patience, "silentMs">,
): number {
  const everyMs = everySeconds * 1000;
  return silentMs === undefined
    ? Math.max(silenceMsMin, signsMissing * everyMs)
    : Math.max(silentMs, SIGNS_MISSING_LEAST * everyMs);
}
