/**
 * Holding a pin while something is read or built upon, so that expire on another host leaves it alone (loss class 34).
 *
 * The order is what makes it safe: the pin is written first; then the condemned keys are read; then the pinned backups are looked
 * for. Expire writes its condemn object first and reads the pins afterwards. So either expire sees the
 * pin, or the pin's maker sees the condemn object, or the deletion is over and the backup is seen to be gone.
 *
 * States: held → lost (no renewal for its time to live, or its lease is lost) · held → released. Both are final.
 */
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import type { ObjectId } from "../core/object-id.ts";
import { COVERED_PART, type CondemnDocument } from "./condemn-document.ts";
import type { Lease } from "./lease.ts";
import type { HolderObserver } from "./lease-holder.ts";
import {
  clusterNameOf,
  objectKey,
  tryParseObjectKey,
  type IncarnationPlace,
} from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import { encodePin, protectsObject, type PinDocument, type Protection } from "./pin-rules.ts";
import { readNewestLease } from "./read-lease.ts";
import { readCondemned } from "./read-pins.ts";
import { RenewalTask } from "./renewal-task.ts";
import type { SealedStore } from "./sealed-store.ts";

/** What to pin, and how it lives. */
export type PinOptions = StoreCall & {
  /** For people: `restore`, `proof`. */
  readonly purpose: string;
  readonly protects: readonly Protection[];
  /** Given: the pin lives by this lease and needs no renewals. */
  readonly lease?: Lease | undefined;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly observer: HolderObserver;
};

/** A held pin. Disposing of it releases it. */
export interface Pin extends AsyncDisposable {
  readonly id: ObjectId;
  /** Aborted with `REPO_PIN_LOST` or `REPO_LEASE_LOST`: stop reading, it may be deleted now. */
  readonly lost: AbortSignal;
  release(call: StoreCall): Promise<void>;
}

class HeldPin implements Pin {
  readonly id: ObjectId;
  readonly #sealed: SealedStore;
  readonly #options: PinOptions;
  readonly #lost = new AbortController();
  readonly #task: RenewalTask;
  #newest: PinDocument;
  #released = false;

