import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { crc32c } from "../core/crc32c.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import {
  controlFileBytes,
  isPoisoned,
  parseControlFile,
  poisonCheckpoint,
} from "./control-file.ts";

configureFailpointsFrom(process.env);

const CRC_AT: Readonly<Record<number, number>> = { 1300: 288, 1700: 288, 1800: 292 };

/** The least that is a pg_control: a version, both timelines, a right CRC. */
function sample(version: number, change: (view: DataView) => void = () => undefined): Uint8Array {
  const bytes = new Uint8Array(controlFileBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, 0xfedcba9876543210n, true);
  view.setUint32(8, version, true);
  view.setBigUint64(32, 0x12345678_9abcdef0n, true);
  view.setUint32(48, 26, true);
  view.setUint32(52, 25, true);
  change(view);
  const at = CRC_AT[version] ?? 288;
  view.setUint32(at, crc32c(bytes.subarray(0, at)), true);
  return bytes;
}

test("system identifiers and positions beyond 2^53 are exact", () => {
  for (const version of [1300, 1700, 1800]) {
    const control = parseControlFile(sample(version));
    assert.equal(control.systemId, 0xfedcba9876543210n);
    assert.equal(control.checkpoint, 0x123456789abcdef0n);
    assert.equal(control.checkpointCopy.timeline, 26);
    assert.equal(control.checkpointCopy.previousTimeline, 25);
    assert.equal(control.defaultCharSigned, version === 1800 ? false : undefined);
  }
});

test("any flipped bit before the end of the CRC is refused", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1300, 1700, 1800),
      fc.integer({ min: 0, max: 291 }),
      fc.integer({ min: 0, max: 7 }),
      (version, byte, bit) => {
        const bytes = sample(version);
        bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
        assert.throws(() => parseControlFile(bytes), { code: /^PG_CONTROL_(CRC|VERSION)$/ });
        assert.throws(() => poisonCheckpoint(bytes), { code: /^PG_CONTROL_(CRC|VERSION)$/ });
      },
    ),
  );
});

test("another size, an unknown version and an impossible state are refused by name", () => {
  assert.throws(() => parseControlFile(new Uint8Array(8191)), {
    code: "PG_CONTROL_SIZE",
    message: "pg_control has 8191 bytes instead of 8192",
  });
  assert.throws(() => parseControlFile(sample(1900)), {
    code: "PG_CONTROL_VERSION",
    message: "pg_control has version 1900, known are 1300, 1700, 1800",
  });
  const bigEndian = sample(1300, (view) => {
    view.setUint32(8, 1300, false);
  });
  assert.throws(() => parseControlFile(bigEndian), { code: "PG_CONTROL_VERSION" });
  assert.throws(() => parseControlFile(sample(1300, (view) => view.setUint32(16, 7, true))), {
    code: "PG_CONTROL_VALUE",
  });
  assert.throws(() => parseControlFile(sample(1300, (view) => view.setInt32(172, 3, true))), {
    code: "PG_CONTROL_VALUE",
  });
});

test("L1 a poisoned copy differs in its checkpoint position and CRC alone", () => {
  for (const version of [1300, 1700, 1800]) {
    const bytes = sample(version);
    const poisoned = poisonCheckpoint(bytes);
    assert.deepEqual(bytes, sample(version), "the original is untouched");
    const control = parseControlFile(poisoned);
    assert.equal(control.checkpoint, 0xdeadn);
    assert.equal(isPoisoned(control), true);
    assert.equal(isPoisoned(parseControlFile(bytes)), false);
    assert.deepEqual(
      { ...control, checkpoint: 0n },
      { ...parseControlFile(bytes), checkpoint: 0n },
    );
  }
});
