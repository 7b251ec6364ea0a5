import assert from "node:assert/strict";
import { test } from "node:test";

import { type DrError, errorText, isDrError } from "../core/errors.ts";
import { lsnOf } from "../core/lsn.ts";
import { msOf } from "../core/units.ts";
import { pgTimeOfEpochMs } from "../wal/record/wal-event.ts";
import { type TargetFlags, describeTarget, parseTarget, parseXid } from "./target.ts";

const context = {
  now: msOf(Date.UTC(2026, 10, 22, 13)),
  localZone: "Europe/Paris",
  command: "pra plan",
};

function refusal(flags: TargetFlags): DrError {
  try {
    parseTarget(flags, context);
  } catch (error) {
    assert.ok(isDrError(error));
    return error;
  }
  return assert.fail("it was taken");
}

test("each flag gives its kind of target; none gives the latest", () => {
  const parse = (flags: TargetFlags): object => parseTarget(flags, context);
  assert.deepEqual(parse({}), { kind: "latest", timeline: "latest" });
  assert.deepEqual(parse({ latest: true, timeline: "2" }), { kind: "latest", timeline: 2 });
  assert.deepEqual(parse({ immediate: true, timeline: "backup" }), {
    kind: "immediate",
    timeline: "backup",
  });
  assert.deepEqual(parse({ at: "-1h" }), {
    kind: "time",
    timeMicros: pgTimeOfEpochMs(Date.UTC(2026, 10, 22, 12)),
    timeline: "latest",
  });
  assert.deepEqual(parse({ lsn: "1/A", timeline: "0xA" }), {
    kind: "lsn",
    lsn: lsnOf((1n << 32n) + 10n),
    timeline: 10,
  });
  assert.deepEqual(parse({ name: "Before deploy", timeline: "current" }), {
    kind: "name",
    name: "Before deploy",
    timeline: "backup",
  });
});

test("a transaction id is taken with 32 bits and with 64", () => {
  assert.deepEqual(parseXid("740"), { xid: 740, epoch: undefined });
  assert.deepEqual(parseXid("4294968036"), { xid: 740, epoch: 1 });
  assert.deepEqual(parseXid("18446744073709551615"), { xid: 0xffffffff, epoch: 0xffffffff });
  for (const xid of ["0", "2", "-5", "4294967298", "18446744073709551616", "7e2", ""]) {
    const error = refusal({ xid });
    assert.equal(error.code, "USAGE_XID", xid);
    assert.match(error.message, /is not a transaction id$/);
    assert.match(error.hint, /^Write it as a whole number/);
    assert.match(errorText(error, "fr").message, /n'est pas un numéro de transaction$/);
  }
});

test("a restore point's name has 1 to 63 bytes", () => {
  assert.equal(describeTarget(parseTarget({ name: "x".repeat(63) }, context)).length, 72);
  for (const name of ["", "x".repeat(64), "é".repeat(32), "a\0b"]) {
    const error = refusal({ name });
    assert.equal(error.code, "USAGE_RESTORE_POINT");
    assert.match(error.message, /is not the name of a restore point$/);
    assert.match(errorText(error, "fr").hint, /^Un nom fait de 1 à 63 octets/);
  }
});

test("two targets exclude each other", () => {
  const error = refusal({ at: "-1h", xid: "700" });
  assert.equal(error.code, "USAGE_CONFLICT");
  assert.deepEqual(error.details, { command: "pra plan", option: "--at", other: "--xid" });
});

test("a timeline is a number, decimal or hexadecimal, or a word", () => {
  for (const timeline of ["0", "A", "newest", "4294967296", "1.5"]) {
    assert.equal(refusal({ timeline }).code, "USAGE_TIMELINE", timeline);
  }
});

test("a target is shown resolved", () => {
  const shown = (flags: TargetFlags): string => describeTarget(parseTarget(flags, context));
  assert.equal(shown({ at: "-15min" }), "--at 2026-11-22T12:45:00.000000Z");
  assert.equal(shown({ lsn: "0/16b3748" }), "--lsn 0/16B3748");
  assert.equal(shown({ xid: "4294968036" }), "--xid 740");
  assert.equal(shown({ name: 'a "b"' }), '--name "a \\"b\\""');
  assert.equal(shown({ immediate: true }), "--immediate");
  assert.equal(shown({}), "--latest");
});
