/**
 * Objects sealed when format version 1 was fixed. They were also opened by a reader written from docs/format.md alone, in
 * another language. When one of these tests fails, the format has changed: that needs a new version, not a new answer.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ZstdCodec } from "../zstd-codec.ts";
import { FrameReader } from "./frame-codec.ts";
import { openFramed } from "./framed-object.ts";
import { testIncarnation, testObjectId, testRing } from "./test-keys.ts";
import { readPart } from "./wal-part.ts";
import { openWhole } from "./whole-object.ts";

const ring = testRing(1);
const incarnation = testIncarnation(9);

const FORMAT = Buffer.from(
  "895052410d0a1a0a01000100440100000000000000000000000000000000000072f0fd396070b0a9bf80ed531e" +
    "5ee7fc0192a4b7c5d0000000000000000000020000000000000000000000000000000001000000000000000500" +
    "0000000000009a219efede1f81242307653faf8f4dfe5b7b4d79fe44544ba5ac34187c1d74a8159833c3916ebd" +
    "049c727c916247c7b3f4f1463d706de707157ca12a0b1bbd626a250528c50ce595966d5102a181f3936a10a7ab" +
    "0f94fec9dac55565b1669b05bc596f7afe66be3fd4e9ccccea9ff65ae646618fa626f08c3f7fcdc802c944a76f" +
    "39a0ead4b680b8d87eeef24e85a265c9d07b2d47cf7579056a75eb4da4072b00000000a4ab5eac5b41163e35de" +
    "e3ba35cc3620cff65bc328aa3089cb2db21a421c62a608d866cfcce7634c13aeaa0b573a18eb160e88766412d7" +
    "5c83f98f2018930a0c29000000190000000001000000000000da117131e384b8472d7a2dacc244878a854bc45f" +
    "8516168303538dce2a12dafe776ff3214766929c4d",
  "hex",
);

const PACK = Buffer.from(
  "895052410d0a1a0a01000800940101000000000000000000000000000000000072f0fd396070b0a9bf80ed531e" +
    "5ee7fc0192a4b7c5d0000000000000000000047a2b909c5e8462cdfdb8533ca1290b4d01000000000000000100" +
    "0000000000009a219efede1f81242307653faf8f4dfe5b7b4d79fe44544ba5ac34187c1d74a8159833c3916ebd" +
    "049c727c916247c7b3f4f1463d706de707157ca12a0b1bbd626a250528c50ce595966d5102a181f3936a10a7ab" +
    "0f94fec9dac55565b1669b05000000000000000000000000000000000000000000000000000000000000000000" +
    "0000000000000000000000000000000000000000000000000000000000000050000000c93d2be421fb0cee2c55" +
    "dde4a6131946fa8d2b3d9871e9b602e88486fea18f3d27c271e597656af94105838ed371d639fddfee0c4a3350" +
    "64a032e0d11210b1a89171e02e7c43bc905767f87a49fe27b3f5a534f594ac1e658941b7facdb14e705844e40f" +
    "71789054de12bdfb5f74011a5fe9d7aee08fde2c4967c12563371033bc3b401a0e3dceb11b2fe4884a9b9e0813" +
    "000000030000000000000000000000e2c8692a5ee4c85fbe3eab6117151a310083a21300000003000000000000" +
    "0000000000545d008412f3ed730414679a24992e7e70fc1e17000000070000000001000000000000c56fcf10d4" +
    "26411d4e9be7e330c121f4a0915fd9253725505241440200000027000000",
  "hex",
);

const PART = Buffer.from(
  "895052410d0a1a0a01000b00ac0101000000000000000000000000000000000072f0fd396070b0a9bf80ed531e" +
    "5ee7fc0192a4b7c5d0000000000000000000037a2b909c5e8462cdfdb8533ca1290b4d01000000020000000100" +
    "0000000000009a219efede1f81242307653faf8f4dfe5b7b4d79fe44544ba5ac34187c1d74a8159833c3916ebd" +
    "049c727c916247c7b3f4f1463d706de707157ca12a0b1bbd626a250528c50ce595966d5102a181f3936a10a7ab" +
    "0f94fec9dac55565b1669b05000000000000000000000000000000000000000000000000000000000000000000" +
    "0000000000000000000000000000000000000000000000000000000000000050001800d6f5c1719257cbdcbe01" +
    "6d87e4be10fbff5676d17556fd952f1202575c3fe56f4df88d332026547c1d73f0bc9b89ef768582647d34ee5b" +
    "8cd7d6e20c0c246d16d67902c8cbcc0dd2dc344e74292fde630700000000000000010000000000000100000001" +
    "000000009b06e62228402701df1569ab6a31c781d8eaa8ad01d9a5f808e7274572205462277d06055a9b8b43e6" +
    "dffed0549bf4a503bb761253f3b9945ea1e007cac85b0f13000000030000000002000000000000cc3af94f16ef" +
    "36e8a6a5f04005f215b9559663064c5d4cffff62d2824268592263266f0a20c6325175ef18be782448099ee1b4" +
    "2eebc208145ed50b10000000000000000002000000000000c1f76390937b3a4b0f4eb98aae5456f8d9d3fbd696" +
    "a1b9c13da5cc4ce89a1bdd9f1c80a3847fd408c99de32c71a0d140bd2c684da4a184e0",
  "hex",
);

test("known answer: an object of the open class", async () => {
  const opened = await openWhole(ring, FORMAT, { kind: "format", name: "format/00000001" });
  assert.equal(opened.content.toString(), '{"a root": "of a backup"}');
});

test("known answer: a pack of two frames", async () => {
  const read = (offset: number, length: number): Promise<Buffer> =>
    Promise.resolve(PACK.subarray(offset, offset + length));
  const expected = { kind: "pack", objectId: testObjectId(4), incarnation } as const;
  const framed = await openFramed(ring, read, PACK.length, expected);
  using codec = new ZstdCodec();
  const reader = new FrameReader(framed.ticket, codec);
  const plain = framed.directory.map((_, index) => {
    const { offset, length } = framed.frameRange(index);
    return reader.read(PACK.subarray(offset, offset + length), index).plain.toString();
  });
  assert.deepEqual(plain, ["one", "two"]);
});

test("known answer: a WAL part of two frames", async () => {
  const part = await readPart(ring, PART, { incarnation });
  assert.equal(part.stop.reason, "end");
  assert.equal(part.epoch, 2);
  assert.deepEqual(
    part.frames.map(({ startLsn, endLsn, knownAt, wal }) => [
      startLsn,
      endLsn,
      knownAt,
      wal.toString(),
    ]),
    [
      [0x1000000n, 0x1000003n, 5n, "abc"],
      [0x1000003n, 0x1000003n, 6n, ""],
    ],
  );
});
