import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lsnOf } from "../core/lsn.ts";
import { parseObjectId } from "../core/object-id.ts";
import { segmentAt, timelineOf } from "../core/wal-name.ts";
import {
  clusterNameOf,
  incarnationIdBytes,
  incarnationNameOf,
  kindOfName,
  ledgerWriterNameOf,
  objectKey,
  parseObjectKey,
  partPrefix,
  rootPrefix,
  systemIdentifierOf,
  timelinePrefix,
  tryParseObjectKey,
  type ObjectName,
} from "./object-names.ts";
import { checkedKey } from "./object-store.ts";

const cluster = clusterNameOf("main");
const incarnation = incarnationNameOf(0x6aaabbbbccccddddn, new Uint8Array(16).fill(0xab));
const place = { cluster, incarnation };
const id = parseObjectId("0192a4b7c5d0000000000000000000fe");
const segment = segmentAt(timelineOf(0x1a), lsnOf(0x1_2300_0000n), 1 << 24);
const base = `clusters/main/6aaabbbbccccdddd-${"ab".repeat(16)}`;

test("every kind of name is what docs/format.md says", () => {
  const writer = ledgerWriterNameOf(new Uint8Array(32).fill(0xcd), id);
  const names: readonly (readonly [ObjectName, string])[] = [
    [{ type: "format", number: 1 }, "format/00000001"],
    [{ type: "keySlot", generation: 1, slot: "recovery" }, "keys/0001/recovery"],
    [
      { type: "lease", cluster, purpose: "wal", epoch: 7, renewal: 12 },
      "leases/main/wal/00000007/00000012",
    ],
    [{ type: "pin", id }, `pins/${id}`],
    [{ type: "pinReleased", id }, `pins/${id}.released`],
    [{ type: "condemn", id }, `condemned/${id}`],
    [{ type: "hold", cluster, backup: id, number: 3 }, `holds/main/${id}/00000003`],
    [
      { type: "settings", host: "0a".repeat(16), number: 7 },
      `settings/${"0a".repeat(16)}/00000007`,
    ],
    [{ type: "sign", cluster, number: 7 }, "signs/main/00000007"],
    [{ type: "report", cluster, id }, `reports/main/202410/${id}`],
    [{ type: "ledger", writer, sequence: 3 }, `ledger/cdcdcdcdcdcdcdcd-${id}/000000000003`],
    [{ ...place, type: "identity", number: 2 }, `${base}/identity/00000002`],
    [{ ...place, type: "root", id }, `${base}/backups/202410/${id}`],
    [{ ...place, type: "pack", id }, `${base}/packs/fe/${id}`],
    [{ ...place, type: "map", id }, `${base}/maps/fe/${id}`],
    [{ ...place, type: "dump", id }, `${base}/dumps/202410/${id}`],
    [
      { ...place, type: "walSegment", segment },
      `${base}/wal/0000001A/00000001/0000001A0000000100000023`,
    ],
    [
      { ...place, type: "walIndex", segment },
      `${base}/wal/0000001A/index/00000001/0000001A0000000100000023`,
    ],
    [
      { ...place, type: "walPart", segment, startLsn: lsnOf(0x1_2300_1000n), epoch: 4 },
      `${base}/wal/0000001A/00000001/0000001A0000000100000023.part/0000000123001000-00000004`,
    ],
    [
      { ...place, type: "history", timeline: timelineOf(0x1a) },
      `${base}/wal/0000001A/0000001A.history`,
    ],
    [
      { ...place, type: "walConflict", segment, id },
      `${base}/conflicts/0000001A0000000100000023-${id}`,
    ],
  ];
  for (const [name, key] of names) {
    assert.equal(objectKey(name), key);
    assert.deepEqual(parseObjectKey(key), name);
    assert.equal(checkedKey(key), key);
  }
  assert.equal(new Set(names.map(([name]) => kindOfName(name))).size, 19);
  assert.deepEqual(incarnationIdBytes(incarnation), new Uint8Array(16).fill(0xab));
  assert.equal(systemIdentifierOf(incarnation), 0x6aaabbbbccccddddn);
});

