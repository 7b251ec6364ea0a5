/**
 * The WAL of a backup: from the receiver that runs, whoever runs it, else captured by the backup itself. Which of the two is
 * decided by the `wal` lease, so that there is one writer of WAL at a time.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { backupWalPollMs, backupWalStalledMsMax, leaseTtlSeconds } from "../core/limits.ts";
import { type Lsn, formatLsn, laterLsn } from "../core/lsn.ts";
import { type TimelineId, segmentAt } from "../core/wal-name.ts";
import type { BackupWal } from "../backup/take-backup.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { acquireLease, type Lease, type LeaseOptions } from "../repository/lease.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { WalCapture } from "../wal/capture-wal.ts";
import type { ReceiverEvent } from "../wal/receiver-events.ts";
import { WalCatalogue, storedSegmentBytes } from "../wal/wal-catalogue.ts";
import type { Adapters } from "./compose.ts";

/** What is needed to get at WAL. */
export type BackupWalOptions = {
  readonly adapters: Adapters;
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly connection: ConnectionSettings;
  readonly applicationName: string;
  readonly onEvent: (event: ReceiverEvent) => Promise<void> | undefined;
  readonly onWatch: LeaseOptions["onWatch"];
  readonly signal: AbortSignal;
};

/** Where the WAL comes from. */
export interface OpenBackupWal extends BackupWal, AsyncDisposable {
  readonly from: "receiver" | "capture";
  /** Aborted when its lease is lost; never for a receiver's. */
  readonly lost: AbortSignal;
}

/** How long an ended backup waits for its last segment to become whole; on a standby it may not. */
const SEGMENT_TIMEOUT_MS = 3000;

class CapturedBackupWal implements OpenBackupWal {
  readonly from = "capture";
  readonly #lease: Lease;
  readonly #capture: WalCapture;
  readonly #signal: AbortSignal;

  constructor(lease: Lease, capture: WalCapture, signal: AbortSignal) {
    this.#lease = lease;
    this.#capture = capture;
    this.#signal = signal;
  }

  get lost(): AbortSignal {
    return this.#lease.lost;
  }

  async complete(range: { readonly to: Lsn }): Promise<void> {
    const signal = this.#signal;
    await this.#capture.finishAt(range.to, { segmentTimeoutMs: SEGMENT_TIMEOUT_MS, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#capture[Symbol.asyncDispose]();
    await this.#lease[Symbol.asyncDispose]();
  }
}

class ReceivedBackupWal implements OpenBackupWal {
  readonly from = "receiver";
  readonly lost = new AbortController().signal;
  readonly #options: BackupWalOptions;
  #walSegmentBytes: number | undefined;

  constructor(options: BackupWalOptions) {
    this.#options = options;
  }

  /** @throws DrError `BACKUP_WAL_STALLED` when nothing came for `backupWalStalledMsMax`. */
  async complete(range: {
    readonly timeline: TimelineId;
    readonly from: Lsn;
    readonly to: Lsn;
  }): Promise<void> {
    const { clock } = this.#options.adapters;
    const { signal } = this.#options;
    const { timeline, from, to } = range;
    let durable = from;
    let progressMs = clock.monotonic();
    for (;;) {
      const end = await this.#endFrom(timeline, durable);
      if (end >= to) {
        return;
      }
      const now = clock.monotonic();
      if (end > durable) {
        durable = end;
        progressMs = now;
      }
      if (now - progressMs > backupWalStalledMsMax) {
        throw new DrError("BACKUP_WAL_STALLED", {
          timeline,
          durable: formatLsn(durable),
          wanted: formatLsn(to),
          seconds: Math.round((now - progressMs) / 1000),
        });
      }
      await clock.sleep(backupWalPollMs, { signal });
    }
  }

  /**
   * Where WAL without a hole from `durable` on ends now. What is known to be there is not looked at again: a look lists the names
   * from the segment of `durable` on, and opens parts of segments that are not published.
   */
  async #endFrom(timeline: TimelineId, durable: Lsn): Promise<Lsn> {
    const { sealed, place, signal } = this.#options;
    this.#walSegmentBytes ??= await storedSegmentBytes(sealed, place, { signal });
    if (this.#walSegmentBytes === undefined) {
      return durable;
    }
    const from = segmentAt(timeline, durable, this.#walSegmentBytes);
    const catalogue = await WalCatalogue.loadSegments(sealed, place, { from }, { signal });
    return laterLsn(durable, catalogue.spanCovering(timeline, durable)?.toLsn ?? durable);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

/** A listing while a receiver publishes may miss a segment whose parts are just being replaced by it. */
const LOOKS_FOR_WAL = 4;

/**
 * Makes sure that what lies in the repository now is all WAL of a backup: what was stored while it ran may have been taken away
 * since, by whoever. Costs a listing of the backup's own segments. @throws DrError `BACKUP_WAL_MISSING`; what the store throws.
 */
export async function requireBackupWal(
  options: Pick<BackupWalOptions, "adapters" | "sealed" | "place" | "signal">,
  range: { readonly timeline: TimelineId; readonly from: Lsn; readonly to: Lsn },
): Promise<void> {
  const { adapters, sealed, place, signal } = options;
  const { timeline, from, to } = range;
  let end = from;
  for (let look = 0; look < LOOKS_FOR_WAL; look += 1) {
    const bytes = await storedSegmentBytes(sealed, place, { signal });
    if (bytes !== undefined) {
      const first = segmentAt(timeline, from, bytes);
      const catalogue = await WalCatalogue.loadSegments(sealed, place, { from: first }, { signal });
      end = catalogue.spanCovering(timeline, from)?.toLsn ?? from;
    }
    if (end >= to) {
      return;
    }
    await adapters.clock.sleep(backupWalPollMs, { signal });
  }
  throw new DrError("BACKUP_WAL_MISSING", { from: formatLsn(end), to: formatLsn(to), timeline });
}

function captureSlotName(options: BackupWalOptions): string {
  const random = Buffer.from(options.adapters.random.bytes(4)).toString("hex");
  return `${options.applicationName.slice(0, 50)}_${random}`;
}

/**
 * Begins to have WAL kept; to be called before the backup starts. @throws DrError as `WalCapture.open` and
 * `acquireLease`, except that a held lease means that a receiver runs.
 */
export async function openBackupWal(options: BackupWalOptions): Promise<OpenBackupWal> {
  const { adapters, sealed, place, connection, applicationName, signal } = options;
  const { clock, observer } = adapters;
  let lease: Lease;
  try {
    lease = await acquireLease(sealed, {
      cluster: place.cluster,
      purpose: "wal",
      ttlSeconds: leaseTtlSeconds,
      clock,
      observer,
      onWatch: options.onWatch,
      signal,
    });
  } catch (error) {
    if (isDrError(error, "REPO_LEASE_HELD")) {
      return new ReceivedBackupWal(options);
    }
    throw error;
  }
  try {
    const capture = await WalCapture.open({
      sealed,
      place,
      settings: connection,
      applicationName,
      slotName: captureSlotName(options),
      lease,
      events: options.onEvent,
      clock,
      signal,
    });
    return new CapturedBackupWal(lease, capture, signal);
  } catch (error) {
    await lease[Symbol.asyncDispose]();
    throw error;
  }
}
