import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { judgeLease, renewalIntervalMs, type LeaseSight } from "./lease-rules.ts";

const sight: LeaseSight = { epoch: 4, renewal: 2, ttlSeconds: 180, state: "held" };

function look(over: Partial<Parameters<typeof judgeLease>[0]>): Parameters<typeof judgeLease>[0] {
  return { sight, holder: "unknown", beganMs: 0, endedMs: 0, ...over };
}

test("a lease that nobody ever held is taken with epoch 1", () => {
  assert.deepEqual(judgeLease(look({ sight: undefined }), undefined, 180), {
    kind: "take",
    epoch: 1,
  });
});

test("a released lease is taken at once, whoever held it", () => {
  const released = look({ sight: { ...sight, state: "released" }, holder: "alive" });
  assert.deepEqual(judgeLease(released, undefined, 180), { kind: "take", epoch: 5 });
});

test("L53 a lease of a process proved dead is taken at once, of a live one refused at once", () => {
  assert.deepEqual(judgeLease(look({ holder: "dead" }), undefined, 180), {
    kind: "take",
    epoch: 5,
  });
  assert.deepEqual(judgeLease(look({ holder: "alive" }), undefined, 180), { kind: "refuse" });
});

test("an unseen holder is watched for a whole time to live, the longer of both", () => {
  const first = judgeLease(look({ beganMs: 10, endedMs: 20 }), undefined, 60);
  assert.deepEqual(first, {
    kind: "watch",
    watch: { epoch: 4, renewal: 2, firstSeenMs: 20 },
    forMs: 180_000,
  });
  const watch = { epoch: 4, renewal: 2, firstSeenMs: 20 };
  const early = judgeLease(look({ beganMs: 180_019, endedMs: 999_999 }), watch, 60);
  assert.deepEqual(early, { kind: "watch", watch, forMs: 1 });
  assert.deepEqual(judgeLease(look({ beganMs: 180_020 }), watch, 60), { kind: "take", epoch: 5 });
  assert.equal(judgeLease(look({ beganMs: 180_020 }), watch, 600).kind, "watch");
});

test("a renewal or an epoch that appears while watching is a sign of life", () => {
  const watch = { epoch: 4, renewal: 1, firstSeenMs: 0 };
  assert.deepEqual(judgeLease(look({ beganMs: 1e9 }), watch, 180), { kind: "refuse" });
  const older = { epoch: 3, renewal: 2, firstSeenMs: 0 };
  assert.deepEqual(judgeLease(look({ beganMs: 1e9 }), older, 180), { kind: "refuse" });
});

test("the holder's deadline always passes before an observer's watch ends", () => {
  const duration = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(duration, duration, duration, (putBegan, delay, listing) => {
      const ttlMs = 180_000;
      const deadline = putBegan + ttlMs;
      const firstSeen = putBegan + delay + listing;
      const watch = { epoch: 4, renewal: 2, firstSeenMs: firstSeen };
      const taken = judgeLease(look({ beganMs: deadline - 1 }), watch, 180);
      return taken.kind !== "take";
    }),
  );
});

test("a holder renews three times in its time to live and at most once a minute", () => {
  assert.equal(renewalIntervalMs(180), 60_000);
  assert.equal(renewalIntervalMs(3), 1_000);
  assert.equal(renewalIntervalMs(3_600), 60_000);
});
