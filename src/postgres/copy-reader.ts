/**
 * Cuts the bytes of a server into messages without copying the bulk: the content of CopyData is handed on
 * as views of what the socket delivered, in as many pieces as it arrived in. Other messages are small and
 * are put together first. Nothing unexpected may pass: an unknown type or an absurd length is an error,
 * because from there on every byte would be misread.
 *
 * Follows section 53.1 "Overview" and 53.7 "Message Formats" of PostgreSQL's documentation.
 * Peak memory: one message of at most `serverMessageBytesMax`, besides the socket's buffer.
 */
import { copyMessageBytesMax, serverMessageBytesMax } from "../core/limits.ts";

/** Types of backend messages, by the ASCII code of their letter. */
export const messageType = {
  commandComplete: 0x43, // C
  copyBothResponse: 0x57, // W
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyInResponse: 0x47, // G
  copyOutResponse: 0x48, // H
  dataRow: 0x44, // D
  emptyQuery: 0x49, // I
  errorResponse: 0x45, // E
  notice: 0x4e, // N
  notification: 0x41, // A
  parameterStatus: 0x53, // S
  readyForQuery: 0x5a, // Z
  rowDescription: 0x54, // T
} as const;

const knownTypes: ReadonlySet<number> = new Set(Object.values(messageType));

/** Who takes the messages. Views and bodies are valid during the call only. */
export interface MessageTaker {
  /** A whole message other than CopyData. */
  message(type: number, body: Buffer): void;
  /** A piece of one CopyData: `offset` of its `totalBytes` came before. Never empty, except for an empty message. */
  copyData(view: Buffer, offset: number, totalBytes: number): void;
}

/** Why the bytes are not PostgreSQL's protocol; the connection wraps it. */
export class ProtocolFault extends Error {}

const HEADER_BYTES = 5;
const EMPTY = Buffer.alloc(0);

/**
 * States: `header` (collecting five bytes) → `copy` (handing on CopyData) or `body` (collecting a small
 * message) → `header`. A chunk may end in any of them.
 */
export class MessageReader {
  readonly #taker: MessageTaker;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #type = 0;
  #totalBytes = 0;
  #doneBytes = 0;
  #body: Buffer = EMPTY;

  constructor(taker: MessageTaker) {
    this.#taker = taker;
  }

  /** True between two messages. */
  get idle(): boolean {
    return this.#headerBytes === 0;
  }

  /** Takes what the socket delivered. @throws ProtocolFault; and whatever the taker throws. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headerBytes < HEADER_BYTES) {
        at = this.#takeHeader(chunk, at);
      } else if (this.#type === messageType.copyData) {
        at = this.#takeCopy(chunk, at);
      } else {
        at = this.#takeBody(chunk, at);
      }
    }
  }

  #takeHeader(chunk: Buffer, at: number): number {
    if (this.#headerBytes === 0 && chunk.length - at >= HEADER_BYTES) {
      this.#headerBytes = HEADER_BYTES;
      this.#begin(chunk[at] ?? 0, chunk.readUInt32BE(at + 1));
      return at + HEADER_BYTES;
    }
    const taken = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - at);
    chunk.copy(this.#header, this.#headerBytes, at, at + taken);
    this.#headerBytes += taken;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#begin(this.#header[0] ?? 0, this.#header.readUInt32BE(1));
    }
    return at + taken;
  }

  #begin(type: number, lengthField: number): void {
    const isCopy = type === messageType.copyData;
    const max = isCopy ? copyMessageBytesMax : serverMessageBytesMax;
    if (!knownTypes.has(type)) {
      throw new ProtocolFault(`message type ${type}`);
    }
    if (lengthField < 4 || lengthField - 4 > max) {
      throw new ProtocolFault(`message length ${lengthField} of type ${type}`);
    }
    this.#type = type;
    this.#totalBytes = lengthField - 4;
    this.#doneBytes = 0;
    if (this.#totalBytes === 0) {
      this.#headerBytes = 0;
      if (isCopy) {
        this.#taker.copyData(EMPTY, 0, 0);
      } else {
        this.#taker.message(type, EMPTY);
      }
    }
  }

  #takeCopy(chunk: Buffer, at: number): number {
    const offset = this.#doneBytes;
    const end = Math.min(chunk.length, at + this.#totalBytes - offset);
    this.#doneBytes += end - at;
    if (this.#doneBytes === this.#totalBytes) {
      this.#headerBytes = 0;
    }
    this.#taker.copyData(chunk.subarray(at, end), offset, this.#totalBytes);
    return end;
  }

  #takeBody(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#totalBytes - this.#doneBytes);
    let body = chunk.subarray(at, end);
    if (body.length < this.#totalBytes) {
      if (this.#doneBytes === 0) {
        this.#body = Buffer.allocUnsafe(this.#totalBytes);
      }
      body.copy(this.#body, this.#doneBytes);
      body = this.#body;
    }
    this.#doneBytes += end - at;
    if (this.#doneBytes === this.#totalBytes) {
      this.#headerBytes = 0;
      this.#body = EMPTY;
      this.#taker.message(this.#type, body);
    }
    return end;
  }
}
