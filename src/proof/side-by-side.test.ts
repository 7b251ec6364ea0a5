import assert from "node:assert/strict";
import { test } from "node:test";
import { sideBySide } from "./side-by-side.ts";

test("every item is done once, by at most one client at a time, and results keep the order", async () => {
  const busy = new Set<string>();
  let together = 0;
  const items = Array.from({ length: 50 }, (_, at) => at);
  const results = await sideBySide(["a", "b", "c"], items, async (client, item) => {
    assert.ok(!busy.has(client));
    busy.add(client);
    together = Math.max(together, busy.size);
    await new Promise((resolve) => {
      setTimeout(resolve, item % 3);
    });
    busy.delete(client);
    return item * 2;
  });
  assert.deepEqual(
    results,
    items.map((item) => item * 2),
  );
  assert.equal(together, 3);
  assert.deepEqual(await sideBySide(["a"], [], () => Promise.resolve(1)), []);
});

test("after a failure nothing is begun, and nothing still runs when it is told", async () => {
  let running = 0;
  const begun: number[] = [];
  const work = async (_client: string, item: number): Promise<number> => {
    begun.push(item);
    running += 1;
    await new Promise((resolve) => {
      setTimeout(resolve, item === 1 ? 1 : 20);
    });
    running -= 1;
    if (item === 1) {
      throw new Error("broken");
    }
    return item;
  };
  await assert.rejects(sideBySide(["a", "b"], [0, 1, 2, 3], work), /broken/);
  assert.equal(running, 0);
  assert.deepEqual(begun, [0, 1]);
});
