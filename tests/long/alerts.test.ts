/** Ten thousand random sequences of faults; what must hold is written in the world itself. A failure names its seed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { playSequence } from "../support/alert-sequences.ts";
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

test("R21 L53 fifty sequences of real processes, killed at any step, lose no alert and tell its end", async (context) => {
  let kills = 0;
  let messages = 0;
  let repeats = 0;
  for (let seed = 100; seed < 150; seed += 1) {
    const report = await playSequence(seed);
    kills += report.kills;
    messages += report.messages;
    repeats += report.repeats;
  }
  context.diagnostic(`${kills} kills, ${messages} messages taken, ${repeats} of them again`);
  assert.ok(kills >= 50);
});
