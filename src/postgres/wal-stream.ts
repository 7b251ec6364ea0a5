/**
 * WAL as the server sends it, over a replication connection. This class moves bytes and positions; what
 * is durable, and when the server may be told so, is for the caller to know: nothing here ever confirms a
 * position by itself, because a slot that moves too far is lost WAL (promise 2).
 *
 * States: `starting` → `streaming` → either `timeline ended` (the server sent CopyDone: another timeline
 * goes on from a stated position), or `stopped` (we sent CopyDone and the server agreed), or an error.
 *
 * Follows section 53.4 "Streaming Replication Protocol" (START_REPLICATION) of PostgreSQL's documentation
 * and src/backend/replication/walsender.c.
 * Peak memory: one socket buffer; a message's header when it is split.
 */
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { addToLsn, formatLsn, type Lsn, lsnOf, parseLsn } from "../core/lsn.ts";
import { type TimelineId, timelineOf } from "../core/wal-name.ts";
import { ProtocolFault } from "./copy-reader.ts";
import { streamRefusal } from "./replication-commands.ts";
import {
  type CommandHandler,
  quoteIdentifier,
  type ReplicationConnection,
} from "./replication-connection.ts";
import type { TextRow } from "./server-message.ts";

/** Where to begin. Without a slot the server may remove WAL before it is sent. */
export type WalStreamOptions = {
  readonly slot?: string;
  readonly startLsn: Lsn;
  readonly timeline: TimelineId;
  /** Dates the statuses that are sent. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** What the server says of itself with every message. */
export type ServerPosition = {
  /** With WAL: the end of what it had flushed when it read this piece. In a keepalive: the end of what it had sent. */
  readonly endLsn: Lsn;
  /** Its clock when it sent the message, in microseconds since 2000; always later than it looked at `endLsn`. */
  readonly timeMicros: bigint;
};

/** Who takes the WAL. Everything is called synchronously, in order. */
export interface WalTaker {
  /**
   * A piece of WAL that begins at `startLsn`; valid during the call only. A message may come in several pieces, all
   * with the same `server`. Pieces follow each other without a gap.
   */
  onWal(bytes: Uint8Array, startLsn: Lsn, server: ServerPosition): void;
  /** The server is alive. When it wants a reply, send a status soon: it drops those who do not. */
  onKeepalive(server: ServerPosition, options: { readonly replyRequested: boolean }): void;
  /** After each piece the socket delivered, a good moment to flush and report; a promise holds the socket. */
  onBatch?(): Promise<void> | undefined;
  /** A NOTICE or WARNING, in the server's words. */
  onNotice?(text: string): void;
}

/** How a stream ended without an error. */
export type WalStreamEnd =
  | {
      readonly kind: "timeline-ended";
      readonly nextTimeline: TimelineId;
      /** Where the next timeline leaves this one. */
      readonly nextStartLsn: Lsn;
    }
  | { readonly kind: "stopped" };

/** Positions to report. They must never lie beyond what is durable. */
export type WalStatus = {
  readonly write: Lsn;
  readonly flush: Lsn;
  readonly apply: Lsn;
  /** Ask the server for a sign of life. */
  readonly replyRequested: boolean;
};

const WAL_HEADER_BYTES = 25;
const KEEPALIVE_BYTES = 18;
const STATUS_BYTES = 34;
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);
const kind = { wal: 0x77, keepalive: 0x6b, status: 0x72 } as const;

class MessageTaker implements CommandHandler {
  readonly #taker: WalTaker;
  readonly #onCopyEnd: () => void;
  readonly #head = new Uint8Array(WAL_HEADER_BYTES);
  readonly #headView = new DataView(this.#head.buffer);
  #kind = 0;
  #server: ServerPosition = { endLsn: lsnOf(0n), timeMicros: 0n };
  /** Where the next byte of the present message belongs. */
  #lsn: Lsn = lsnOf(0n);
  /** Where the next message must begin. */
  #expected: Lsn;
  streaming = false;
  next: TextRow | undefined;

  constructor(taker: WalTaker, startLsn: Lsn, onCopyEnd: () => void) {
    this.#taker = taker;
    this.#expected = startLsn;
    this.#onCopyEnd = onCopyEnd;
  }

  copyBegin(): void {
    this.streaming = true;
  }

  copyEnd(): void {
    this.#onCopyEnd();
  }

  row(row: TextRow): void {
    this.next = row;
  }

  notice(message: { readonly text: string }): void {
    this.#taker.onNotice?.(message.text);
  }

  pressure(): Promise<void> | undefined {
    return this.#taker.onBatch?.();
  }

  copyData(view: Buffer, offset: number, totalBytes: number): void {
    if (offset === 0) {
      this.#kind = view[0] ?? 0;
    }
    switch (this.#kind) {
      case kind.wal:
        this.#wal(view, offset, totalBytes);
        return;
      case kind.keepalive:
        this.#keepalive(view, offset, totalBytes);
        return;
      default:
        throw new ProtocolFault(`a WAL message of kind ${this.#kind}`);
    }
  }

