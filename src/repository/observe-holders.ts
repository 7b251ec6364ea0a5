/**
 * Who is still at work, as far as expire can know: the `backup` lease and the pins. Holders that this host cannot see are
 * watched on its own monotonic clock for their time to live, as for taking a lease, because no instant that another
 * host wrote down means anything here (loss class 43).
 */
import type { ObjectId } from "../core/object-id.ts";
import { acquireLease, awaitLeaseTurn, type LeaseOptions } from "./lease.ts";
import { sameHolder, type HolderObserver } from "./lease-holder.ts";
import { judgeLease, renewalIntervalMs, type LeaseWatch } from "./lease-rules.ts";
import type { ObservedPin } from "./leftovers.ts";
import type { StoreCall } from "./object-store.ts";
import type { PinDocument, PinSeries } from "./pin-rules.ts";
import { readNewestLease } from "./read-lease.ts";
import { readPins } from "./read-pins.ts";
import type { SealedStore } from "./sealed-store.ts";

/** What an observer works with. `cluster` is whose `backup` lease is settled. */
export type ObserveOptions = Omit<LeaseOptions, "purpose">;

/**
 * The highest epoch of the `backup` lease whose holder can publish no root that counts. A holder that is gone without
 * having released is fenced by taking its lease and releasing it, for it may wake up. Lasts up to a time to live.
 */
export async function settleBackupLease(
  sealed: SealedStore,
  options: ObserveOptions,
): Promise<number> {
  const lease = { ...options, purpose: "backup" } as const;
  const turn = await awaitLeaseTurn(sealed, lease);
  if (turn.kind === "held") {
    return turn.newest.epoch - 1;
  }
  if (turn.newest === undefined || turn.newest.state === "released") {
    return turn.newest?.epoch ?? 0;
  }
  const fence = await acquireLease(sealed, lease);
  await fence.release({ signal: options.signal });
  return fence.epoch;
}

/** As `settleBackupLease`, from one look and without writing: an unseen holder counts as alive. */
export async function overEpochAtOnce(
  sealed: SealedStore,
  options: ObserveOptions,
): Promise<number> {
  const place = { cluster: options.cluster, purpose: "backup" } as const;
  const newest = await readNewestLease(sealed, place, { signal: options.signal });
  if (newest === undefined) {
    return 0;
  }
  const over = newest.state === "released" || options.observer.livenessOf(newest.holder) === "dead";
  return over ? newest.epoch : newest.epoch - 1;
}

/** Pins that were watched and found dead, with the renewal at which they died. */
export type DeadPins = ReadonlyMap<ObjectId, number>;

async function leaseIsOver(
  sealed: SealedStore,
  lease: NonNullable<PinDocument["lease"]>,
  call: StoreCall & { readonly observer: HolderObserver },
): Promise<boolean> {
  const newest = await readNewestLease(sealed, lease, { signal: call.signal });
  return (
    newest === undefined ||
    newest.epoch > lease.epoch ||
    newest.state === "released" ||
    call.observer.livenessOf(newest.holder) === "dead"
  );
}

async function isLive(
  sealed: SealedStore,
  series: PinSeries,
  call: StoreCall & { readonly observer: HolderObserver; readonly dead: DeadPins },
): Promise<boolean> {
  const { newest, released } = series;
  if (released || call.dead.get(newest.series) === newest.renewal) {
    return false;
  }
  if (newest.lease !== null) {
    return !(await leaseIsOver(sealed, newest.lease, call));
  }
  return call.observer.livenessOf(newest.holder) !== "dead";
}

/** The pins as they are now. Whoever is not known to be dead is alive. */
export async function observePins(
  sealed: SealedStore,
  call: StoreCall & { readonly observer: HolderObserver; readonly dead: DeadPins },
): Promise<{ readonly pins: ObservedPin[]; readonly strayReleases: readonly ObjectId[] }> {
  const { series, strayReleases } = await readPins(sealed, { signal: call.signal });
  const pins: ObservedPin[] = [];
  for (const one of series) {
    pins.push({ ...one, live: await isLive(sealed, one, call) });
  }
  return { pins, strayReleases };
}

/** Series that may be dead and have to be watched: those of processes that this host cannot see. */
function isUnseen({ newest, live }: ObservedPin, observer: HolderObserver): boolean {
  return (
    live &&
    newest.lease === null &&
    !sameHolder(newest.holder, observer.self) &&
    observer.livenessOf(newest.holder) === "unknown"
  );
}

/** Watches unseen pins until each has either renewed or been silent for its time to live. */
export async function settlePins(sealed: SealedStore, options: ObserveOptions): Promise<DeadPins> {
  const { clock, observer, signal } = options;
  const watches = new Map<ObjectId, LeaseWatch>();
  const settled = new Set<ObjectId>();
  const dead = new Map<ObjectId, number>();
  for (;;) {
    const beganMs = clock.monotonic();
    const { pins } = await observePins(sealed, { signal, observer, dead });
    const endedMs = clock.monotonic();
    let waitMs = Infinity;
    for (const { newest } of pins.filter((pin) => isUnseen(pin, observer))) {
      const { series, renewal, ttlSeconds } = newest;
      if (settled.has(series)) {
        continue;
      }
      const sight = { epoch: 1, renewal, ttlSeconds, state: "held" } as const;
      const look = { sight, holder: "unknown", beganMs, endedMs } as const;
      const verdict = judgeLease(look, watches.get(series), ttlSeconds);
      if (verdict.kind === "watch") {
        watches.set(series, verdict.watch);
        waitMs = Math.min(waitMs, verdict.forMs, renewalIntervalMs(ttlSeconds));
      } else {
        settled.add(series);
        if (verdict.kind === "take") {
          dead.set(series, renewal);
        }
      }
    }
    if (waitMs === Infinity) {
      return dead;
    }
    await clock.sleep(waitMs, { signal });
  }
}
