import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SeededRandom } from "../core/random.ts";
import { timelineOf } from "../core/wal-name.ts";
import { type Span, drawInstant, drawSeed } from "./prove-policy.ts";

const span = (timeline: number, fromMicros: bigint, toMicros: bigint): Span => ({
  timeline: timelineOf(timeline),
  fromMicros,
  toMicros,
});

test("R25 a drawn instant lies within a window, never in a hole, and the same seed draws the same", () => {
  const spans = [span(1, 1000n, 2000n), span(1, 5000n, 5000n), span(2, 90_000n, 900_000n)];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (seed) => {
      const drawn = drawInstant(spans, new SeededRandom(seed));
      assert.ok(drawn !== undefined);
      const home = spans.filter(
        ({ timeline, fromMicros, toMicros }) =>
          timeline === drawn.timeline && fromMicros <= drawn.micros && drawn.micros <= toMicros,
      );
      assert.equal(home.length, 1);
      assert.deepEqual(drawInstant(spans, new SeededRandom(seed)), drawn);
    }),
  );
});

test("every part of the windows has its turn, in proportion to its length", () => {
  const random = new SeededRandom(7);
  const hour = 3_600_000_000n;
  const spans = [span(1, 0n, hour), span(1, 10n * hour, 13n * hour)];
  const quarters = [0, 0, 0, 0];
  for (let draw = 0; draw < 4000; draw += 1) {
    const micros = drawInstant(spans, random)?.micros ?? -1n;
    const quarter = micros <= hour ? 0 : Number((micros - 10n * hour) / hour) + 1;
    quarters[quarter] = (quarters[quarter] ?? 0) + 1;
  }
  quarters.forEach((hits) => {
    assert.ok(hits > 850 && hits < 1150, String(quarters));
  });
});

test("without any window there is nothing to draw", () => {
  assert.equal(drawInstant([], new SeededRandom(1)), undefined);
});

test("a seed can be typed again", () => {
  const seed = drawSeed(new SeededRandom(3));
  assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32);
});
