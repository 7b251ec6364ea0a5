/**
 * Receives the WAL of one cluster into the repository, for as long as it holds its lease. It must never report a position
 * that the repository does not hold (promise 2), never pass over WAL in silence, and never store a second content
 * under one name.
 *
 * States: `connecting` → `streaming` → `connecting` again after a lost connection, a restart or a crash of the server
 * (it goes on from what is stored, in the same parts) → ... ; `streaming` → `switching` when the server says that its timeline
 * ended: everything received is stored and published, the history of the next timeline is stored, then `streaming` on that
 * from the start of the segment in which it began. The last segment of a timeline that ended stays as parts: it never became
 * whole. After a failover to a standby that had received less, the server cannot say so: the place to go on is found in its
 * history as at a start. → `stopped` after `stop`: all is stored, finished segments are published. → `failed` for good when the
 * lease is lost, the store does not keep its word, another server wrote the same WAL, or WAL is gone: the next receiver begins
 * from what the repository holds (`starting-point.ts`).
 *
 * A primary that shuts down waits until all it sent is reported as flushed; with a store that takes nothing it is answered
 * for `walStoreOutageMsMax` and then left alone, so that it can stop.
 *
 * Where the store can append, the sync blocks this thread, statuses included: another thread would cost every
 * synchronous commit two wake-ups. A disk that stalls for longer than `wal_sender_timeout` (60 s by default) therefore
 * costs the connection, no WAL: what was not synced was not reported, and the receiver connects again by itself.
 *
 * Follows src/bin/pg_basebackup/receivelog.c and src/backend/replication/walsender.c.
 */
import { assert } from "../core/assert.ts";
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError, type ErrorCode } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import {
  walReconnectDelayMs,
  walReconnectDelayMsMax,
  walStatusIntervalMs,
} from "../core/limits.ts";
import { type Lsn, formatLsn } from "../core/lsn.ts";
import { type TimelineId, segmentStartAt } from "../core/wal-name.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { dropSlot, timelineHistory } from "../postgres/replication-commands.ts";
import { ReplicationConnection } from "../postgres/replication-connection.ts";
import { WalStream, type WalStreamEnd } from "../postgres/wal-stream.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type MetServer, meetServer } from "./met-server.ts";
import { AppendParts, PutParts, type PartSink } from "./part-sink.ts";
import type { ReceiverEventSink } from "./receiver-events.ts";
import type { SlotWish } from "./receiver-slot.ts";
import { SegmentMemoryPool } from "./segment-memory.ts";
import { SegmentPublisher } from "./segment-publisher.ts";
import { canGoOn, readingStart, startingPoints, type StartingPoint } from "./starting-point.ts";
import { storeHistory } from "./store-history.ts";
import { type LineageStep, lineageOf, parseTimelineHistory } from "./timeline-history.ts";
import { WalCatalogue } from "./wal-catalogue.ts";
import { WalIntake } from "./wal-intake.ts";

/** The right to write WAL of this cluster: `Lease` of the repository is one. Every process life has its own epoch. */
export interface WalLease {
  readonly epoch: number;
  readonly lost: AbortSignal;
}

/** What a receiver needs. */
export type WalReceiverOptions = {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly settings: ConnectionSettings;
  /** Also what `synchronous_standby_names` calls it. */
  readonly applicationName: string;
  readonly slot: SlotWish;
  readonly lease: WalLease;
  readonly events: ReceiverEventSink;
  readonly clock: Clock;
  /** Where a store cannot append: how long WAL waits for company. */
  readonly partLingerMs?: number;
  /** Whether commits of the server wait for a standby; asked at each piece of WAL. Without it they may. */
  readonly isWaitedFor?: () => boolean;
  readonly signal: AbortSignal;
};

/** Where a receiver stands. */
export type ReceiverState = "connecting" | "streaming" | "switching" | "stopped" | "failed";

const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "PG_CONNECTION_LOST",
  "PG_SHUTTING_DOWN",
  "PG_STARTING",
  "PG_UNREACHABLE",
  "PG_CONNECT_TIMEOUT",
  "PG_NO_FREE_WALSENDER",
  "PG_TOO_MANY_CONNECTIONS",
  "WAL_SLOT_IN_USE",
  "WAL_SLOT_LOST",
  "WAL_SERVER_BEHIND",
  "WAL_STORE_OUTAGE",
]);

