/**
 * Leases: at most one process at a time may write backups, WAL or deletions of a cluster, across hosts that share nothing but
 * the store. Taking one creates the object of the next epoch, which the store lets exactly one contender do; holding
 * one means writing renewals; every object written under it bears its epoch, so that readers can ignore what a
 * holder writes after somebody else took over. docs/format.md section 9, rules in `lease-rules.ts`.
 *
 * States of a held lease:
 *
 *   held ── renewal written, no higher epoch ─────────────→ held
 *   held ── a higher epoch is there ──────────────────────→ lost
 *   held ── time to live over since the last renewal ─────→ lost
 *   held ── release: a last renewal that says so ─────────→ released
 *
 * `lost` and `released` are final. A lost holder must stop writing at once; `assertHeld` is cheap enough to
 * stand before each write. A background task renews; it ends with the lease or with the caller's signal, and then
 * the lease runs out by itself unless it is released.
 */
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import {
  encodeLease,
  sameHolder,
  type AcceptedRoots,
  type Holder,
  type HolderObserver,
  type LeaseDocument,
} from "./lease-holder.ts";
import { judgeLease, renewalIntervalMs, type LeaseLook, type LeaseWatch } from "./lease-rules.ts";
import type { StoreCall } from "./object-store.ts";
import {
  collectAcceptedRoots,
  newestEpoch,
  readNewestLease,
  type LeasePlace,
} from "./read-lease.ts";
import { RenewalTask } from "./renewal-task.ts";
import type { SealedStore } from "./sealed-store.ts";

/** How to take or to observe a lease. */
export type LeaseOptions = LeasePlace &
  StoreCall & {
    readonly ttlSeconds: number;
    readonly clock: Clock;
    readonly observer: HolderObserver;
    /** Told when the holder has to be watched before it counts as gone, with the longest wait. */
    readonly onWatch?: ((holder: Holder, forMs: number) => void) | undefined;
  };

/** What a look at a lease, as long as it takes, comes to. */
export type LeaseTurn =
  | {
      readonly kind: "free";
      readonly newest: LeaseDocument | undefined;
      readonly nextEpoch: number;
    }
  | { readonly kind: "held"; readonly newest: LeaseDocument };

/** A lease that this process holds. Disposing of it releases it. */
export interface Lease extends AsyncDisposable {
  readonly cluster: LeasePlace["cluster"];
  readonly purpose: LeasePlace["purpose"];
  readonly epoch: number;
  readonly holder: Holder;
  readonly ttlSeconds: number;
  /** Aborted with `REPO_LEASE_LOST` when the lease is lost; never by a release. */
  readonly lost: AbortSignal;
  /** @throws DrError `REPO_LEASE_LOST` when it is lost or its time is over. Asks no store. */
  assertHeld(): void;
  /**
   * Renews now and looks for higher epochs. To be called right before a root is published, and right after: a root counts
   * when the second call returns. @throws DrError `REPO_LEASE_LOST`, or what the store throws.
   */
  renewNow(call: StoreCall): Promise<void>;
  /** Ends it, so that the next one need not wait. A lost lease is left alone. */
  release(call: StoreCall): Promise<void>;
}

function stateOfHolder(observer: HolderObserver, holder: Holder): LeaseLook["holder"] {
  return sameHolder(holder, observer.self) ? "self" : observer.livenessOf(holder);
}

/**
 * Looks until it is certain that the lease is free or held: at once, or after watching an unseen holder for its time
 * to live. Takes nothing. @throws DrError what the store and `getWhole` throw.
 */
export async function awaitLeaseTurn(
  sealed: SealedStore,
  options: LeaseOptions,
): Promise<LeaseTurn> {
  const { clock, observer, signal } = options;
  let watch: LeaseWatch | undefined;
  for (;;) {
    const beganMs = clock.monotonic();
    const newest = await readNewestLease(sealed, options, { signal });
    const endedMs = clock.monotonic();
    const holder = newest === undefined ? "unknown" : stateOfHolder(observer, newest.holder);
    const look = { sight: newest, holder, beganMs, endedMs };
    const verdict = judgeLease(look, watch, options.ttlSeconds);
    if (verdict.kind === "take") {
      return { kind: "free", newest, nextEpoch: verdict.epoch };
    }
    if (newest === undefined || verdict.kind === "refuse") {
      return newest === undefined
        ? { kind: "free", newest, nextEpoch: 1 }
        : { kind: "held", newest };
    }
    if (watch === undefined) {
      options.onWatch?.(newest.holder, verdict.forMs);
    }
    watch = verdict.watch;
    const lookAgainMs = Math.min(verdict.forMs, renewalIntervalMs(newest.ttlSeconds));
    await clock.sleep(lookAgainMs, { signal });
  }
}

function heldError(place: LeasePlace, newest: LeaseDocument): DrError {
  const { cluster, purpose } = place;
  const { host, pid } = newest.holder;
  return new DrError("REPO_LEASE_HELD", { cluster, purpose, host, pid, since: newest.acquiredAt });
}

class HeldLease implements Lease {
  readonly cluster: LeasePlace["cluster"];
  readonly purpose: LeasePlace["purpose"];
  readonly epoch: number;
  readonly holder: Holder;
  readonly ttlSeconds: number;
  readonly #sealed: SealedStore;
  readonly #clock: Clock;
  readonly #acquiredAt: string;
  readonly #lost = new AbortController();
  readonly #task: RenewalTask;
  #renewal = 0;
  #released = false;
  #queue: Promise<void> = Promise.resolve();

