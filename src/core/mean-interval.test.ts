import assert from "node:assert/strict";
import { test } from "node:test";
import { meanInterval, studentQuantile } from "./mean-interval.ts";
import { SeededRandom } from "./random.ts";

test("R6 the interval of a mean is the one that statistics books give", () => {
  // Student's own data of 1908: hours of sleep gained by ten patients, the second drug against the first.
  const gained = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
  const found = meanInterval(gained);
  assert.equal(found?.count, 10);
  assert.equal(found.mean.toFixed(2), "1.58");
  assert.equal(found.low?.toFixed(3), "0.700");
  assert.equal(found.high?.toFixed(3), "2.460");
});

test("R6 one measurement has no interval, and none has no mean", () => {
  assert.equal(meanInterval([]), null);
  assert.deepEqual(meanInterval([3]), { count: 1, mean: 3, low: null, high: null });
  assert.deepEqual(meanInterval([3, 3]), { count: 2, mean: 3, low: 3, high: 3 });
});

test("R6 quantiles fall from one degree of freedom to the next, over the end of the table too", () => {
  const quantiles = Array.from({ length: 200 }, (_, index) => studentQuantile(index + 1));
  for (const [index, quantile] of quantiles.entries()) {
    assert.ok(index === 0 || quantile < (quantiles[index - 1] ?? 0), `at ${index + 1}`);
  }
  assert.equal(studentQuantile(60).toFixed(2), "2.00");
  assert.ok(studentQuantile(1_000_000) > 1.9599);
});

test("R6 the true mean lies in 95 of 100 intervals", () => {
  const random = new SeededRandom(7);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction());
  let within = 0;
  for (let trial = 0; trial < 4000; trial += 1) {
    const found = meanInterval(Array.from({ length: 6 }, () => 0.2 + 0.1 * normal()));
    within += (found?.low ?? 1) <= 0.2 && (found?.high ?? 0) >= 0.2 ? 1 : 0;
  }
  assert.ok(within > 4000 * 0.94 && within < 4000 * 0.96, `${within} of 4000`);
});
