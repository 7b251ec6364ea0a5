/** Sampling of relations: bounded, never empty, and only where there is too much. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../core/random.ts";
import { sampleOf } from "./relation-checks.ts";

const relations = Array.from({ length: 50 }, (_, number) => ({ number, pages: 10 }));

test("below the bound everything is chosen, in its order", () => {
  const sampling = { random: new SeededRandom(1), bytesMax: 50 * 10 * 8192 };
  assert.deepEqual(sampleOf(relations, sampling), { chosen: relations, leftOut: 0 });
  assert.deepEqual(sampleOf(relations, undefined), { chosen: relations, leftOut: 0 });
});

test("above the bound a random part of at most that size is chosen, and the rest counted", () => {
  const seen = new Set<number>();
  for (let seed = 1; seed <= 40; seed++) {
    const sampling = { random: new SeededRandom(seed), bytesMax: 5 * 10 * 8192 };
    const { chosen, leftOut } = sampleOf(relations, sampling);
    assert.equal(chosen.length, 5);
    assert.equal(leftOut, 45);
    chosen.forEach(({ number }) => seen.add(number));
  }
  assert.ok(seen.size > 40, "every relation has its turn");
});

test("one relation that is larger than the bound is chosen all the same", () => {
  const sampling = { random: new SeededRandom(1), bytesMax: 1 };
  assert.equal(sampleOf(relations, sampling).chosen.length, 1);
});
