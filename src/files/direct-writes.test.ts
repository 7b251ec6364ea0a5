import assert from "node:assert/strict";
import { constants, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { ManualClock, systemClock } from "../core/clock.ts";
import { directWriteRateMin, directWriteTrialBytes } from "../core/limits.ts";
import { allocateBlockMemory } from "../pipeline/block-pass.ts";
import { DirectWrites, DirectlyWrittenFile } from "./direct-writes.ts";

const home = mkdtempSync("/tmp/pra-direct-");
after(() => {
  rmSync(home, { recursive: true, force: true });
});
let made = 0;

function open(writes: DirectWrites): { readonly path: string; readonly file: DirectlyWrittenFile } {
  const path = join(home, `file-${made++}`);
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  return { path, file: new DirectlyWrittenFile(path, fd, writes) };
}

const MEMORY_BYTES = 1 << 20;
const memory = allocateBlockMemory({ blockBytes: 8192, inputBytes: MEMORY_BYTES, shared: false });
const bytes = new Uint8Array(memory.buffer, 0, MEMORY_BYTES);
bytes.forEach((_, at) => {
  bytes[at] = at * 31 + (at >> 12);
});

const pieces = fc.array(
  fc.record({
    from: fc.oneof(
      fc.nat(127).map((page) => page * 4096),
      fc.nat(1000),
    ),
    length: fc.oneof(
      fc.nat(100).map((page) => page * 4096),
      fc.nat(300_000),
    ),
    position: fc.oneof(
      fc.nat(127).map((page) => page * 4096),
      fc.nat(500_000),
    ),
  }),
  { minLength: 1, maxLength: 8 },
);

test("pieces of any length, on any address and position, end where they belong, by whichever way", async (t) => {
  const writes = new DirectWrites(home, systemClock);
  await fc.assert(
    fc.asyncProperty(pieces, async (list) => {
      const { path, file } = open(writes);
      const model = Buffer.alloc(2 * MEMORY_BYTES);
      let end = 0;
      for (const { from, length, position } of list) {
        const piece = bytes.subarray(from, from + length);
        await file.write(piece, position);
        model.set(piece, position);
        end = piece.length === 0 ? end : Math.max(end, position + piece.length);
      }
      file[Symbol.dispose]();
      assert.ok(readFileSync(path).equals(model.subarray(0, end)));
      rmSync(path);
    }),
    { numRuns: 60 },
  );
  t.diagnostic(writes.isUsed ? "past the cache" : "this file system is written through the cache");
});

test("several writes of a file may be under way; it is settled when they have ended", async () => {
  const { path, file } = open(new DirectWrites(home, systemClock));
  const half = MEMORY_BYTES / 2;
  const writing = [file.write(bytes.subarray(half), half), file.write(bytes.subarray(0, half), 0)];
  await file.settled();
  file[Symbol.dispose]();
  assert.ok(readFileSync(path).equals(bytes));
  for (const one of writing) {
    await one;
  }
});

test("memory that the kernel does not take is written through the cache, then and from then on", async () => {
  const writes = new DirectWrites(home, systemClock);
  const { path, file } = open(writes);
  // From the heap of the C library: behind the header of its piece, so never on a page.
  const odd = Buffer.alloc(MEMORY_BYTES, 5);
  await file.write(new Uint8Array(odd.buffer, 0, MEMORY_BYTES), 0);
  assert.equal(writes.isUsed, false);
  assert.equal(file.write(bytes, MEMORY_BYTES), undefined);
  file[Symbol.dispose]();
  assert.ok(readFileSync(path).equals(Buffer.concat([odd, bytes])));
});

test("a disk that takes less than the limit gets the rest through the cache; waiting for others counts once", () => {
  const clock = new ManualClock();
  const trial = (share: number): boolean => {
    const writes = new DirectWrites(home, clock);
    const before = writes.isUsed;
    writes.begin();
    writes.begin();
    const idealMs = (directWriteTrialBytes / directWriteRateMin) * 1000;
    clock.advance(idealMs * share);
    writes.end(directWriteTrialBytes / 2);
    assert.equal(writes.isUsed, before, "judged after the trial only");
    writes.end(directWriteTrialBytes / 2);
    return writes.isUsed || !before;
  };
  assert.equal(trial(0.9), true);
  const onlyCache = !new DirectWrites(home, systemClock).isUsed;
  assert.equal(trial(1.1), onlyCache);
});

test("errors of the operating system reach who waits", async () => {
  const writes = new DirectWrites(home, systemClock);
  const fd = openSync("/dev/full", constants.O_WRONLY);
  const file = new DirectlyWrittenFile("/dev/full", fd, writes);
  await assert.rejects(async () => file.write(bytes, 0), { code: "ENOSPC" });
  await assert.rejects(async () => file.write(bytes.subarray(0, 100), 0), { code: "ENOSPC" });
  file[Symbol.dispose]();
});