  constructor(
    sealed: SealedStore,
    options: PinOptions,
    first: { readonly document: PinDocument; readonly putBeganMs: number },
  ) {
    this.id = first.document.series;
    this.#sealed = sealed;
    this.#options = options;
    this.#newest = first.document;
    this.#task = new RenewalTask({
      clock: options.clock,
      ttlSeconds: options.ttlSeconds,
      beganMs: first.putBeganMs,
      renew: (signal) => this.#renew(signal),
      lose: (reason) => {
        this.#lost.abort(
          new DrError("REPO_PIN_LOST", { pin: this.id, purpose: options.purpose, reason }),
        );
      },
      lost: this.#lost.signal,
    });
    if (options.lease === undefined) {
      this.#task.start(options.signal);
    }
  }

  get lost(): AbortSignal {
    return this.#options.lease?.lost ?? this.#lost.signal;
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const sentMs = this.#options.clock.monotonic();
    const id = this.#sealed.newId();
    const next = { ...this.#newest, id, renewal: this.#newest.renewal + 1 };
    await failpointAsync("pin.renew", { signal });
    await this.#sealed.putWhole({ type: "pin", id }, encodePin(next), { signal });
    this.#newest = next;
    this.#task.renewed(sentMs);
  }

  async release(call: StoreCall): Promise<void> {
    if (this.#released) {
      return;
    }
    await this.#task.stop();
    const content = encodePin(this.#newest);
    await this.#sealed.putWhole({ type: "pinReleased", id: this.id }, content, call);
    this.#released = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timeout = AbortSignal.timeout(this.#options.ttlSeconds * 1000);
    try {
      await this.release({ signal: timeout });
    } catch (error) {
      // It runs out by itself; what was read under it is read.
      if (!(error instanceof DrError) && error !== timeout.reason) {
        throw error;
      }
    }
  }
}

/** True while the expiry that wrote this may still delete: its lease's epoch is the newest, held, and not proved dead. */
async function mayStillDelete(
  sealed: SealedStore,
  condemn: CondemnDocument,
  options: PinOptions,
): Promise<boolean> {
  const place = { cluster: clusterNameOf(condemn.cluster), purpose: "expire" } as const;
  const newest = await readNewestLease(sealed, place, { signal: options.signal });
  return (
    newest?.epoch === condemn.epoch &&
    newest.state === "held" &&
    options.observer.livenessOf(newest.holder) !== "dead"
  );
}

type CondemnedKey = CondemnDocument["keys"][number];

/**
 * Condemned leases and pins of others, unreferenced packs and maps: nothing that a reader would look for. Nor parts of WAL whose
 * segment is published, for whoever pins an interval: it lists WAL after this, and finds the segment.
 */
function takesAway(protects: readonly Protection[], { key, reason }: CondemnedKey): boolean {
  const name = tryParseObjectKey(key);
  if (name === undefined || !(name.type === "root" || name.type === "dump" || "segment" in name)) {
    return false;
  }
  const covered = name.type === "walPart" && reason === COVERED_PART;
  return protects.some(
    (protection) => protectsObject(protection, name) && !(covered && protection.kind === "wal"),
  );
}

async function refuseCondemned(sealed: SealedStore, options: PinOptions): Promise<void> {
  for await (const condemn of readCondemned(sealed, { signal: options.signal })) {
    const taken = condemn.keys.find((each) => takesAway(options.protects, each));
    if (taken !== undefined && (await mayStillDelete(sealed, condemn, options))) {
      throw new DrError("REPO_CONDEMNED", { what: taken.key, host: condemn.holder.host });
    }
  }
}

/** A backup of this id, or a dump. @throws DrError `STORE_MISSING`. */
async function requireRoot(
  sealed: SealedStore,
  place: IncarnationPlace,
  at: StoreCall & { readonly id: ObjectId },
): Promise<void> {
  const { id, signal } = at;
  try {
    await sealed.store.size(objectKey({ ...place, type: "root", id }), { signal });
  } catch (error) {
    if (!isDrError(error, "STORE_MISSING")) {
      throw error;
    }
    try {
      await sealed.store.size(objectKey({ ...place, type: "dump", id }), { signal });
    } catch (second) {
      // Neither is there: the backup is what people ask for.
      throw isDrError(second, "STORE_MISSING") ? error : second;
    }
  }
}

/** The pinned backups must still be there. @throws DrError `STORE_MISSING`. */
async function requireBackups(sealed: SealedStore, options: PinOptions): Promise<void> {
  for (const protection of options.protects) {
    if (protection.kind === "backups") {
      const { cluster, incarnation, ids } = protection;
      for (const id of ids) {
        await requireRoot(sealed, { cluster, incarnation }, { id, signal: options.signal });
      }
    }
  }
}

/**
 * Pins, then makes sure that what is pinned is not being deleted and still there. WAL is to be listed after this returns.
 * Aborted while it is held: renewals stop, and it runs out by itself.
 * @throws DrError `REPO_CONDEMNED` (retryable), `STORE_MISSING` for a backup that is gone; what the store throws.
 */
export async function holdPin(sealed: SealedStore, options: PinOptions): Promise<Pin> {
  const { signal, lease, clock } = options;
  lease?.assertHeld();
  const id = sealed.newId();
  const document: PinDocument = {
    version: 1,
    id,
    series: id,
    renewal: 0,
    purpose: options.purpose,
    holder: options.observer.self,
    lease:
      lease === undefined
        ? null
        : { cluster: lease.cluster, purpose: lease.purpose, epoch: lease.epoch },
    ttlSeconds: options.ttlSeconds,
    protects: [...options.protects],
  };
  await failpointAsync("pin.put", { signal });
  const putBeganMs = clock.monotonic();
  const epoch = lease?.epoch;
  await sealed.putWhole({ type: "pin", id }, encodePin(document), { signal, epoch });
  const pin = new HeldPin(sealed, options, { document, putBeganMs });
  try {
    if (guard("L34-pin-recheck")) {
      await refuseCondemned(sealed, options);
    }
    await requireBackups(sealed, options);
  } catch (error) {
    await pin[Symbol.asyncDispose]();
    throw error;
  }
  return pin;
}
