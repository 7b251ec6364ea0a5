/**
 * A connection in replication mode. `pg` connects, authenticates and does TLS; then this class takes the
 * socket over, so that gigabytes of backup or WAL pass as views of what the socket delivered instead of
 * one event and one copy a message.
 *
 * States: `idle` → `run` sends a command → messages go to the command's handler → ReadyForQuery → `idle`;
 * from any state → `closed` by abort, a broken socket, a protocol fault or an exception of the handler.
 * An end of the socket before ReadyForQuery is always an error: nothing cut short may look complete.
 *
 * Follows section 53.4 "Streaming Replication Protocol" of PostgreSQL's documentation.
 * Peak memory: the socket's buffer (256 KiB; with TLS 64 KiB) and one small message; a paused socket holds
 * back the server.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { assert } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { BulkSocket } from "./bulk-socket.ts";
import { type ConnectionPurpose, errorOfFault } from "./connection-errors.ts";
import { type ConnectionSettings, placeOf } from "./connection-settings.ts";
import { MessageReader, messageType, ProtocolFault } from "./copy-reader.ts";
import { openConnection } from "./open-connection.ts";
import {
  parseCommandTag,
  parseDataRow,
  parseServerMessage,
  type ServerMessage,
  type TextRow,
} from "./server-message.ts";

/** What a command's answer may consist of. Everything is called synchronously, in order of arrival. */
export interface CommandHandler {
  /** A row; `resultSet` counts from 0. */
  row?(row: TextRow, resultSet: number): void;
  /** The server begins to send (`out`), or to send and receive (`both`). */
  copyBegin?(direction: "out" | "both"): void;
  /** As `MessageTaker.copyData`; the view is valid during the call only. */
  copyData?(view: Buffer, offset: number, totalBytes: number): void;
  /** The server's CopyDone. */
  copyEnd?(): void;
  /** A NOTICE or WARNING. */
  notice?(message: ServerMessage): void;
  /** One CommandComplete. */
  complete?(tag: string): void;
  /** After each piece the socket delivered: a promise holds the socket until it resolves. */
  pressure?(): Promise<void> | undefined;
}

type Running = {
  readonly handler: CommandHandler;
  readonly settle: (outcome: ServerMessage | undefined) => void;
  readonly fail: (error: unknown) => void;
  resultSet: number;
  error: ServerMessage | undefined;
};

function queryMessage(text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const message = Buffer.alloc(1 + 4 + bytes + 1);
  message.write("Q", 0, "latin1");
  message.writeUInt32BE(4 + bytes + 1, 1);
  message.write(text, 5);
  return message;
}

