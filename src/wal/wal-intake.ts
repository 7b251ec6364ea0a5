/**
 * WAL of one timeline on its way from the socket into the repository. Each batch that the socket delivers becomes one
 * frame of a part, is durable, and is then acknowledged; where the store can append, all of that happens before the
 * thread does anything else, unless no commit waits for it (`intake-pace.ts`). What is reported as flushed is what was stored, never what was received (promise 2),
 * and never goes back; until this process has stored as much as was reported before it, it reports nothing.
 *
 * States: `taking` (WAL arrives, is gathered, stored, acknowledged) → `failed`, for good. It outlives connections: after a
 * lost one, WAL is asked for from `durableLsn`, which the intake still has in memory.
 *
 * Memory: `walSegmentsInMemoryMax` segments, one more for an instant; the socket is held beyond that, and beyond
 * `walPendingBytesMax` of WAL that the store has not taken.
 */
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { failpoint, guard } from "../core/failpoint.ts";
import {
  walFrameBytes,
  walKnownAtIntervalMs,
  walMoveBytesMax,
  walPendingBytesMax,
  walReplyPauseMs,
  walSegmentsInMemoryMax,
  walStoreOutageMsMax,
} from "../core/limits.ts";
import { type Lsn, LSN_ZERO, addToLsn, laterLsn, lsnDistanceBytes } from "../core/lsn.ts";
import { assert, present } from "../core/assert.ts";
import { walGatherMs } from "../core/wal-limits.ts";
import { segmentStartAt, type TimelineId } from "../core/wal-name.ts";
import type { ServerPosition, WalStatus, WalTaker } from "../postgres/wal-stream.ts";
import { IntakePace } from "./intake-pace.ts";
import { KnownAtJudge } from "./known-at.ts";
import type { PartPiece, PartSink } from "./part-sink.ts";
import type { SegmentMemory, SegmentMemoryPool } from "./segment-memory.ts";
import type { SegmentPublisher } from "./segment-publisher.ts";

/** What an intake works with. */
export type WalIntakeOptions = {
  readonly timeline: TimelineId;
  readonly walSegmentBytes: number;
  /** What is stored begins here: the start of a segment. */
  readonly storeFrom: Lsn;
  /** Streaming begins here, at a page, to see the record that reaches into the first segment. */
  readonly readFrom: Lsn;
  /** Positions below were reported as flushed before. */
  readonly reportedLsn: Lsn;
  readonly sink: PartSink;
  readonly pool: SegmentMemoryPool;
  readonly publisher: Pick<SegmentPublisher, "publish" | "readAhead">;
  readonly clock: Clock;
  /** Whether commits of the server wait for a standby. */
  readonly isWaitedFor: () => boolean;
};

/** One connection's side: where statuses go, and how a failure ends it. */
export type IntakeConnection = {
  readonly inRecovery: boolean;
  sendStatus(status: WalStatus): void;
  fail(error: unknown): void;
};

/** See the file's comment. */
export class WalIntake implements WalTaker {
  readonly timeline: TimelineId;
  readonly #options: WalIntakeOptions;
  readonly #pace: IntakePace;
  readonly #segments: SegmentMemory[] = [];
  readonly #readAhead: Uint8Array[] = [];
  #connection: IntakeConnection | undefined;
  #judge = new KnownAtJudge({ inRecovery: true });
  #receivedLsn: Lsn;
  /** The end of the server's WAL when it sent the newest message. */
  #serverLsn: Lsn = LSN_ZERO;
  #durableLsn: Lsn;
  #storing = false;
  #lingering: NodeJS.Timeout | undefined;
  /** Stores what came after a rest, when nothing follows that would. */
  #gathering: NodeJS.Timeout | undefined;
  #replyDue = false;
  #replying: NodeJS.Timeout | undefined;
  #lastReportedLsn: Lsn = LSN_ZERO;
  #held: PromiseWithResolvers<void> | undefined;
  #failure: Error | undefined;
  #lastKnownAtMs = 0;
  #knownAtStored = 0n;
  #progressMs: number;
  readonly #watchers = new Set<() => void>();

  constructor(options: WalIntakeOptions) {
    assert(
      options.storeFrom % BigInt(options.walSegmentBytes) === 0n,
      "storing begins at the start of a segment",
    );
    this.timeline = options.timeline;
    this.#options = options;
    this.#pace = new IntakePace(options);
    this.#receivedLsn = options.readFrom;
    this.#durableLsn = options.storeFrom;
    this.#progressMs = options.clock.monotonic();
  }

