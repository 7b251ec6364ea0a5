import assert from "node:assert/strict";
import { test } from "node:test";
import { deriveFingerprintKey, FINGERPRINT_PRIME, numbersBelowPrime } from "./fingerprint-key.ts";

const metadataKey = new Uint8Array(32).fill(7);
const incarnation = new TextEncoder().encode("7312345678901234567-0011223344556677");

test("the same metadata key and incarnation give the same fingerprint key", () => {
  assert.deepEqual(
    deriveFingerprintKey(metadataKey, incarnation),
    deriveFingerprintKey(metadataKey, incarnation),
  );
});

test("another incarnation or another metadata key gives another key in every part", () => {
  const key = deriveFingerprintKey(metadataKey, incarnation);
  const others = [
    deriveFingerprintKey(
      metadataKey,
      incarnation.map((byte) => byte ^ 1),
    ),
    deriveFingerprintKey(
      metadataKey.map((byte) => byte ^ 1),
      incarnation,
    ),
  ];
  for (const other of others) {
    assert.notDeepEqual(other.nh[0], key.nh[0]);
    assert.notDeepEqual(other.nh[1], key.nh[1]);
    assert.notEqual(other.addend, key.addend);
    assert.ok(other.multipliers.every((value, index) => value !== key.multipliers[index]));
  }
});

test("the two NH keys share no word at the same place, and no 4 KiB of one repeat", () => {
  const { nh } = deriveFingerprintKey(metadataKey, incarnation);
  const chunks = nh.flatMap((words) =>
    Array.from({ length: 8 }, (_, index) =>
      Buffer.from(words.slice(index * 1024, (index + 1) * 1024).buffer).toString("base64"),
    ),
  );
  assert.equal(new Set(chunks).size, 16);
  assert.ok(nh[0].every((word, index) => word !== nh[1][index]));
});

test("multipliers and addend lie below the prime", () => {
  const key = deriveFingerprintKey(metadataKey, incarnation);
  assert.equal(key.multipliers.length, 5);
  for (const value of [...key.multipliers, key.addend]) {
    assert.ok(value >= 0n && value < FINGERPRINT_PRIME);
  }
});

test("the candidate 2^61 - 1 is passed over, and upper bits of a candidate do not count", () => {
  const all = (1n << 64n) - 1n;
  assert.deepEqual(numbersBelowPrime([all, 5n, FINGERPRINT_PRIME, all - 1n, 9n], 2), [
    5n,
    FINGERPRINT_PRIME - 1n,
  ]);
  assert.throws(() => numbersBelowPrime([all, 1n], 2), /enough candidates/);
});

test("a short metadata key and an unnamed incarnation are refused", () => {
  assert.throws(() => deriveFingerprintKey(new Uint8Array(31), incarnation), /32 bytes/);
  assert.throws(() => deriveFingerprintKey(metadataKey, new Uint8Array(0)), /is named/);
});

test("a key survives being posted to a worker", () => {
  const key = deriveFingerprintKey(metadataKey, incarnation);
  assert.deepEqual(structuredClone(key), key);
});
