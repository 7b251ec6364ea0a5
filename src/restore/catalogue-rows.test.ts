import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { classRow, mappedFilenodes, nameAt, oidAt, rowsOn } from "./catalogue-rows.ts";

const BLOCK = 8192;

/** A heap page with these rows, as bufpage.h lays it out; `dead` rows have a pointer of another state. */
function pageOf(
  rows: readonly {
    readonly data: Buffer;
    readonly dead?: boolean;
    readonly xmax?: number;
    readonly infomask?: number;
  }[],
): Buffer {
  const page = Buffer.alloc(BLOCK);
  let upper = BLOCK;
  rows.forEach(({ data, dead, xmax = 0, infomask = 0 }, at) => {
    const length = 24 + data.length;
    upper -= Math.ceil(length / 8) * 8;
    page.writeUInt32LE(xmax, upper + 4);
    page.writeUInt16LE(infomask, upper + 20);
    page.writeUInt8(24, upper + 22);
    data.copy(page, upper + 24);
    page.writeUInt32LE(
      (upper | ((dead === true ? 3 : 1) << 15) | (length << 17)) >>> 0,
      24 + at * 4,
    );
  });
  page.writeUInt16LE(24 + rows.length * 4, 12);
  return page;
}

function classOf(major: number): Buffer {
  const row = Buffer.alloc(140);
  row.writeUInt32LE(16_400, 0);
  row.write("orders", 4);
  row.writeUInt32LE(2200, 68);
  row.writeUInt32LE(16_500, 88);
  row.writeUInt32LE(16_403, major >= 18 ? 112 : 108);
  row.write("r", major >= 18 ? 119 : 115);
  return row;
}

test("rows of pg_class are read off a page of every major, dead pointers aside", () => {
  for (const major of [14, 15, 16, 17, 18]) {
    const page = pageOf([{ data: classOf(major) }, { data: classOf(major), dead: true }]);
    const rows = [...rowsOn(page, BLOCK)].map((row) => classRow(row, major));
    assert.deepEqual(rows, [
      { oid: 16_400, name: "orders", namespace: 2200, filenode: 16_500, toast: 16_403, kind: "r" },
    ]);
  }
});

test("of row versions those stand that nobody deleted, replaced or took back, as far as their own headers say", () => {
  const [committed, aborted, lockOnly, xmaxCommitted, xmaxInvalid] = [
    0x0100, 0x0200, 0x0080, 0x0400, 0x0800,
  ];
  for (const [xmax, infomask, isStanding] of [
    [0, 0, true],
    [0, committed | xmaxInvalid, true],
    [0, committed | aborted | xmaxInvalid, true],
    [0, aborted, false],
    [700, committed, false],
    [700, committed | xmaxCommitted, false],
    [700, committed | xmaxInvalid, true],
    [700, committed | lockOnly, true],
  ] as const) {
    const page = pageOf([{ data: classOf(18), xmax, infomask }]);
    assert.equal(
      [...rowsOn(page, BLOCK, "standing")].length,
      isStanding ? 1 : 0,
      `${xmax} ${infomask}`,
    );
    assert.equal([...rowsOn(page, BLOCK)].length, 1);
  }
});

test("a page of any bytes gives rows within it or none, and never throws", () => {
  const bytes = fc.uint8Array({ minLength: BLOCK, maxLength: BLOCK });
  fc.assert(
    fc.property(bytes, (page) => {
      for (const row of rowsOn(Buffer.from(page), BLOCK)) {
        assert.ok(row.length <= BLOCK);
        assert.ok(oidAt(row, 0) >= 0);
        assert.equal(typeof nameAt(row, 4), "string");
        classRow(row, 18);
      }
    }),
    { numRuns: 50 },
  );
});

test("a map of files is read, and what is none gives nothing", () => {
  const map = Buffer.alloc(512);
  map.writeInt32LE(0x592717, 0);
  map.writeInt32LE(2, 4);
  map.writeUInt32LE(1259, 8);
  map.writeUInt32LE(16_600, 12);
  map.writeUInt32LE(1249, 16);
  map.writeUInt32LE(1249, 20);
  assert.deepEqual(
    [...mappedFilenodes(map)],
    [
      [1259, 16_600],
      [1249, 1249],
    ],
  );
  map.writeInt32LE(0x7fffffff, 4);
  assert.ok(mappedFilenodes(map).size <= 63, "a wrong count ends with the map");
  assert.equal(mappedFilenodes(Buffer.alloc(512)).size, 0);
  assert.equal(mappedFilenodes(undefined).size, 0);
});
