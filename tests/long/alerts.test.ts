/** Ten thousand random sequences of faults; what must hold is written in the world itself. A failure names its seed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { playSequence } from "../support/alert-sequences.ts";
import { SeededRandom } from "../../src/core/random.ts";
import type { Observation } from "../../src/watch/observation.ts";
import { takeLook } from "../../src/watch/take-look.ts";
import { encodeWatchDocument } from "../../src/watch/watch-document.ts";
import { AlertWorld } from "../support/alert-world.ts";
import { WatchPlayer, routeFor } from "../support/watch-player.ts";

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

test("R21 a week in which everything changes all the time and no channel takes anything leaves a memory below two megabytes", () => {
  const random = new SeededRandom(5);
  const routes = ["email a", "slack b", "sms c"].map((id) => routeFor({ id }));
  const watch = new WatchPlayer({ routes, random });
  const { setup } = watch;
  let { document, moment: now } = watch;
  let largest = 0;
  for (let minute = 0; minute < 7 * 24 * 60; minute += 1) {
    now = { ...now, wallMs: now.wallMs + 60_000, uptimeMs: now.uptimeMs + 60_000 };
    const observations = Array.from({ length: 100 }, (_, index): Observation => {
      const health = random.fraction() < 0.3 ? "ill" : "well";
      const one = { summary: "x".repeat(100), hint: "y".repeat(80) };
      return { rule: "jobs", subject: `job ${index}`, health, words: { en: one, fr: one } };
    });
    document = takeLook(document, observations, { setup, now });
    if (minute % 60 === 0) {
      largest = Math.max(largest, encodeWatchDocument(document).length);
    }
  }
  assert.ok(largest < 2_000_000, `${largest} bytes`);
});
