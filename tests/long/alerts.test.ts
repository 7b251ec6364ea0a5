/** Ten thousand random sequences of faults; what must hold is written in the world itself. A failure names its seed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AlertWorld } from "../support/alert-world.ts";

const SEQUENCES = Number(process.env["ALERT_SEQUENCES"] ?? 10_000);
const FIRST_SEED = Number(process.env["ALERT_FIRST_SEED"] ?? 1_000);

test("R21 L43 L53 ten thousand sequences of faults lose no message, repeat none without need, and resolve what was told", async (context) => {
  let messages = 0;
  let repeats = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEQUENCES; seed += 1) {
    const silences = seed % 3 === 0;
    const world = new AlertWorld(seed);
    try {
      await world.play(30, { silences });
      world.judge({ silences });
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    messages += [...world.queued.values()].reduce((sum, list) => sum + list.length, 0);
    repeats += world.repeats;
  }
  context.diagnostic(`${SEQUENCES} sequences, ${messages} messages, ${repeats} taken twice`);
  assert.ok(messages > SEQUENCES * 10);
});