/** See the file's comment. `await using` aborts it; `stop` ends it in good order. */
export class WalReceiver implements AsyncDisposable {
  readonly #options: WalReceiverOptions;
  readonly #signal: AbortSignal;
  readonly #abort = new AbortController();
  /** Ends waiting for a server. */
  readonly #ending = new AbortController();
  #walSegmentBytes = 0;
  #pool: SegmentMemoryPool | undefined;
  #publisher: SegmentPublisher | undefined;
  #sink: PartSink | undefined;
  #intake: WalIntake | undefined;
  #stream: WalStream | undefined;
  #state: ReceiverState = "connecting";
  #stopping = false;
  /** Settles when it has ended; rejects with why it failed. */
  readonly done: Promise<void>;

  private constructor(options: WalReceiverOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, options.lease.lost, this.#abort.signal]);
    this.done = this.#run();
    // Told by `done` to whoever waits; nobody has to.
    this.done.catch(() => undefined);
  }

  /** Begins at once; errors come through `done`. */
  static start(options: WalReceiverOptions): WalReceiver {
    return new WalReceiver(options);
  }

  get state(): ReceiverState {
    return this.#state;
  }

  /** The timeline being received; undefined before the first connection. */
  get timeline(): TimelineId | undefined {
    return this.#intake?.timeline;
  }

  /** 0 before the first connection. */
  get walSegmentBytes(): number {
    return this.#walSegmentBytes;
  }

  /** The repository holds everything received before it. */
  get durableLsn(): Lsn | undefined {
    return this.#intake?.durableLsn;
  }

