/**
 * A socket that reads into one buffer again and again. A stream of gigabytes otherwise costs a fresh
 * 64 KiB buffer a read, and the time to clear and collect them. Until the connection is authenticated the
 * pieces are copied and sent out as ordinary `data` events, because `pg` keeps what it is given; after
 * `takeOver` they are views of the one buffer, valid during the call only.
 *
 * Not for TLS, whose plain text has its own buffers. Peak memory: `connectionReadBufferBytes`.
 */
import { Socket } from "node:net";
import { connectionReadBufferBytes } from "../core/limits.ts";

/** The socket, and who takes its bytes. */
export class BulkSocket {
  readonly socket: Socket;
  #taker: ((view: Buffer) => void) | undefined;

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(connectionReadBufferBytes);
    this.socket = new Socket({
      onread: {
        buffer,
        callback: (length) => {
          this.#read(buffer.subarray(0, length));
          return true;
        },
      },
    });
  }

  /** From now on `taker` gets the bytes, as views. */
  takeOver(taker: (view: Buffer) => void): void {
    this.#taker = taker;
    this.socket.resume();
  }

  #read(view: Buffer): void {
    if (this.#taker === undefined) {
      this.socket.emit("data", Buffer.from(view));
    } else {
      this.#taker(view);
    }
  }
}
