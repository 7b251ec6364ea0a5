/**
 * One look and one delivery in a process of its own, with failpoints from the environment: `watch-child.ts DIRECTORY SHIFT_MS RULE=HEALTH...`.
 * SHIFT_MS is how much time the test says has passed since it began.
 */
import process from "node:process";
import { compose } from "../../src/app/compose.ts";
import { environmentIn } from "./environment-in.ts";
import { deliverDue } from "../../src/app/watch/deliver.ts";
import { recordLook } from "../../src/app/watch/record-look.ts";
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";
import { type Moment, readMoment } from "../../src/watch/moment.ts";
import type { Observation } from "../../src/watch/observation.ts";

configureFailpointsFrom(process.env);
const [directory = "", shift = "0", ...found] = process.argv.slice(2);
const environment = environmentIn(directory, process.env);
const adapters = compose();
const { signal } = new AbortController();
const moment = (): Moment => {
  const now = readMoment(adapters.clock);
  return { ...now, wallMs: now.wallMs + Number(shift), uptimeMs: now.uptimeMs + Number(shift) };
};
const observations = found.map((text): Observation => {
  const [rule = "", health = "unknown"] = text.split("=");
  const words = { summary: `${rule} is ${health}`, hint: "" };
  const known = health === "well" || health === "ill" ? health : "unknown";
  return { rule, subject: "", health: known, words: { en: words, fr: words } };
});
await recordLook(adapters, environment, observations, { signal, moment });
const report = await deliverDue(adapters, environment, { signal, moment, lifeMs: 0 });
process.stdout.write(`${report.state} ${report.waiting}\n`);
