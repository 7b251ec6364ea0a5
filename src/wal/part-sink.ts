/**
 * Where received WAL becomes durable before it is published: parts. On a store that can append, one object grows by a
 * frame a batch, synced before the call returns, without leaving the thread; elsewhere each batch is an object.
 * No part is ever opened again: after any failure of a write the sink is dead, because what the store holds is
 * unknown then, and another process life (another epoch) goes on from what can be read.
 *
 * Follows docs/format.md, sections 5 and 10.
 */
import { assert } from "../core/assert.ts";
import type { Clock } from "../core/clock.ts";
import { isDrError } from "../core/errors.ts";
import { failpoint, failpointAsync } from "../core/failpoint.ts";
import {
  storeRetryDelayMs,
  storeRetryDelayMsMax,
  walPartBatchBytes,
  walPartLingerMs,
  walPartReserveBytesMax,
  walPartStoredBytesMax,
} from "../core/limits.ts";
import { type Lsn, addToLsn } from "../core/lsn.ts";
import { segmentAt, segmentStartAt, type WalSegmentName } from "../core/wal-name.ts";
import { PartAppender } from "../pipeline/sealing/wal-part.ts";
import { ZstdCodec } from "../pipeline/zstd-codec.ts";
import {
  incarnationIdBytes,
  objectKey,
  systemIdentifierOf,
  type IncarnationPlace,
} from "../repository/object-names.ts";
import type { AppendHandle } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { SegmentPlace } from "./segment-memory.ts";

/** WAL to store: it lies within one segment and follows what was stored before. */
export type PartPiece = {
  readonly wal: Uint8Array;
  readonly startLsn: Lsn;
  /** See `FramePosition`. */
  readonly knownAt: bigint;
  /** Sees what it was compressed to, during the call. */
  readonly onCompressed?: ((content: Uint8Array) => void) | undefined;
};

/** Makes WAL durable, in order; one piece at a time. */
export interface PartSink {
  /** Bytes worth waiting for, and how long. */
  readonly batchBytes: number;
  readonly lingerMs: number;
  /** Takes pieces without WAL, which record only `knownAt`. An object of its own would take the name of the next piece. */
  readonly takesEmpty: boolean;
  /** Undefined: durable already. Rejects or throws `STORE_*`; nothing can be stored by this sink afterwards. */
  append(piece: PartPiece): Promise<void> | undefined;
  /** Makes ready for the next piece what can be. To be called when nobody waits for anything. */
  prepare?(): void;
  /** The parts that hold WAL of a segment, as keys. */
  partsOf(segment: WalSegmentName): readonly string[];
  /** Forgets a segment. */
  forget(segment: WalSegmentName): void;
  /** Closes what is open; objects stay. */
  close(): Promise<void>;
}

/** What both sinks need. */
export type PartSinkOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  /** Of the lease; part of every name. */
  readonly epoch: number;
  readonly segments: Omit<SegmentPlace, "startLsn">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/**
 * Stores small pieces as they are: a commit's few hundred bytes hardly shrink, a sync commit would wait 20 µs for it,
 * and the part goes when its segment is published.
 */
class PartCodec extends ZstdCodec {
  override compressInto(source: Uint8Array, target: Uint8Array): number | "larger" {
    return source.length < walPartStoredBytesMax ? "larger" : super.compressInto(source, target);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

class PartNames {
  readonly #options: PartSinkOptions;
  readonly #parts = new Map<WalSegmentName, string[]>();

  constructor(options: PartSinkOptions) {
    this.#options = options;
  }

  segmentOf(lsn: Lsn): WalSegmentName {
    const { timeline, walSegmentBytes } = this.#options.segments;
    return segmentAt(timeline, lsn, walSegmentBytes);
  }

  keyOf(startLsn: Lsn): string {
    const { place, epoch } = this.#options;
    const segment = this.segmentOf(startLsn);
    return objectKey({ ...place, type: "walPart", segment, startLsn, epoch });
  }

  note(startLsn: Lsn): void {
    const segment = this.segmentOf(startLsn);
    this.#parts.set(segment, [...this.of(segment), this.keyOf(startLsn)]);
  }

  of(segment: WalSegmentName): readonly string[] {
    return this.#parts.get(segment) ?? [];
  }

  forget(segment: WalSegmentName): void {
    this.#parts.delete(segment);
  }

  async begin(startLsn: Lsn, codec: ZstdCodec): Promise<PartAppender> {
    const { sealed, place, epoch, segments, clock } = this.#options;
    const part = {
      objectId: sealed.newId(),
      createdAtMs: clock.now(),
      incarnation: incarnationIdBytes(place.incarnation),
      epoch,
      facts: { ...segments, systemIdentifier: systemIdentifierOf(place.incarnation), startLsn },
    };
    return await PartAppender.begin(sealed.ring, part, codec);
  }
}

type OpenPart = {
  readonly startLsn: Lsn;
  /** Where the next part begins. */
  readonly limitLsn: Lsn;
  readonly appender: PartAppender;
  readonly handle: AppendHandle;
};

/**
 * Appends frames to one object a segment. The next segment's object is made ready while the present one fills,
 * so that crossing a boundary waits for nothing. Room is written ahead only while commits wait: it makes each of their syncs shorter,
 * and writes a whole segment of zeros for it. Peak memory: twice the largest piece, and one codec.
 */
export class AppendParts implements PartSink {
  readonly batchBytes = 1;
  readonly lingerMs = 0;
  readonly takesEmpty = true;
  readonly #options: PartSinkOptions & { readonly isWaitedFor: () => boolean };
  readonly #names: PartNames;
  readonly #codec = new PartCodec();
  #current: OpenPart | undefined;
  #next: { readonly startLsn: Lsn; part: OpenPart | undefined; opening: Promise<void> } | undefined;
  readonly #closing = new Set<Promise<void>>();
  #dead: Error | undefined;

  /** `isWaitedFor`: whether commits of the server wait for a standby; asked for each part. */
  constructor(options: PartSinkOptions & { readonly isWaitedFor: () => boolean }) {
    this.#options = options;
    this.#names = new PartNames(options);
  }

  append(piece: PartPiece): Promise<void> | undefined {
    if (this.#dead !== undefined) {
      throw this.#dead;
    }
    const current = this.#current;
    if (current !== undefined && this.#continues(current, piece.startLsn)) {
      this.#write(current, piece);
      return undefined;
    }
    const next = this.#next;
    if (next?.startLsn === piece.startLsn && next.part !== undefined) {
      this.#turnTo(next.part);
      this.#write(next.part, piece);
      return undefined;
    }
    return this.#openAndAppend(piece);
  }

  prepare(): void {
    this.#current?.appender.prepare();
  }

  #continues(part: OpenPart, lsn: Lsn): boolean {
    return part.appender.endLsn === lsn && part.limitLsn !== lsn;
  }

  #write(part: OpenPart, piece: PartPiece): void {
    try {
      failpoint("wal.part-append");
      const { wal, knownAt, onCompressed } = piece;
      part.handle.appendSync(part.appender.append(wal, knownAt, onCompressed));
      failpoint("wal.part-appended");
    } catch (error) {
      this.#dead = asError(error);
      throw error;
    }
  }

