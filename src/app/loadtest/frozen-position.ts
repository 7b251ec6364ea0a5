/**
 * The moment of the loss on a server that nobody crashes: the newest position that the repository holds is noted, and what is restored afterwards
 * is what would have come back if the server had vanished then, although the repository goes on growing.
 */
import { DrError } from "../../core/errors.ts";
import { frozenReachableMs } from "../../core/load-limits.ts";
import { type Lsn, formatLsn } from "../../core/lsn.ts";
import type { TargetFlags } from "../../restore/target.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { planOperation } from "../plan-operation.ts";

const LOOK_EVERY_MS = 500;
const COMMAND = "pra loadtest";

type Site = { readonly adapters: Adapters; readonly environment: Environment };
type Call = { readonly signal: AbortSignal };

async function plannedFor(
  { adapters, environment }: Site,
  flags: TargetFlags,
  call: Call,
): Promise<{ readonly lsn: Lsn | undefined; readonly refusal: DrError | undefined }> {
  const request = { flags, backup: undefined, command: COMMAND };
  const { plan } = await planOperation(adapters, environment, request, call);
  return plan.reachable
    ? { lsn: plan.reached.lsn, refusal: undefined }
    : { lsn: undefined, refusal: plan.error };
}

/** Up to where a restore would bring things back now. @throws DrError `PLAN_*`, `STORE_*`. */
export async function heldPosition(site: Site, call: Call): Promise<Lsn> {
  const { lsn, refusal } = await plannedFor(site, { latest: true }, call);
  if (lsn === undefined) {
    throw refusal ?? new DrError("PLAN_NOTHING_YET", { cluster: site.environment.cluster });
  }
  return lsn;
}

/**
 * How a restore is told to stop there: PostgreSQL stops at a record behind a position, which therefore has to be held as well; where nothing comes
 * any more, the newest is that position. @throws DrError `PLAN_*`.
 */
export async function flagsFor(site: Site, lsn: Lsn, call: Call): Promise<TargetFlags> {
  const { clock } = site.adapters;
  const untilMs = clock.monotonic() + frozenReachableMs;
  const flags = { lsn: formatLsn(lsn) };
  for (;;) {
    const { refusal } = await plannedFor(site, flags, call);
    if (refusal === undefined) {
      return flags;
    }
    if (clock.monotonic() >= untilMs) {
      if ((await heldPosition(site, call)) === lsn) {
        return { latest: true };
      }
      throw refusal;
    }
    await clock.sleep(LOOK_EVERY_MS, call);
  }
}