/** A string literal of the replication grammar. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An identifier of the replication grammar. */
export function quoteIdentifier(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** An open replication connection. One command at a time. Use `await using`, or call `close`. */
export class ReplicationConnection implements AsyncDisposable {
  readonly #socket: Duplex;
  readonly #purpose: ConnectionPurpose;
  readonly #reader: MessageReader;
  #running: Running | undefined;
  #holds = 0;
  /** Why the connection cannot be used any more. */
  #closedBy: unknown;

  private constructor(socket: Duplex, bulk: BulkSocket | undefined, purpose: ConnectionPurpose) {
    this.#socket = socket;
    this.#purpose = purpose;
    this.#reader = new MessageReader({
      message: (type, body) => {
        this.#take(type, body);
      },
      copyData: (view, offset, totalBytes) => {
        this.#running?.handler.copyData?.(view, offset, totalBytes);
      },
    });
    socket.removeAllListeners("data");
    const read = (chunk: Buffer): void => {
      this.#read(chunk);
    };
    if (bulk === undefined) {
      socket.on("data", read);
    } else {
      bulk.takeOver(read);
    }
    socket.on("error", (error: Error) => {
      const reason = "code" in error ? String(error.code) : error.message;
      this.#end(this.#lost(reason, error));
    });
    socket.on("close", () => {
      this.#end(this.#lost("the server closed the connection", undefined));
    });
  }

  /** Opens a connection for physical replication. @throws as `openConnection`. */
  static async open(
    settings: ConnectionSettings,
    options: { readonly applicationName: string; readonly signal: AbortSignal },
  ): Promise<ReplicationConnection> {
    const { database } = settings;
    const made: BulkSocket[] = [];
    const plainSocket = (): Socket => {
      const bulk = new BulkSocket();
      made.push(bulk);
      return bulk.socket;
    };
    const purpose = { settings, database, replication: true };
    const client = await openConnection(settings, { ...options, ...purpose, plainSocket });
    const { stream } = client.connection;
    const bulk = made.find(({ socket }) => socket === stream);
    return new ReplicationConnection(stream, bulk, purpose);
  }

  /** What the connection is for; errors name it. */
  get purpose(): ConnectionPurpose {
    return this.#purpose;
  }

  /**
   * Sends one command and hands its answer to `handler`. Resolves when the server is ready again: with
   * undefined, or with the server's error, which the caller judges. Aborting destroys the socket and
   * rejects with the signal's reason; the server notices when it next sends. An exception of the handler
   * destroys the socket too and is what the promise rejects with.
   * @throws DrError `PG_CONNECTION_LOST`, `PG_PROTOCOL`.
   */
  run(
    command: string,
    handler: CommandHandler,
    options: { readonly signal: AbortSignal },
  ): Promise<ServerMessage | undefined> {
    const { signal } = options;
    assert(this.#running === undefined, "a replication connection runs one command at a time");
    if (signal.aborted) {
      return Promise.reject(signal.reason);
    }
    if (this.#closedBy !== undefined) {
      return Promise.reject(this.#closedBy);
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#end(signal.reason);
      };
      const done = (): void => {
        signal.removeEventListener("abort", abort);
        this.#running = undefined;
      };
      this.#running = {
        handler,
        resultSet: -1,
        error: undefined,
        settle: (outcome) => {
          done();
          resolve(outcome);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#socket.write(queryMessage(command));
    });
  }

  /** Runs a command that answers with rows. @throws the server's error as `errorOfFault`; as `run`. */
  async rows(
    command: string,
    options: { readonly signal: AbortSignal },
  ): Promise<readonly TextRow[]> {
    const rows: TextRow[] = [];
    const error = await this.run(command, { row: (row) => rows.push(row) }, options);
    if (error !== undefined) {
      throw errorOfFault(error, this.#purpose, { connecting: false });
    }
    return rows;
  }

  /** Sends a CopyData message. */
  sendCopyData(body: Uint8Array): void {
    const message = Buffer.allocUnsafe(5 + body.length);
    message[0] = messageType.copyData;
    message.writeUInt32BE(4 + body.length, 1);
    message.set(body, 5);
    this.#send(message);
  }

  /** Ends our side of a copy in both directions. */
  sendCopyDone(): void {
    this.#send(Buffer.from([messageType.copyDone, 0, 0, 0, 4]));
  }

  /** Takes nothing more from the server until `resume`; calls count. */
  pause(): void {
    this.#holds++;
    this.#socket.pause();
  }

  /** Undoes one `pause`. */
  resume(): void {
    assert(this.#holds > 0, "resume follows pause");
    this.#holds--;
    if (this.#holds === 0) {
      this.#socket.resume();
    }
  }

  #send(message: Buffer): void {
    if (this.#closedBy === undefined) {
      this.#socket.write(message);
    }
  }

  #read(chunk: Buffer): void {
    if (this.#closedBy !== undefined) {
      return;
    }
    try {
      this.#reader.push(chunk);
      const hold = this.#running?.handler.pressure?.();
      if (hold !== undefined) {
        this.pause();
        hold.then(
          () => {
            this.resume();
          },
          (error: unknown) => {
            this.#end(error);
          },
        );
      }
    } catch (error) {
      const where = placeOf(this.#purpose.settings);
      this.#end(
        error instanceof ProtocolFault
          ? new DrError("PG_PROTOCOL", { where, fact: error.message })
          : error,
      );
    }
  }

  #take(type: number, body: Buffer): void {
    const running = this.#running;
    switch (type) {
      case messageType.notice:
        running?.handler.notice?.(parseServerMessage(body));
        return;
      case messageType.errorResponse:
        this.#takeError(parseServerMessage(body));
        return;
      case messageType.parameterStatus:
      case messageType.notification:
        return;
      default:
        if (running === undefined) {
          throw new ProtocolFault(`message type ${type} without a command`);
        }
        this.#takeAnswer(running, type, body);
    }
  }

  #takeError(error: ServerMessage): void {
    if (this.#running === undefined) {
      // Between commands: the server says why it is about to close.
      this.#end(errorOfFault(error, this.#purpose, { connecting: false }));
      return;
    }
    this.#running.error ??= error;
  }

  #takeAnswer(running: Running, type: number, body: Buffer): void {
    const { handler } = running;
    switch (type) {
      case messageType.rowDescription:
        running.resultSet++;
        return;
      case messageType.dataRow: {
        const row = parseDataRow(body);
        if (row === undefined) {
          throw new ProtocolFault("a malformed row");
        }
        handler.row?.(row, running.resultSet);
        return;
      }
      case messageType.commandComplete:
        handler.complete?.(parseCommandTag(body));
        return;
      case messageType.copyOutResponse:
        handler.copyBegin?.("out");
        return;
      case messageType.copyBothResponse:
        handler.copyBegin?.("both");
        return;
      case messageType.copyDone:
        handler.copyEnd?.();
        return;
      case messageType.readyForQuery:
        running.settle(running.error);
        return;
      case messageType.emptyQuery:
        return;
      default:
        throw new ProtocolFault(`message type ${type} in an answer`);
    }
  }

  #lost(reason: string, cause: Error | undefined): DrError {
    const fatal = this.#running?.error;
    if (fatal !== undefined) {
      return errorOfFault(fatal, this.#purpose, { connecting: false });
    }
    const where = placeOf(this.#purpose.settings);
    return new DrError("PG_CONNECTION_LOST", { where, reason }, { cause });
  }

  #end(error: unknown): void {
    if (this.#closedBy === undefined) {
      this.#closedBy = error;
      this.#socket.destroy();
      this.#running?.fail(error);
    }
  }

  /** Ends the connection; a running command rejects. Never throws. */
  async close(): Promise<void> {
    if (!this.#socket.destroyed) {
      const closed = new Promise<void>((resolve) => {
        this.#socket.once("close", () => {
          resolve();
        });
      });
      if (this.#running === undefined && this.#closedBy === undefined) {
        this.#socket.write(Buffer.from([0x58, 0, 0, 0, 4]));
        this.#socket.end();
        this.#closedBy = this.#lost("closed by us", undefined);
        this.#socket.resume();
        const timer = setTimeout(() => this.#socket.destroy(), 1000);
        await closed;
        clearTimeout(timer);
        return;
      }
      this.#end(this.#lost("closed by us", undefined));
      await closed;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