  /** Everything before it is in the repository. */
  get durableLsn(): Lsn {
    return this.#durableLsn;
  }

  /** Where to ask for WAL next: nothing that was received and not stored is counted on. */
  get resumeLsn(): Lsn {
    return this.#receivedLsn < this.#options.storeFrom ? this.#options.readFrom : this.#durableLsn;
  }

  /** The position to report; 0 while it would be less than what was reported before. */
  get reportableLsn(): Lsn {
    const stored = guard("L7-acknowledge-durable-only") ? this.#durableLsn : this.#receivedLsn;
    return stored >= this.#options.reportedLsn ? stored : LSN_ZERO;
  }

  /** Why nothing more is taken. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Begins with a connection that streams from `resumeLsn`. */
  attach(connection: IntakeConnection): void {
    this.#receivedLsn = this.resumeLsn;
    this.#readAhead.length = 0;
    this.#judge = new KnownAtJudge({ inRecovery: connection.inRecovery });
    this.#connection = connection;
    this.#replyDue = false;
    this.#lastReportedLsn = LSN_ZERO;
  }

  /** The connection is gone. What was received and not stored is forgotten, except for what is being stored. */
  async detach(): Promise<void> {
    this.#connection = undefined;
    clearTimeout(this.#replying);
    this.#replying = undefined;
    await this.settled();
    this.#release();
  }

  #endGathering(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
  }

  /** Whether what is pending waits for more; of that, whole frames are stored as they fill. */
  #gathers(): boolean {
    const state = { replyDue: this.#replyDue };
    if (!this.#isPending() || !this.#cutsFrames() || this.#pace.gatherMs(state) === undefined) {
      return false;
    }
    const framesEnd = this.#frameStart(this.#receivedLsn);
    if (framesEnd > this.#durableLsn) {
      this.#storeGathered(framesEnd);
    }
    if (this.#isPending()) {
      this.#gathering ??= setTimeout(
        () => {
          this.#storeGathered();
          this.report({ replyRequested: false });
        },
        walGatherMs + (this.#pace.gatherMs(state) ?? 0),
      );
    }
    return true;
  }