  /** Ends in good order: what arrived is stored, finished segments are published. @throws why it failed, if it did. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stream?.stop();
    this.#ending.abort(new DrError("PG_CONNECTION_LOST", { where: "server", reason: "stopped" }));
    await this.done;
  }

  /** Resolves when the repository holds WAL up to `lsn` on the present timeline. @throws why the receiver ended before. */
  async untilDurable(lsn: Lsn, options: { readonly signal: AbortSignal }): Promise<void> {
    const ended = this.done.then(() => {
      throw new DrError("WAL_MISSING", {
        from: formatLsn(this.durableLsn ?? lsn),
        to: formatLsn(lsn),
        timeline: this.timeline ?? 0,
      });
    });
    try {
      await Promise.race([this.#pollUntilDurable(lsn, options.signal), ended]);
    } catch (error) {
      options.signal.throwIfAborted();
      if (this.#state === "failed") {
        await this.done;
      }
      throw error;
    }
  }

  async #pollUntilDurable(lsn: Lsn, signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#signal]);
    while ((this.#intake?.durableLsn ?? 0n) < lsn) {
      await this.#options.clock.sleep(10, { signal: until });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(
      new DrError("PG_CONNECTION_LOST", { where: "server", reason: "closed by us" }),
    );
    await this.done.catch(() => undefined);
  }

  async #run(): Promise<void> {
    try {
      await this.#connectAgainAndAgain();
      await this.#intake?.settled();
      await this.#publisher?.drain();
      this.#state = "stopped";
    } catch (error) {
      this.#state = "failed";
      throw this.#intake?.failure ?? error;
    } finally {
      this.#abort.abort();
      await this.#publisher?.[Symbol.asyncDispose]();
      this.#intake?.close();
      await this.#sink?.close();
    }
  }

  async #connectAgainAndAgain(): Promise<void> {
    const { events } = this.#options;
    let delayMs = walReconnectDelayMs;
    for (;;) {
      try {
        await this.#serve();
        return;
      } catch (error) {
        if (this.#stopping && this.#intake?.failure === undefined) {
          return;
        }
        this.#signal.throwIfAborted();
        if (this.#intake?.failure !== undefined || !isDrError(error) || !PASSING.has(error.code)) {
          throw error;
        }
        delayMs = this.#state === "streaming" ? walReconnectDelayMs : delayMs;
        this.#state = "connecting";
        await events({ kind: "disconnected", cause: error });
      } finally {
        this.#stream = undefined;
        await this.#intake?.detach();
      }
      if (!(await this.#pause(delayMs))) {
        return;
      }
      delayMs = Math.min(delayMs * 2, walReconnectDelayMsMax);
    }
  }

  /** Waits before the next attempt; false when `stop` ended the waiting. */
  async #pause(delayMs: number): Promise<boolean> {
    const { clock } = this.#options;
    try {
      const signal = AbortSignal.any([this.#signal, this.#ending.signal]);
      await clock.sleep(delayMs, { signal });
      return true;
    } catch (error) {
      this.#signal.throwIfAborted();
      if (this.#stopping) {
        return false;
      }
      throw error;
    }
  }

  /** One connection, from its opening to its end. Returns when stopped. */
  async #serve(): Promise<void> {
    const { settings, applicationName, slot } = this.#options;
    const signal = this.#signal;
    await failpointAsync("wal.connect", { signal });
    await using connection = await ReplicationConnection.open(settings, {
      applicationName,
      signal: AbortSignal.any([signal, this.#ending.signal]),
    });
    try {
      let server = await this.#meet(connection);
      for (let more = true; more && !this.#stopping;) {
        const end = await this.#streamOnce(server);
        more = end.kind === "timeline-ended";
        if (end.kind === "timeline-ended") {
          await this.#switchTimeline(connection, end);
          // A standby that was promoted is a primary now, and not where it was met.
          server = await this.#meet(connection);
        }
      }
    } catch (error) {
      if (isDrError(error, "WAL_SLOT_LOST") && !slot.temporary) {
        await dropSlot(connection, slot.name, { signal });
      }
      throw error;
    }
  }

  async #meet(connection: ReplicationConnection): Promise<MetServer> {
    const { place, slot, events } = this.#options;
    const server = await meetServer(connection, { place, slot, events, signal: this.#signal });
    this.#walSegmentBytes = server.walSegmentBytes;
    return server;
  }

  async #streamOnce(server: MetServer): Promise<WalStreamEnd> {
    if (this.#intake !== undefined && (await this.#isOfServer(server, this.#intake))) {
      return await this.#streamFrom(server, this.#intake);
    }
    await this.#leave(this.#intake);
    const { identity, slotLsn } = server;
    const { sealed, place } = this.#options;
    const signal = this.#signal;
    const catalogue = await WalCatalogue.load(sealed, place, { signal });
    const lineage = await this.#lineageOf(server);
    const walSegmentBytes = this.#walSegmentBytes;
    const onlyFromSlot = this.#options.slot.temporary;
    const sides = { catalogue, identity, lineage, walSegmentBytes, slotLsn, onlyFromSlot };
    const points = startingPoints(sides);
    for (const [index, point] of points.entries()) {
      const ahead = await readingStart(sealed, point, { catalogue, walSegmentBytes, signal });
      for (const readFrom of new Set([ahead, point.storeFrom])) {
        const last = index === points.length - 1 && readFrom === point.storeFrom;
        const end = await this.#tryPoint(server, point, { readFrom, last });
        if (end !== undefined) {
          return end;
        }
      }
    }
    throw new Error("assertion failed: the last starting point was tried");
  }

  /** The server's timeline and its ancestors. */
  async #lineageOf({ identity, connection }: MetServer): Promise<readonly LineageStep[]> {
    const { timeline } = identity;
    return lineageOf(
      timeline,
      timeline === 1 ? [] : await this.#fetchHistory(connection, timeline),
    );
  }

  /** False after a failover to a standby that had received less than we hold. */
  async #isOfServer(server: MetServer, intake: WalIntake): Promise<boolean> {
    return (
      server.identity.timeline === intake.timeline || canGoOn(await this.#lineageOf(server), intake)
    );
  }

  /** Ends with a timeline: what arrived is stored, finished segments are published. */
  async #leave(intake: WalIntake | undefined): Promise<void> {
    await intake?.detach();
    if (intake?.failure !== undefined) {
      throw intake.failure;
    }
    await this.#publisher?.drain();
    intake?.close();
    await this.#sink?.close();
    this.#intake = undefined;
  }

  /** Undefined when the server no longer has the WAL of this place. */
  async #tryPoint(
    server: MetServer,
    point: StartingPoint,
    options: { readonly readFrom: Lsn; readonly last: boolean },
  ): Promise<WalStreamEnd | undefined> {
    const { events } = this.#options;
    const { timeline, storeFrom, gap, after } = point;
    if (options.last && gap !== undefined) {
      await events({ kind: "gap", ...gap, cause: "the server no longer has this WAL" });
    }
    if (after !== undefined) {
      const { timeline: from, switchLsn, heldLsn } = after;
      await events({ kind: "timeline-switched", from, to: timeline, switchLsn, heldLsn });
    }
    const place = { timeline, storeFrom, readFrom: options.readFrom };
    const intake = await this.#openIntake({ ...place, reportedLsn: server.slotLsn });
    try {
      return await this.#streamFrom(server, intake);
    } catch (error) {
      const untouched = intake.durableLsn === storeFrom;
      if (isDrError(error, "WAL_SEGMENT_REMOVED") && untouched && !options.last) {
        this.#intake = undefined;
        intake.close();
        await this.#sink?.close();
        return undefined;
      }
      throw error;
    }
  }

