/**
 * Who may take a lease, as pure rules. No instant of another host is ever compared with one of ours: a lease ends for an observer
 * when it saw no new renewal during a whole time to live on its *own* monotonic clock, so clocks may
 * differ by minutes or jump (loss class 43).
 *
 * States of a lease as an observer sees them, and what it may do:
 *
 *   none ───────────────────────────────────────────────→ take epoch 1
 *   released ───────────────────────────────────────────→ take the next epoch
 *   held, by a process proved dead ─────────────────────→ take the next epoch
 *   held, by another process seen alive here ───────────→ refuse
 *   held, first look ───────────────────────────────────→ watch for the time to live
 *   held, watched, a new renewal or epoch appeared ─────→ refuse
 *   held, watched, nothing new, time to live not over ──→ watch on
 *   held, watched, nothing new after the time to live ──→ take the next epoch
 *
 * The holder's side is stricter by construction: it counts its time to live from before its last renewal was sent,
 * the observer from after it was first seen, so the holder gives up first.
 */
import { leaseRenewalSecondsMax } from "../core/limits.ts";

/** The newest renewal of the newest epoch, as just read. */
export type LeaseSight = {
  readonly epoch: number;
  readonly renewal: number;
  readonly ttlSeconds: number;
  readonly state: "held" | "released";
};

/** Since when (own monotonic clock) this very renewal has been the newest. */
export type LeaseWatch = {
  readonly epoch: number;
  readonly renewal: number;
  readonly firstSeenMs: number;
};

/** What an observer may do. */
export type LeaseVerdict =
  | { readonly kind: "take"; readonly epoch: number }
  | { readonly kind: "refuse" }
  | { readonly kind: "watch"; readonly watch: LeaseWatch; readonly forMs: number };

/** One look: the monotonic clock before the listing began and after it was read. */
export type LeaseLook = {
  readonly sight: LeaseSight | undefined;
  /** What is known about the holder; `self` is a lease that this process left without releasing it. */
  readonly holder: "alive" | "dead" | "unknown" | "self";
  readonly beganMs: number;
  readonly endedMs: number;
};

/** Judges one look in the light of the watch so far. */
export function judgeLease(
  look: LeaseLook,
  watch: LeaseWatch | undefined,
  ownTtlSeconds: number,
): LeaseVerdict {
  const { sight } = look;
  if (sight === undefined) {
    return { kind: "take", epoch: 1 };
  }
  const { epoch, renewal } = sight;
  if (sight.state === "released" || look.holder === "dead") {
    return { kind: "take", epoch: epoch + 1 };
  }
  if (look.holder === "alive") {
    return { kind: "refuse" };
  }
  const ttlMs = Math.max(sight.ttlSeconds, ownTtlSeconds) * 1000;
  if (watch === undefined) {
    return { kind: "watch", watch: { epoch, renewal, firstSeenMs: look.endedMs }, forMs: ttlMs };
  }
  if (watch.epoch !== epoch || watch.renewal !== renewal) {
    return { kind: "refuse" };
  }
  const leftMs = watch.firstSeenMs + ttlMs - look.beganMs;
  return leftMs <= 0 ? { kind: "take", epoch: epoch + 1 } : { kind: "watch", watch, forMs: leftMs };
}

/** How often a holder renews: three times in its time to live, at most once a minute. */
export function renewalIntervalMs(ttlSeconds: number): number {
  return Math.min(ttlSeconds / 3, leaseRenewalSecondsMax) * 1000;
}