  constructor(
    sealed: SealedStore,
    options: LeaseOptions,
    won: { readonly epoch: number; readonly acquiredAt: string; readonly putBeganMs: number },
  ) {
    const { clock, ttlSeconds } = options;
    this.#sealed = sealed;
    this.#clock = clock;
    this.cluster = options.cluster;
    this.purpose = options.purpose;
    this.epoch = won.epoch;
    this.holder = options.observer.self;
    this.ttlSeconds = ttlSeconds;
    this.#acquiredAt = won.acquiredAt;
    this.#task = new RenewalTask({
      clock,
      ttlSeconds,
      beganMs: won.putBeganMs,
      renew: (signal) => this.renewNow({ signal }),
      lose: (reason) => {
        this.#lose(reason);
      },
      lost: this.#lost.signal,
    });
    this.#task.start(options.signal);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  assertHeld(): void {
    if (this.#released) {
      const { cluster, purpose, epoch } = this;
      throw new DrError("REPO_LEASE_LOST", { cluster, purpose, epoch, reason: "it was released" });
    }
    this.#task.checkDeadline();
    this.#lost.signal.throwIfAborted();
  }

  renewNow(call: StoreCall): Promise<void> {
    const turn = this.#queue.then(() => this.#renew("held", call));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async release(call: StoreCall): Promise<void> {
    if (this.#released || this.#lost.signal.aborted) {
      return;
    }
    await this.#task.stop();
    await this.#queue;
    await this.#renew("released", call);
    this.#released = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timeout = AbortSignal.timeout(this.ttlSeconds * 1000);
    try {
      await this.release({ signal: timeout });
    } catch (error) {
      // It runs out by itself; the work under it is done and must not be reported as failed.
      if (!isDrError(error) && error !== timeout.reason) {
        throw error;
      }
    }
  }

  #lose(reason: string): void {
    const { cluster, purpose, epoch } = this;
    this.#lost.abort(new DrError("REPO_LEASE_LOST", { cluster, purpose, epoch, reason }));
  }

  async #renew(state: "held" | "released", call: StoreCall): Promise<void> {
    this.assertHeld();
    const beganMs = this.#clock.monotonic();
    await failpointAsync("lease.renew", call);
    await this.#put(state, call);
    await this.#lookForHigherEpoch(call);
    this.#task.renewed(beganMs);
    this.assertHeld();
  }

  async #put(state: "held" | "released", call: StoreCall): Promise<void> {
    const { cluster, purpose, epoch, ttlSeconds } = this;
    for (;;) {
      this.#renewal += 1;
      const renewal = this.#renewal;
      const document: LeaseDocument = {
        version: 1,
        cluster,
        epoch,
        renewal,
        ttlSeconds,
        state,
        holder: { ...this.holder, purpose },
        acquiredAt: this.#acquiredAt,
      };
      try {
        const name = { type: "lease", cluster, purpose, epoch, renewal } as const;
        await this.#sealed.putWhole(name, encodeLease(document), { ...call, epoch });
        return;
      } catch (error) {
        // Only this process writes renewals of its epoch: an earlier attempt arrived after all.
        if (!isDrError(error, "STORE_CONFLICT")) {
          throw error;
        }
      }
    }
  }

  async #lookForHigherEpoch(call: StoreCall): Promise<void> {
    const newest = await newestEpoch(this.#sealed, this, call);
    if (newest > this.epoch && guard("L34-lease-epoch")) {
      this.#lose(`epoch ${newest} was taken by another process`);
      this.#lost.signal.throwIfAborted();
    }
  }
}

async function firstRenewal(
  sealed: SealedStore,
  options: LeaseOptions,
  won: { readonly epoch: number; readonly acquiredAt: string },
): Promise<LeaseDocument> {
  const { cluster, purpose, ttlSeconds, observer, signal } = options;
  const lists = purpose === "backup";
  const acceptedRoots: AcceptedRoots = lists
    ? await collectAcceptedRoots(sealed, cluster, { signal })
    : [];
  return {
    version: 1,
    cluster,
    ...won,
    renewal: 0,
    ttlSeconds,
    state: "held",
    holder: { ...observer.self, purpose },
    ...(lists ? { acceptedRoots } : {}),
  };
}

/**
 * Takes the lease, which may mean watching an unseen holder for its time to live, and keeps it until it is released. Aborted while
 * waiting: nothing stays behind; aborted later: renewals stop and it runs out by itself.
 * @throws DrError `REPO_LEASE_HELD`; what the store and `getWhole` throw.
 */
export async function acquireLease(sealed: SealedStore, options: LeaseOptions): Promise<Lease> {
  const { cluster, purpose, signal, clock } = options;
  const turn = await awaitLeaseTurn(sealed, options);
  if (turn.kind === "held") {
    throw heldError(options, turn.newest);
  }
  const epoch = turn.nextEpoch;
  const acquiredAt = new Date(clock.now()).toISOString();
  const document = await firstRenewal(sealed, options, { epoch, acquiredAt });
  await failpointAsync("lease.acquire", { signal });
  const putBeganMs = clock.monotonic();
  try {
    const name = { type: "lease", cluster, purpose, epoch, renewal: 0 } as const;
    await sealed.putWhole(name, encodeLease(document), { signal, epoch });
  } catch (error) {
    const winner = isDrError(error, "STORE_CONFLICT")
      ? await readNewestLease(sealed, options, { signal })
      : undefined;
    throw winner === undefined ? error : heldError(options, winner);
  }
  // A slow contender may create an epoch that was taken, released and removed long ago: the newest one stays.
  const newest = await readNewestLease(sealed, options, { signal });
  if (newest !== undefined && newest.epoch > epoch) {
    throw heldError(options, newest);
  }
  return new HeldLease(sealed, options, { epoch, acquiredAt, putBeganMs });
}