  #wal(view: Buffer, offset: number, totalBytes: number): void {
    let piece = view;
    if (offset < WAL_HEADER_BYTES) {
      if (totalBytes < WAL_HEADER_BYTES) {
        throw new ProtocolFault(`a WAL message of ${totalBytes} bytes`);
      }
      const taken = Math.min(WAL_HEADER_BYTES - offset, view.length);
      this.#takeHead(view, offset, taken);
      if (offset + taken < WAL_HEADER_BYTES) {
        return;
      }
      this.#beginWal();
      piece = view.subarray(taken);
    }
    if (piece.length > 0) {
      const lsn = this.#lsn;
      this.#lsn = addToLsn(lsn, piece.length);
      this.#expected = this.#lsn;
      this.#taker.onWal(piece, lsn, this.#server);
    }
  }

  /** A loop, because for so few bytes a copy by `Buffer` takes longer. */
  #takeHead(view: Buffer, offset: number, length: number): void {
    for (let at = 0; at < length; at++) {
      this.#head[offset + at] = view[at] ?? 0;
    }
  }

  #beginWal(): void {
    this.#lsn = lsnOf(this.#headView.getBigUint64(1));
    this.#server = this.#serverAt(9);
    if (this.#lsn !== this.#expected) {
      throw new ProtocolFault(
        `WAL from ${formatLsn(this.#lsn)} where ${formatLsn(this.#expected)} follows`,
      );
    }
  }

  #keepalive(view: Buffer, offset: number, totalBytes: number): void {
    if (totalBytes !== KEEPALIVE_BYTES) {
      throw new ProtocolFault(`a keepalive of ${totalBytes} bytes`);
    }
    this.#takeHead(view, offset, view.length);
    if (offset + view.length === KEEPALIVE_BYTES) {
      this.#taker.onKeepalive(this.#serverAt(1), { replyRequested: this.#head[17] === 1 });
    }
  }

  #serverAt(offset: number): ServerPosition {
    return {
      endLsn: lsnOf(this.#headView.getBigUint64(offset)),
      timeMicros: this.#headView.getBigInt64(offset + 8),
    };
  }
}

/** A running stream. `done` settles once; every way out goes through it. */
export class WalStream {
  readonly #connection: ReplicationConnection;
  readonly #receiver: MessageTaker;
  readonly #clock: Clock;
  /** The newest status, copied by whoever sends it. */
  readonly #status = new Uint8Array(STATUS_BYTES);
  readonly #statusView = new DataView(this.#status.buffer);
  #copyDoneSent = false;
  #stopping = false;
  /** How it ends. Rejects with DrError `WAL_*`, `PG_CONNECTION_LOST`, `PG_SHUTTING_DOWN`, or the abort reason. */
  readonly done: Promise<WalStreamEnd>;

  private constructor(
    connection: ReplicationConnection,
    options: WalStreamOptions,
    taker: WalTaker,
  ) {
    this.#connection = connection;
    this.#clock = options.clock;
    this.#receiver = new MessageTaker(taker, options.startLsn, () => {
      this.#sendCopyDone();
    });
    this.done = this.#run(options);
    // Whoever waits for `done` is told; a caller that failed before it could wait must not end the process.
    this.done.catch(() => undefined);
  }

  /**
   * Begins to stream; errors come through `done`, the server's refusal included. Aborting destroys the
   * connection; a slot keeps its position. @see WalStream.done
   */
  static start(
    connection: ReplicationConnection,
    options: WalStreamOptions,
    taker: WalTaker,
  ): WalStream {
    return new WalStream(connection, options, taker);
  }

  async #run(options: WalStreamOptions): Promise<WalStreamEnd> {
    const { slot, startLsn, timeline, signal } = options;
    const slotPart = slot === undefined ? "" : `SLOT ${quoteIdentifier(slot)} `;
    const command = `START_REPLICATION ${slotPart}PHYSICAL ${formatLsn(startLsn)} TIMELINE ${timeline}`;
    const error = await this.#connection.run(command, this.#receiver, { signal });
    if (error !== undefined) {
      throw streamRefusal(this.#connection, error, slot);
    }
    const [nextTimeline, nextStart] = this.#receiver.next ?? [];
    if (typeof nextTimeline === "string" && typeof nextStart === "string") {
      return {
        kind: "timeline-ended",
        nextTimeline: timelineOf(Number(nextTimeline)),
        nextStartLsn: parseLsn(nextStart),
      };
    }
    if (!this.#stopping) {
      throw new DrError("WAL_STREAM_REFUSED", { sqlstate: "00000", text: "no next timeline" });
    }
    return { kind: "stopped" };
  }

  /** Reports positions to the server; quietly nothing when the stream has ended. */
  sendStatus(status: WalStatus): void {
    if (!this.#receiver.streaming || this.#copyDoneSent) {
      return;
    }
    const view = this.#statusView;
    view.setUint8(0, kind.status);
    view.setBigUint64(1, status.write);
    view.setBigUint64(9, status.flush);
    view.setBigUint64(17, status.apply);
    view.setBigInt64(25, BigInt((this.#clock.now() - POSTGRES_EPOCH_MS) * 1000));
    view.setUint8(33, status.replyRequested ? 1 : 0);
    this.#connection.sendCopyData(this.#status);
  }

  /** Takes nothing more until `resume`. The server drops a receiver silent for `wal_sender_timeout`. */
  pause(): void {
    this.#connection.pause();
  }

  /** Undoes one `pause`. */
  resume(): void {
    this.#connection.resume();
  }

  /** Asks the server to end the stream; WAL already on its way still arrives. Then wait for `done`. */
  stop(): void {
    this.#stopping = true;
    this.#sendCopyDone();
  }

  #sendCopyDone(): void {
    if (!this.#copyDoneSent) {
      this.#copyDoneSent = true;
      this.#connection.sendCopyDone();
    }
  }
}
