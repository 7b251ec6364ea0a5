import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { isDrError } from "../core/errors.ts";
import { formatLsn, lsnOf, parseLsn } from "../core/lsn.ts";
import { timelineOf } from "../core/wal-name.ts";
import { lineageOf, parseTimelineHistory, stepAt } from "./timeline-history.ts";

const TEXT = `# a comment
1\t0/3000148\tno recovery target specified

10\t1/4FFFFFF8\tat restore point "x\u00e9"
`;

test("L12 a history's ancestors are decimal numbers, and its positions are in order", () => {
  const switches = parseTimelineHistory(timelineOf(11), Buffer.from(TEXT, "latin1"));
  assert.deepEqual(switches, [
    { timeline: 1, switchLsn: parseLsn("0/3000148") },
    { timeline: 10, switchLsn: parseLsn("1/4FFFFFF8") },
  ]);
  const lineage = lineageOf(timelineOf(11), switches);
  assert.equal(stepAt(lineage, parseLsn("0/3000147"))?.timeline, 1);
  assert.equal(stepAt(lineage, parseLsn("0/3000148"))?.timeline, 10);
  assert.equal(stepAt(lineage, parseLsn("1/50000000"))?.timeline, 11);
});

for (const [fact, text] of [
  ["an ancestor that is not older", "3\t0/1\tx"],
  ["positions that go back", "1\t0/20\tx\n2\t0/10\tx"],
  ["an ancestor named twice", "1\t0/10\tx\n1\t0/20\tx"],
  ["no ancestor", "# nothing"],
  ["a line without a position", "1\tx"],
] as const) {
  test(`a history with ${fact} is refused with WAL_HISTORY_INVALID`, () => {
    assert.throws(
      () => parseTimelineHistory(timelineOf(3), Buffer.from(text)),
      (error) =>
        isDrError(error, "WAL_HISTORY_INVALID") &&
        error.message.startsWith("the history of timeline 00000003 is malformed") &&
        error.hint.includes("pg_wal/00000003.history"),
    );
  });
}

test("any history that a server writes is read back, and random bytes are refused or read", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 0xfffffffe }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { minLength: 20, maxLength: 20 }),
      (numbers, positions) => {
        const timelines = numbers.toSorted((a, b) => a - b).map(timelineOf);
        const lsns = positions.toSorted((a, b) => (a < b ? -1 : 1)).map(lsnOf);
        const expected = timelines.map((timeline, index) => ({
          timeline,
          switchLsn: lsns[index] ?? lsnOf(0n),
        }));
        const text = expected
          .map(({ timeline, switchLsn }) => `${timeline}\t${formatLsn(switchLsn)}\treason\n`)
          .join("");
        const parsed = parseTimelineHistory(timelineOf(0xffffffff), Buffer.from(text));
        assert.deepEqual(parsed, expected);
      },
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parseTimelineHistory(timelineOf(9), bytes);
      } catch (error) {
        assert.ok(isDrError(error, "WAL_HISTORY_INVALID"), String(error));
      }
    }),
  );
});
