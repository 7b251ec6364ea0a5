/** Random faults of rules, channels, clocks, disks and processes, from seeds; `tests/long` plays many more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AlertWorld } from "../../tests/support/alert-world.ts";

const SEQUENCES = 30;

test("R21 L43 L53 over random faults no message is lost, out of order or repeated without need, and what was told is resolved", async () => {
  let messages = 0;
  for (let seed = 1; seed <= SEQUENCES; seed += 1) {
    const silences = seed % 3 === 0;
    const world = new AlertWorld(seed);
    try {
      await world.play(30, { silences });
      world.judge({ silences });
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    messages += [...world.queued.values()].reduce((sum, list) => sum + list.length, 0);
  }
  assert.ok(messages > SEQUENCES * 10, `${messages} messages`);
});
