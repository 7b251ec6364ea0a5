import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { directAppendBytes } from "../core/limits.ts";
import { DirectAppend } from "./direct-append.ts";

function roomyFile(t: TestContext, content: Uint8Array, roomBytes: number): string {
  const directory = mkdtempSync(join(tmpdir(), "pra-append-"));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, "part");
  writeFileSync(path, Buffer.concat([content, Buffer.alloc(roomBytes)]));
  return path;
}

function piece(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 7 + seed * 13 + 1) % 251));
}

test("appends to two files in turn, of any length, leave in each what was appended to it and zeros behind", (t) => {
  const lengths = fc.array(
    fc.tuple(
      fc.boolean(),
      fc.oneof(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 3000, max: 13_000 })),
    ),
    { minLength: 1, maxLength: 25 },
  );
  fc.assert(
    fc.property(lengths, (appends) => {
      const roomBytes = 25 * 13_000 + 8192;
      const starts = [piece(4091, 1), piece(300, 2)];
      const expected = starts.map((start) => [start]);
      const paths = starts.map((start) => roomyFile(t, start, roomBytes));
      const files = paths.map((path, at) => DirectAppend.open(path, starts[at]?.length ?? 0));
      try {
        for (const [index, [second, length]] of appends.entries()) {
          const at = second ? 1 : 0;
          const bytes = piece(length, index);
          // A file system that cannot is another's test.
          if (files[at]?.append(bytes) === true) {
            expected[at]?.push(bytes);
          }
        }
      } finally {
        files.forEach((file) => file?.[Symbol.dispose]());
      }
      for (const [at, path] of paths.entries()) {
        const found = readFileSync(path);
        const wanted = Buffer.concat(expected[at] ?? []);
        assert.ok(found.subarray(0, wanted.length).equals(wanted));
        assert.ok(found.subarray(wanted.length).every((byte) => byte === 0));
      }
    }),
    { numRuns: 25 },
  );
});

test("an append longer than the memory, after another file's, is written whole", (t) => {
  const long = piece(directAppendBytes + 5000, 5);
  const starts = [piece(100, 1), piece(5000, 2)];
  const paths = starts.map((start) => roomyFile(t, start, long.length + 16_384));
  using first = DirectAppend.open(paths[0] ?? "", 100);
  using second = DirectAppend.open(paths[1] ?? "", 5000);
  const appended = (file: DirectAppend | undefined, bytes: Buffer): Buffer =>
    file?.append(bytes) === true ? bytes : Buffer.alloc(0);
  const ofFirst = [appended(first, piece(50, 3))];
  const ofSecond = [appended(second, piece(60, 4))];
  ofFirst.push(appended(first, long));
  ofSecond.push(appended(second, piece(70, 6)));
  const contents = [
    [piece(100, 1), ...ofFirst],
    [piece(5000, 2), ...ofSecond],
  ].map((parts) => Buffer.concat(parts));
  for (const [at, wanted] of contents.entries()) {
    assert.ok(
      readFileSync(paths[at] ?? "")
        .subarray(0, wanted.length)
        .equals(wanted),
    );
  }
});
