import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lsnOf, parseLsn } from "./lsn.ts";
import {
  formatTimeline,
  parseTimeline,
  segmentAt,
  segmentStartAt,
  startOfSegment,
  timelineOf,
  timelineOfSegment,
} from "./wal-name.ts";

const MIB = 1 << 20;

test("L12 timelines of ten and more are hexadecimal in every name", () => {
  assert.equal(formatTimeline(timelineOf(10)), "0000000A");
  assert.equal(parseTimeline("0000001F"), 31);
  assert.equal(segmentAt(timelineOf(26), parseLsn("0/3000000"), 16 * MIB).slice(0, 8), "0000001A");
});

test("a segment's name and start agree for every segment size", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 0xffffffff }),
      fc.bigInt({ min: 0n, max: (1n << 60n) - 1n }),
      fc.integer({ min: 20, max: 30 }),
      (timeline, offset, sizeBits) => {
        const size = 2 ** sizeBits;
        const name = segmentAt(timelineOf(timeline), lsnOf(offset), size);
        assert.match(name, /^[0-9A-F]{24}$/);
        assert.equal(startOfSegment(name, size), segmentStartAt(lsnOf(offset), size));
        assert.equal(timelineOfSegment(name), timeline);
      },
    ),
  );
});

test("the log number rolls over after 4 GiB of WAL", () => {
  assert.equal(segmentAt(timelineOf(1), parseLsn("1/0"), 16 * MIB), "000000010000000100000000");
  assert.equal(
    segmentAt(timelineOf(1), parseLsn("0/FFFFFFFF"), 16 * MIB),
    "0000000100000000000000FF",
  );
});
