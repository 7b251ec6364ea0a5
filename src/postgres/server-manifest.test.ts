import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { collectGarbage } from "../../tests/support/collect-garbage.ts";
import { ManifestKeeper } from "./server-manifest.ts";

test("a manifest comes out byte for byte as it came, however it was cut, and more than once", () => {
  const sizes = fc.array(fc.nat({ max: 90_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.nat(), (lengths, seed) => {
      const keeper = new ManifestKeeper();
      const whole = Buffer.from(
        Array.from({ length: lengths.reduce((a, b) => a + b, 0) }, (_, n) => (n * seed) % 97),
      );
      const view = Buffer.alloc(90_000);
      let at = 0;
      for (const length of lengths) {
        whole.copy(view, 0, at, at + length);
        keeper.add(view.subarray(0, length));
        view.fill(0xff);
        at += length;
      }
      assert.equal(keeper.sizeBytes, whole.length);
      for (let round = 0; round < 2; round++) {
        const pieces = Array.from(keeper.pieces(), (piece) => Buffer.from(piece));
        assert.ok(pieces.every((piece) => piece.length <= 65_536));
        assert.deepEqual(Buffer.concat(pieces), whole);
      }
    }),
    { numRuns: 15 },
  );
});

test("a manifest of 200,000 files is kept in a third of its bytes or less", async () => {
  const keeper = new ManifestKeeper();
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let file = 0; file < 200_000; file++) {
    const crc = ((file * 2_654_435_761) >>> 0).toString(16).padStart(8, "0");
    const line = `{ "Path": "base/5/${100_000 + file}", "Size": 8192, "Last-Modified": "2026-11-22 16:00:00 GMT", "Checksum-Algorithm": "CRC32C", "Checksum": "${crc}" },\n`;
    keeper.add(Buffer.from(line));
  }
  // What the compressor used goes in the next turn.
  await setImmediate();
  collectGarbage();
  const used = process.memoryUsage().arrayBuffers - before;
  assert.ok(keeper.sizeBytes > 25_000_000);
  assert.ok(used < keeper.sizeBytes / 3, `${used} of ${keeper.sizeBytes}`);
});