const ids = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => parseObjectId(`0${Buffer.from(bytes).toString("hex").slice(1)}`));
const clusters = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,39}$/).map(clusterNameOf);
const places = fc.record(
  {
    cluster: clusters,
    incarnation: fc
      .tuple(
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
      )
      .map(([system, random]) => incarnationNameOf(system, random)),
  },
  { noNullPrototype: true },
);
const lsns = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(lsnOf);
const timelines = fc.integer({ min: 1, max: 0xffffffff }).map(timelineOf);
const eight = fc.integer({ min: 0, max: 99_999_999 });

test("a name of incarnations, times, LSNs and epochs of any size reads back as it was built", () => {
  fc.assert(
    fc.property(
      places,
      ids,
      lsns,
      timelines,
      eight,
      eight,
      (where, anId, startLsn, timeline, epoch, renewal) => {
        const own = segmentAt(timeline, startLsn, 1 << 24);
        const names: readonly ObjectName[] = [
          { ...where, type: "root", id: anId },
          { ...where, type: "pack", id: anId },
          { ...where, type: "walSegment", segment: own },
          { ...where, type: "walIndex", segment: own },
          { ...where, type: "walPart", segment: own, startLsn, epoch },
          { ...where, type: "walConflict", segment: own, id: anId },
          { ...where, type: "history", timeline },
          { type: "lease", cluster: where.cluster, purpose: "backup", epoch, renewal },
        ];
        for (const name of names) {
          const key = objectKey(name);
          assert.deepEqual(parseObjectKey(key), name);
          assert.equal(checkedKey(key), key);
        }
      },
    ),
  );
});

test("whatever text is given, parsing answers a name that builds exactly that text, or none", () => {
  const part = fc.oneof(
    fc.constantFrom(
      "clusters",
      "main",
      incarnation,
      "wal",
      "0000001A",
      "index",
      "00000001",
      segment,
      `${segment}.part`,
      "packs",
      "fe",
      id,
      "..",
      "",
      "keys",
      "format",
    ),
    fc.string({ maxLength: 12 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const key = parts.join("/");
      const name = tryParseObjectKey(key);
      assert.ok(name === undefined || objectKey(name) === key);
    }),
    { numRuns: 500 },
  );
});

test("a name in another month, folder, case or length is refused", () => {
  const wrong = [
    `${base}/backups/202411/${id}`,
    `${base}/packs/ff/${id}`,
    `${base}/packs/fe/${id.toUpperCase()}`,
    `${base}/wal/0000001B/00000001/${segment}`,
    `${base}/wal/0000001A/00000002/${segment}`,
    `${base}/wal/0000001A/0000001a.history`,
    `${base}/wal/0000001A/00000001/${segment}.part/0000000123001000-4`,
    "format/1",
    "format/00000001/x",
    "leases/main/other/00000001/00000001",
    "leases/Main/wal/00000001/00000001",
    "keys/0001/Recovery",
    `pins/${id}.released.released`,
    "",
    "/",
  ];
  for (const key of wrong) {
    assert.equal(tryParseObjectKey(key), undefined, key);
    assert.throws(() => parseObjectKey(key), { code: "REPO_NAME_INVALID" });
  }
});

test("cluster names that could escape or collide are refused", () => {
  for (const text of ["", "..", "-a", "a/b", "A", "é", "a".repeat(41), "a b"]) {
    assert.throws(() => clusterNameOf(text), { code: "REPO_NAME_INVALID" });
  }
  assert.throws(() => objectKey({ type: "keySlot", generation: 1, slot: "../x" }), {
    code: "REPO_NAME_INVALID",
  });
  assert.throws(() => objectKey({ type: "format", number: 100_000_000 }), /8 digits/);
});

test("prefixes hold the names below them", () => {
  const root = objectKey({ ...place, type: "root", id });
  assert.ok(root.startsWith(rootPrefix(place)));
  const part = objectKey({ ...place, type: "walPart", segment, startLsn: lsnOf(0n), epoch: 0 });
  assert.ok(part.startsWith(partPrefix(place, segment)));
  assert.ok(part.startsWith(timelinePrefix(place, timelineOf(0x1a))));
});