  async #openIntake(from: {
    readonly timeline: TimelineId;
    readonly storeFrom: Lsn;
    readonly readFrom: Lsn;
    readonly reportedLsn: Lsn;
  }): Promise<WalIntake> {
    const { sealed, clock, lease, place, partLingerMs, isWaitedFor = () => true } = this.#options;
    const walSegmentBytes = this.#walSegmentBytes;
    const signal = this.#signal;
    const pool = (this.#pool ??= new SegmentMemoryPool(walSegmentBytes));
    const publisher = (this.#publisher ??= this.#openPublisher(pool));
    const { append } = await sealed.store.capabilities({ signal });
    const segments = { timeline: from.timeline, walSegmentBytes };
    const sinkOptions = { sealed, place, epoch: lease.epoch, segments, clock, signal };
    const sink = append
      ? new AppendParts({ ...sinkOptions, isWaitedFor })
      : new PutParts({ ...sinkOptions, lingerMs: partLingerMs });
    this.#sink = sink;
    const parts = { walSegmentBytes, sink, pool, publisher, clock, isWaitedFor };
    this.#intake = new WalIntake({ ...from, ...parts });
    return this.#intake;
  }

  #openPublisher(pool: SegmentMemoryPool): SegmentPublisher {
    const { sealed, place, lease, clock, events } = this.#options;
    return new SegmentPublisher({
      sealed,
      place,
      epoch: lease.epoch,
      clock,
      events,
      signal: this.#signal,
      onDone: ({ memory }) => {
        pool.give(memory);
        this.#intake?.memoryFreed();
      },
      onFailed: (error) => {
        this.#abort.abort(error);
      },
    });
  }

  async #streamFrom(server: MetServer, intake: WalIntake): Promise<WalStreamEnd> {
    const { clock, slot, events } = this.#options;
    const { connection, inRecovery } = server;
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#signal, failed.signal]);
    const { timeline } = intake;
    const startLsn = intake.resumeLsn;
    await events({ kind: "streaming", timeline, fromLsn: startLsn });
    intake.attach({
      inRecovery,
      sendStatus: (status) => this.#stream?.sendStatus(status),
      fail: (error) => {
        failed.abort(error);
      },
    });
    const options = { slot: slot.name, startLsn, timeline, clock, signal };
    this.#stream = WalStream.start(connection, options, intake);
    this.#state = "streaming";
    if (this.#stopping) {
      this.#stream.stop();
    }
    const ticking = setInterval(() => {
      intake.tick();
    }, walStatusIntervalMs);
    try {
      return await this.#stream.done;
    } finally {
      clearInterval(ticking);
      this.#stream = undefined;
    }
  }

  async #fetchHistory(
    connection: ReplicationConnection,
    timeline: TimelineId,
  ): Promise<ReturnType<typeof parseTimelineHistory>> {
    const { sealed, place, lease } = this.#options;
    const signal = this.#signal;
    const { content } = await timelineHistory(connection, timeline, { signal });
    const bytes = Buffer.from(content);
    const history = { place, timeline, content: bytes, epoch: lease.epoch };
    await storeHistory(sealed, history, { signal });
    return parseTimelineHistory(timeline, bytes);
  }

  async #switchTimeline(
    connection: ReplicationConnection,
    end: Extract<WalStreamEnd, { readonly kind: "timeline-ended" }>,
  ): Promise<void> {
    const { events } = this.#options;
    const intake = this.#intake;
    assert(intake !== undefined, "a timeline that ended was being received");
    this.#state = "switching";
    const { nextTimeline: to, nextStartLsn: switchLsn } = end;
    await this.#fetchHistory(connection, to);
    await this.#leave(intake);
    const { timeline: from, durableLsn: heldLsn } = intake;
    await events({ kind: "timeline-switched", from, to, switchLsn, heldLsn });
    const storeFrom = segmentStartAt(switchLsn, this.#walSegmentBytes);
    await this.#openIntake({ timeline: to, storeFrom, readFrom: storeFrom, reportedLsn: heldLsn });
  }
}
