/** One alert a thing: what hides behind another would be told by nobody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WatchPlayer } from "../../tests/support/watch-player.ts";
import { found } from "../core/finding/finding.ts";
import type { Observation } from "./observation.ts";
import { subjectOf, withRecovered } from "./subjects.ts";

const words = { en: { summary: "s", hint: "" }, fr: { summary: "s", hint: "" } };
const seen = (rule: string, subject: string, health: Observation["health"]): Observation => ({
  rule,
  subject,
  health,
  words,
});

test("R21 a finding is about its job, certificate, host, routine or action, and of other checks about nothing else", () => {
  const values = { job: "expire", where: "db:5432", target: "h:1", routine: "verify", what: "rpo" };
  const of = (id: Parameters<typeof found>[0]): string =>
    subjectOf(found(id, "bad", "run-failed", values));
  assert.deepEqual(
    (
      ["runs", "schedule", "certificate", "reachability", "routines", "actions", "server"] as const
    ).map(of),
    ["expire", "expire", "db:5432", "h:1", "verify", "rpo", ""],
  );
});

test("R21 what a look does not name any more is well, unless the look could not be made or its owner did not answer", () => {
  const of = (rule: string, ...observations: readonly Observation[]): readonly string[] =>
    withRecovered(observations, [
      { rule, subject: "a" },
      { rule, subject: "" },
    ])
      .slice(observations.length)
      .map(({ subject, health }) => `${subject} ${health}`);
  assert.deepEqual(of("runs", seen("runs", "b", "ill")), ["a well", " well"]);
  assert.deepEqual(of("runs", seen("runs", "", "well")), ["a well"]);
  assert.deepEqual(of("runs", seen("runs", "", "unknown")), []);
  assert.deepEqual(of("runs", seen("server", "", "well")), [], "not looked at");
  assert.deepEqual(of("certificate", seen("certificate", "b", "well")), [" well"]);
  assert.deepEqual(of("server", seen("server", "", "well")), []);
});

test("R21 a job that fails is told although another's failure was told, taken by somebody, and goes on", () => {
  const watch = new WatchPlayer();
  const told = (): readonly string[] => watch.sent().map(({ headline }) => headline);
  watch.look({ "runs/load-test": "ill" });
  assert.deepEqual(told(), ["PRA main: a planned job failed (load-test) since 14:02"]);
  const { alerts } = watch.document;
  const acknowledged = { by: "Anna", reason: "known", atMs: 0 };
  const tracks = alerts.tracks.map((track) => ({ ...track, acknowledged }));
  watch.document = { ...watch.document, alerts: { ...alerts, tracks } };
  watch.pass(300_000);
  watch.look({ "runs/load-test": "ill", "runs/expire": "ill" });
  assert.deepEqual(told(), ["PRA main: a planned job failed (expire) since 14:07"]);
  watch.pass(300_000);
  watch.look({ "runs/load-test": "ill" });
  assert.deepEqual(told(), ["PRA main: resolved after 5 min: a planned job failed (expire)"]);
  watch.pass(300_000);
  watch.look({ runs: "well" });
  assert.deepEqual(told(), ["PRA main: resolved after 15 min: a planned job failed (load-test)"]);
});
