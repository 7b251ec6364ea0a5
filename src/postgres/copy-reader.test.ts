import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MessageReader, ProtocolFault } from "./copy-reader.ts";
import { parseDataRow, parseServerMessage } from "./server-message.ts";

type Message = { readonly type: string; readonly body: Buffer };

function encode(message: Message): Buffer {
  const header = Buffer.alloc(5);
  header.write(message.type, 0, "latin1");
  header.writeUInt32BE(4 + message.body.length, 1);
  return Buffer.concat([header, message.body]);
}

/** Reads the chunks, and puts the pieces of each CopyData together again. */
function readAll(chunks: readonly Buffer[]): { messages: Message[]; idle: boolean } {
  const messages: Message[] = [];
  let pieces: Buffer[] = [];
  const reader = new MessageReader({
    message: (type, body) =>
      messages.push({ type: String.fromCharCode(type), body: Buffer.from(body) }),
    copyData: (view, offset, totalBytes) => {
      assert.equal(offset, Buffer.concat(pieces).length);
      pieces.push(Buffer.from(view));
      if (offset + view.length === totalBytes) {
        messages.push({ type: "d", body: Buffer.concat(pieces) });
        pieces = [];
      }
    },
  });
  for (const chunk of chunks) {
    reader.push(chunk);
  }
  return { messages, idle: reader.idle };
}

test("messages are the same however the socket cut them", () => {
  const message = fc.record({
    type: fc.constantFrom("d", "c", "E", "N", "T", "D", "C", "Z", "H", "W", "S"),
    body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.array(fc.nat(20), { maxLength: 80 }),
      (sent, cuts) => {
        const stream = Buffer.concat(sent.map(encode));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const length of cuts) {
          chunks.push(stream.subarray(at, at + length));
          at += length;
        }
        chunks.push(stream.subarray(at));
        const { messages, idle } = readAll(chunks);
        assert.deepEqual(
          messages.map(({ type, body }) => [type, body.toString("hex")]),
          sent.map(({ type, body }) => [type, body.toString("hex")]),
        );
        assert.ok(idle);
      },
    ),
  );
});

test("CopyData is handed on as views of the chunk, not as copies", () => {
  const chunk = encode({ type: "d", body: Buffer.from("hello") });
  const reader = new MessageReader({
    message: () => undefined,
    copyData: (view) => {
      assert.equal(view.buffer, chunk.buffer);
    },
  });
  reader.push(chunk);
});

test("an unknown type, a length below four and an absurd length are faults, never skipped", () => {
  for (const bytes of [
    [0x78, 0, 0, 0, 4],
    [0x64, 0, 0, 0, 3],
    [0x64, 0xff, 0xff, 0xff, 0xff],
    [0x45, 0x7f, 0, 0, 0],
  ]) {
    assert.throws(() => readAll([Buffer.from(bytes)]), ProtocolFault);
  }
});

test("a message cut short leaves the reader not idle", () => {
  const whole = encode({ type: "C", body: Buffer.from("SELECT\0") });
  assert.equal(readAll([whole.subarray(0, 3)]).idle, false);
  assert.equal(readAll([whole.subarray(0, 8)]).idle, false);
});

test("an error's fields are read, with the severity that is never translated", () => {
  const body = Buffer.from("SERREUR\0VERROR\0CXX001\0Mchecksum\0Rperform_base_backup\0\0");
  assert.deepEqual(parseServerMessage(body), {
    severity: "ERROR",
    sqlstate: "XX001",
    text: "checksum",
    detail: undefined,
    hint: undefined,
    routine: "perform_base_backup",
  });
});

test("reading an error or a row of any bytes never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      parseServerMessage(Buffer.from(bytes));
      parseDataRow(Buffer.from(bytes));
    }),
  );
});

test("a row keeps NULL apart from empty text, and a malformed one is undefined", () => {
  const row = Buffer.from([0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  assert.deepEqual(parseDataRow(row), [null, ""]);
  assert.equal(parseDataRow(row.subarray(0, 9)), undefined);
  assert.equal(parseDataRow(Buffer.concat([row, row])), undefined);
});