  #turnTo(part: OpenPart): void {
    const old = this.#current;
    if (old !== undefined) {
      const closing = old.handle.close().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
    this.#current = part;
    this.#prepare(part.limitLsn);
  }

  /** What goes wrong here is told when the object is needed: then it is opened again, and fails again. */
  #prepare(startLsn: Lsn): void {
    const next = { startLsn, part: undefined as OpenPart | undefined, opening: Promise.resolve() };
    this.#next = next;
    next.opening = this.#open(startLsn).then(
      (part) => {
        next.part = part;
      },
      (error: unknown) => {
        this.#dead ??= asError(error);
      },
    );
  }

  async #open(startLsn: Lsn): Promise<OpenPart> {
    const { sealed, signal } = this.#options;
    await failpointAsync("wal.part-open", { signal });
    const appender = await this.#names.begin(startLsn, this.#codec);
    const handle = await sealed.store.openAppend?.(this.#names.keyOf(startLsn), { signal });
    assert(handle !== undefined, "capabilities().append was asked before");
    try {
      handle.appendSync(appender.header);
      const { walSegmentBytes } = this.#options.segments;
      if (this.#options.isWaitedFor()) {
        await handle.reserve(Math.min(walSegmentBytes, walPartReserveBytesMax), { signal });
      }
      this.#names.note(startLsn);
      const limitLsn = addToLsn(segmentStartAt(startLsn, walSegmentBytes), walSegmentBytes);
      return { startLsn, limitLsn, appender, handle };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #openAndAppend(piece: PartPiece): Promise<void> {
    try {
      if (this.#next?.startLsn === piece.startLsn) {
        await this.#next.opening;
      } else {
        this.#turnTo(await this.#open(piece.startLsn));
      }
    } catch (error) {
      this.#dead ??= asError(error);
      throw error;
    }
    await this.append(piece);
  }

  partsOf(segment: WalSegmentName): readonly string[] {
    return this.#names.of(segment);
  }

  forget(segment: WalSegmentName): void {
    this.#names.forget(segment);
  }

  async close(): Promise<void> {
    await this.#next?.opening;
    const open = [this.#next?.part, this.#current].filter((part) => part !== undefined);
    await Promise.all(open.map(({ handle }) => handle.close()));
    await Promise.all(this.#closing);
    this.#dead ??= new Error("the sink of WAL parts is closed");
    this.#codec.close();
  }
}

/** One object a batch. A put is tried again with the same bytes until the caller gives up. */
export class PutParts implements PartSink {
  readonly batchBytes = walPartBatchBytes;
  readonly lingerMs: number;
  readonly takesEmpty = false;
  readonly #options: PartSinkOptions;
  readonly #names: PartNames;
  readonly #codec = new PartCodec();

  constructor(options: PartSinkOptions & { readonly lingerMs?: number | undefined }) {
    this.#options = options;
    this.lingerMs = options.lingerMs ?? walPartLingerMs;
    this.#names = new PartNames(options);
  }

  async append(piece: PartPiece): Promise<void> {
    const { sealed, signal } = this.#options;
    const appender = await this.#names.begin(piece.startLsn, this.#codec);
    const frame = Buffer.from(appender.append(piece.wal, piece.knownAt));
    const key = this.#names.keyOf(piece.startLsn);
    await this.#untilTaken(async () => {
      await failpointAsync("wal.part-put", { signal });
      await sealed.store.put(key, [appender.header, frame], { signal });
    });
    this.#names.note(piece.startLsn);
  }

  async #untilTaken(put: () => Promise<void>): Promise<void> {
    const { clock, signal } = this.#options;
    for (let delayMs = storeRetryDelayMs; ; delayMs = Math.min(delayMs * 2, storeRetryDelayMsMax)) {
      try {
        await put();
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!isDrError(error) || !error.retryable) {
          throw error;
        }
        await clock.sleep(delayMs, { signal });
      }
    }
  }

  partsOf(segment: WalSegmentName): readonly string[] {
    return this.#names.of(segment);
  }

  forget(segment: WalSegmentName): void {
    this.#names.forget(segment);
  }

  close(): Promise<void> {
    this.#codec.close();
    return Promise.resolve();
  }
}