  #storeGathered(limitLsn?: Lsn): void {
    this.#endGathering();
    if (this.#isPending()) {
      this.#flush(limitLsn);
      this.#pace.stored();
    }
  }

  /** While no commit waits, a frame of a part is one of the segment's, as far as it can be: then it is compressed once. */
  #cutsFrames(): boolean {
    const { sink, isWaitedFor } = this.#options;
    return sink.lingerMs === 0 && !isWaitedFor();
  }

  /** Where the frame of the published segment begins that holds the position. */
  #frameStart(lsn: Lsn): Lsn {
    const { storeFrom } = this.#options;
    const distance = lsnDistanceBytes(storeFrom, lsn);
    return addToLsn(storeFrom, distance - (distance % walFrameBytes));
  }

  /** Waits until nothing is being stored, which a failure ends too. */
  async settled(): Promise<void> {
    this.#flush();
    while (this.#failure === undefined && (this.#storing || this.#durableLsn < this.#receivedLsn)) {
      await this.changed();
    }
  }

  /** Resolves after the next change of `durableLsn` or a failure. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const watcher = (): void => {
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }

  onWal(bytes: Uint8Array, startLsn: Lsn, server: ServerPosition): void {
    failpoint("wal.received");
    this.#judge.onWal(server);
    this.#serverLsn = server.endLsn;
    const { storeFrom, clock } = this.#options;
    if (!this.#isPending()) {
      this.#progressMs = clock.monotonic();
    }
    let rest = bytes;
    let at = startLsn;
    if (at < storeFrom) {
      const ahead = Math.min(rest.length, lsnDistanceBytes(at, storeFrom));
      this.#takeAhead(rest.subarray(0, ahead));
      rest = rest.subarray(ahead);
      at = addToLsn(at, ahead);
      this.#receivedLsn = at;
    }
    while (rest.length > 0) {
      const taken = this.#segmentAt(at).write(rest, at);
      at = addToLsn(at, taken);
      this.#receivedLsn = at;
      if (taken === rest.length) {
        return;
      }
      rest = rest.subarray(taken);
    }
  }

  onKeepalive(server: ServerPosition, options: { readonly replyRequested: boolean }): void {
    this.#judge.onKeepalive(server, this.#receivedLsn);
    this.#replyDue ||= options.replyRequested;
  }

  onBatch(): Promise<void> | undefined {
    const caughtUp = this.#receivedLsn >= this.#serverLsn;
    if (!this.#gathers()) {
      this.#storeGathered();
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    if (this.#replyDue) {
      this.#reply();
    } else if (this.reportableLsn !== this.#lastReportedLsn) {
      this.report({ replyRequested: false });
    }
    this.#options.sink.prepare?.();
    return this.#mustHold() ? this.#hold() : this.#pace.rest({ caughtUp });
  }

  /**
   * What is pending is stored first: a server that shuts down asks until all it sent is flushed, again at once after each
   * answer that says less, and such answers are held back a little.
   */
  #reply(): void {
    this.#flushNow();
    if (!this.#isPending() || this.reportableLsn !== this.#lastReportedLsn) {
      this.report({ replyRequested: false });
    } else {
      this.#replying ??= setTimeout(() => {
        this.report({ replyRequested: false });
      }, walReplyPauseMs);
    }
  }

  /** Tells the server how far the repository is. */
  report(options: { readonly replyRequested: boolean }): void {
    this.#replyDue = false;
    if (this.#replying !== undefined) {
      clearTimeout(this.#replying);
      this.#replying = undefined;
    }
    failpoint("wal.status");
    const flush = this.reportableLsn;
    this.#lastReportedLsn = flush;
    this.#connection?.sendStatus({ write: flush, flush, apply: LSN_ZERO, ...options });
  }

  /** Called every few seconds: a status, a proof that nothing was written, and an end to a store that takes nothing. */
  tick(): void {
    const { clock } = this.#options;
    this.#recordIdle();
    this.report({ replyRequested: true });
    const stuckMs = clock.monotonic() - this.#progressMs;
    if (this.#durableLsn < this.#receivedLsn && stuckMs > walStoreOutageMsMax) {
      const seconds = Math.round(stuckMs / 1000);
      this.#connection?.fail(new DrError("WAL_STORE_OUTAGE", { seconds }));
    }
  }

  #takeAhead(bytes: Uint8Array): void {
    this.#readAhead.push(Uint8Array.from(bytes));
    const { readFrom, storeFrom, timeline, walSegmentBytes, publisher } = this.#options;
    const total = this.#readAhead.reduce((sum, piece) => sum + piece.length, 0);
    if (total === lsnDistanceBytes(readFrom, storeFrom)) {
      const place = { timeline, startLsn: readFrom, walSegmentBytes };
      publisher.readAhead(place, Buffer.concat(this.#readAhead));
      this.#readAhead.length = 0;
    }
  }

  #segmentAt(lsn: Lsn): SegmentMemory {
    const last = this.#segments.at(-1);
    if (last !== undefined && lsn >= last.place.startLsn && lsn < last.endLsn) {
      return last;
    }
    const { timeline, walSegmentBytes, pool } = this.#options;
    const startLsn = segmentStartAt(lsn, walSegmentBytes);
    const memory = pool.take({ timeline, startLsn, walSegmentBytes });
    this.#segments.push(memory);
    return memory;
  }

  #isPending(): boolean {
    return this.#receivedLsn > this.#durableLsn;
  }

  #pendingBytes(): number {
    return this.#isPending() ? lsnDistanceBytes(this.#durableLsn, this.#receivedLsn) : 0;
  }

  /** Stores what is pending, up to a position. */
  #flush(limitLsn: Lsn = this.#receivedLsn): void {
    const { sink } = this.#options;
    while (!this.#storing && this.#failure === undefined && this.#durableLsn < limitLsn) {
      if (sink.lingerMs > 0 && this.#pendingBytes() < sink.batchBytes) {
        this.#lingering ??= setTimeout(() => {
          this.#flushNow();
        }, sink.lingerMs);
        return;
      }
      this.#storeNext();
    }
  }

  /** Stores what is there, however little. */
  #flushNow(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    if (!this.#storing && this.#failure === undefined && this.#isPending()) {
      this.#storeNext();
    }
  }

  #storeNext(): void {
    const segment = present(this.#segments[0], "WAL that is pending lies in a segment's memory");
    const from = this.#durableLsn;
    const available = this.#receivedLsn < segment.endLsn ? this.#receivedLsn : segment.endLsn;
    const longest = addToLsn(this.#cutsFrames() ? this.#frameStart(from) : from, walFrameBytes);
    const to = longest < available ? longest : available;
    const { endLsn, knownAt } = this.#judge.claim;
    const piece = {
      wal: segment.view(from, to),
      startLsn: from,
      knownAt: endLsn === to ? knownAt : 0n,
      onCompressed: segment.frameKeeper(from, to),
    };
    this.#store(piece, to);
  }

  #store(piece: PartPiece, to: Lsn): void {
    try {
      const storing = this.#options.sink.append(piece);
      if (storing === undefined) {
        this.#stored(to, piece.knownAt);
        return;
      }
      this.#storing = true;
      storing.then(
        () => {
          this.#storing = false;
          this.#stored(to, piece.knownAt);
          this.#flush();
          this.report({ replyRequested: false });
          this.#letGo();
        },
        (error: unknown) => {
          this.#storing = false;
          this.#fail(error);
        },
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #stored(to: Lsn, knownAt: bigint): void {
    const { clock, sink, publisher } = this.#options;
    this.#durableLsn = to;
    this.#progressMs = clock.monotonic();
    if (knownAt > this.#knownAtStored) {
      this.#knownAtStored = knownAt;
      this.#lastKnownAtMs = this.#progressMs;
    }
    const segment = this.#segments[0];
    if (segment !== undefined && segment.endLsn === to) {
      this.#segments.shift();
      const parts = sink.partsOf(segment.name);
      sink.forget(segment.name);
      publisher.publish({ memory: segment, knownAt, parts });
    }
    this.#wake();
  }

  /** A frame without WAL that says when the server still had nothing more. */
  #recordIdle(): void {
    const { sink, clock, storeFrom } = this.#options;
    const { endLsn, knownAt } = this.#judge.claim;
    const idle = this.#receivedLsn === this.#durableLsn && endLsn === this.#durableLsn;
    const due = clock.monotonic() - this.#lastKnownAtMs >= walKnownAtIntervalMs;
    const worth = knownAt > this.#knownAtStored && this.#durableLsn > storeFrom;
    if (idle && due && worth && !this.#storing && this.#failure === undefined && sink.takesEmpty) {
      this.#store({ wal: new Uint8Array(0), startLsn: endLsn, knownAt }, endLsn);
    }
  }

  #mustHold(): boolean {
    const { pool } = this.#options;
    return pool.used > walSegmentsInMemoryMax || this.#pendingBytes() > walPendingBytesMax;
  }

  #hold(): Promise<void> {
    this.#held ??= Promise.withResolvers<void>();
    return this.#held.promise;
  }

  /** A segment's memory came free, or WAL was stored. */
  #letGo(): void {
    if (this.#held !== undefined && (this.#failure !== undefined || !this.#mustHold())) {
      const held = this.#held;
      this.#held = undefined;
      held.resolve();
    }
  }

  /** To be called when the publisher is done with a segment. */
  memoryFreed(): void {
    this.#moveBack();
    this.#letGo();
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#connection?.fail(error);
    this.#letGo();
    this.#wake();
  }

  #wake(): void {
    this.#watchers.forEach((watcher) => {
      watcher();
    });
  }

  /**
   * The newest segment goes into memory that has been written before, while little of it has come: else a receiver with little to do ends up with
   * two segments' memory in place of one. Nobody else looks at it while nothing is being stored.
   */
  #moveBack(): void {
    const { pool } = this.#options;
    const [segment, ...others] = this.#segments;
    if (this.#storing || segment === undefined || others.length > 0) {
      return;
    }
    const { startLsn } = segment.place;
    const filled =
      this.#receivedLsn > startLsn ? segment.view(startLsn, this.#receivedLsn) : undefined;
    if (filled !== undefined && filled.length <= walMoveBytesMax) {
      this.#segments[0] = pool.move(segment, filled);
    }
  }

  /** Gives back memory beyond what is durable. */
  #release(): void {
    this.#endGathering();
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    this.#receivedLsn = laterLsn(this.#durableLsn, this.#options.storeFrom);
    this.#letGo();
  }

  /** Nothing more is taken; memory that is not published goes back. */
  close(): void {
    this.#endGathering();
    clearTimeout(this.#lingering);
    clearTimeout(this.#replying);
    this.#segments.splice(0).forEach((memory) => {
      this.#options.pool.give(memory);
    });
  }
}
