/** The states of alerts, look by look. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Found, WatchPlayer, routeFor } from "../../tests/support/watch-player.ts";
import { messagesPerHourMax } from "../core/watch-limits.ts";
import { alertRuleOf } from "./alert-rules.ts";
import { openTracks } from "./alert-state.ts";
import { emptyRouteState } from "./outbox.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("R21 a rule that must be ill for a while says nothing before, and nothing when it was well in between", () => {
  const watch = new WatchPlayer();
  const wait = alertRuleOf("exposure").openAfterMs;
  watch.look({ exposure: 4000 });
  watch.lookFor(wait - MINUTE, { exposure: 4000 });
  watch.lookFor(MINUTE, { exposure: 10 });
  watch.lookFor(wait, { exposure: 4000 });
  assert.deepEqual(watch.told(), []);
  watch.lookFor(MINUTE, { exposure: 4000 });
  assert.deepEqual(watch.told(), ["opened exposure"]);
});

test("R21 a look that could not be made neither opens nor ends an alert, and not being able to look for long is told", () => {
  const watch = new WatchPlayer();
  watch.lookFor(HOUR / 5, { application: "unknown" });
  assert.deepEqual(watch.told(), []);
  watch.lookFor(5 * MINUTE, { application: "unknown" });
  const [blind] = watch.sent();
  assert.match(blind?.headline ?? "", /^PRA main: cannot be judged: application since 14:03$/);
  watch.lookFor(3 * MINUTE, { application: "ill" });
  assert.deepEqual(watch.told(), ["resolved application✓", "opened application"]);
  watch.lookFor(10 * MINUTE, { application: "unknown" });
  assert.deepEqual(watch.told(), []);
  watch.lookFor(30_000, { application: "well" }, 30_000);
  watch.lookFor(30_000, { application: "unknown" }, 30_000);
  watch.lookFor(30_000, { application: "well" }, 30_000);
  assert.deepEqual(watch.told(), [], "well for half a minute, then nobody knows");
  watch.lookFor(2 * MINUTE, { application: "well" });
  assert.deepEqual(watch.told(), ["resolved application✓"]);
});

test("R21 while the server is down nothing is said of what follows from it; what is still ill when it is back is told after its own delay", () => {
  const watch = new WatchPlayer();
  const down = { server: "ill", exposure: 7200, receiver: "ill", slots: "ill" } as const;
  watch.look(down);
  watch.lookFor(30 * MINUTE, down);
  assert.deepEqual(watch.told(), ["opened server"]);
  const covered = watch.document.alerts.tracks.filter(({ coveredBy }) => coveredBy === "server");
  assert.deepEqual(covered.map(({ rule }) => rule).toSorted(), ["exposure", "receiver", "slots"]);
  watch.lookFor(MINUTE, { server: "well", exposure: 7200, receiver: "well", slots: "ill" });
  // A slot is told at the first look, in one message with the server's return; exposure has a delay of its own.
  assert.deepEqual(watch.told(), ["opened slots server✓"]);
  watch.lookFor(3 * MINUTE, { server: "well", exposure: 7200, slots: "ill" });
  assert.deepEqual(watch.told(), ["opened exposure"]);
});

test("R21 an alert that was told before its cause was found is resolved aloud, and not repeated meanwhile", () => {
  const watch = new WatchPlayer();
  watch.look({ receiver: "ill", server: "well" });
  watch.lookFor(3 * MINUTE, { receiver: "ill", server: "well" });
  watch.lookFor(9 * HOUR, { receiver: "ill", server: "ill" }, 30 * MINUTE);
  const told = watch.told();
  assert.equal(told[0], "opened receiver");
  assert.equal(told.filter((line) => line.includes("receiver")).length, 1);
  watch.lookFor(3 * MINUTE, { receiver: "well", server: "well", exposure: 0 });
  assert.deepEqual(watch.told(), ["resolved server✓", "resolved receiver✓"]);
});

test("L46 R21 a receiver that runs again is not called well while the work it has not caught up with is exposed", () => {
  const watch = new WatchPlayer();
  watch.look({ receiver: "ill", exposure: 0 });
  watch.lookFor(3 * MINUTE, { receiver: "ill", exposure: 7200 });
  assert.deepEqual(watch.told(), ["opened receiver", "opened exposure"]);
  watch.lookFor(10 * MINUTE, { receiver: "well", exposure: 5000 });
  assert.deepEqual(watch.told(), []);
  watch.lookFor(2 * MINUTE, { receiver: "well", exposure: 0, gaps: "well" });
  const sent = watch.sent();
  assert.deepEqual(
    sent.map(({ headline }) => headline),
    [
      "PRA main: resolved after 14 min, nothing lost: WAL receiver stopped",
      "PRA main: resolved after 14 min, nothing lost: too much work exposed",
    ],
  );
  const receiver = sent[0]?.alerts[0];
  assert.equal(receiver?.summary, "receiver is well");
  assert.match(
    receiver?.consequence ?? "",
    /at worst 2 h 00 min of work were exposed; nothing was lost/,
  );
});

test("L46 R21 a slot that is lost stays open until the gap that it left is closed by a backup", () => {
  const watch = new WatchPlayer();
  watch.look({ slots: "ill", gaps: "well" });
  watch.lookFor(HOUR, { slots: "well", gaps: "ill" });
  assert.deepEqual(watch.told(), ["opened slots", "opened gaps"]);
  watch.lookFor(2 * MINUTE, { slots: "well", gaps: "well" });
  assert.deepEqual(watch.told(), ["resolved slots✓ gaps✓"]);
});

test("L46 R21 what ends after WAL was missing is not called free of loss: the instants in the hole stay lost", () => {
  for (const exposure of [60, 0]) {
    const watch = new WatchPlayer();
    watch.look({ slots: "ill", gaps: "well", exposure });
    watch.look({ slots: "ill", gaps: "ill", exposure });
    watch.lookFor(3 * MINUTE, { slots: "well", gaps: "well", exposure: 0 });
    const ends = watch.sent().filter(({ kind }) => kind === "resolved");
    assert.ok(ends.every(({ headline }) => !headline.includes("nothing lost")));
    const told = ends.flatMap(({ alerts }) => alerts.map(({ consequence }) => consequence));
    assert.equal(told.length, 2);
    for (const consequence of told) {
      assert.match(consequence, /the instants in the hole stay out of reach/);
      assert.doesNotMatch(consequence, /nothing was lost|no work was ever exposed/);
    }
  }
});

test("R21 a thousand changes a minute send a bounded number of messages, the last of which is the resolution", () => {
  const watch = new WatchPlayer();
  for (let change = 0; change < 10_000; change += 1) {
    watch.look({ server: change % 2 === 0 ? "ill" : "well" });
    watch.pass(60);
  }
  const told = watch.told();
  assert.deepEqual(told.slice(0, 4), [
    "opened server",
    "resolved server✓",
    "opened server",
    "resolved server✓",
  ]);
  assert.equal(told.length, 9);
  assert.equal(openTracks(watch.document.alerts)[0]?.flapping, true);
  watch.lookFor(20 * MINUTE, { server: "well" });
  assert.deepEqual(watch.told(), ["resolved server✓"]);
});

test("R21 many rules that change all the time are summed up beyond a number an hour, and the summary names them", () => {
  const watch = new WatchPlayer();
  const jobs = Array.from({ length: 40 }, (_, index) => `jobs/job${index}`);
  for (let minute = 0; minute < 60; minute += 1) {
    watch.look(
      Object.fromEntries(jobs.map((job, at) => [job, (minute + at) % 7 < 3 ? "ill" : "well"])),
    );
    watch.pass(MINUTE);
  }
  const sent = watch.sent();
  assert.ok(sent.length <= 33, `${sent.length} messages`);
  const digests = sent.filter(({ kind }) => kind === "digest");
  assert.ok(digests.length >= 3);
  assert.match(digests[0]?.headline ?? "", /^PRA main: \d+ alerts held back: there were too many/);
  const named = new Set(sent.flatMap(({ alerts }) => alerts.map(({ alertId }) => alertId)));
  const opened = watch.document.events.filter(({ kind }) => kind === "alertOpened");
  const held = watch.document.outbox.routes["email a@example.org"]?.held ?? [];
  const known = new Set([...named, ...held.map(({ alert }) => alert.alertId)]);
  assert.deepEqual(
    opened.filter(({ data }) => !known.has(String(data["alert"]))),
    [],
  );
});

test("R21 an alert that is summed up at different times on different routes is resolved on all of them", () => {
  const routes = [routeFor({ id: "email a" }), routeFor({ id: "slack b" })];
  const watch = new WatchPlayer({ routes });
  watch.look({ server: "well" });
  const { outbox } = watch.document;
  const full = Array.from({ length: messagesPerHourMax }, () => 0);
  // Both have had their hour's messages, and a summary some minutes ago.
  const routeStates = {
    "email a": { ...emptyRouteState, recent: full, digestMs: -3 * MINUTE },
    "slack b": { ...emptyRouteState, recent: full, digestMs: 0 },
  };
  watch.document = { ...watch.document, outbox: { ...outbox, routes: routeStates } };
  watch.pass(MINUTE);
  watch.look({ server: "ill" });
  assert.deepEqual(watch.told(), [], "held on both");
  watch.lookFor(MINUTE, { server: "ill" });
  assert.deepEqual(watch.told(), ["digest server"], "the first route");
  // It ends before the second route has heard of it.
  watch.lookFor(30 * MINUTE, { server: "well" });
  assert.deepEqual(watch.told(), ["digest server✓", "digest server✓"]);
});

test("R21 what nobody took is told again at its rule's pace, and no longer once it is acknowledged", () => {
  const watch = new WatchPlayer();
  watch.look({ server: "ill" });
  watch.lookFor(3 * HOUR, { server: "ill" }, 5 * MINUTE);
  const sent = watch.sent();
  assert.deepEqual(
    sent.map(({ kind, headline }) => `${kind}: ${headline}`),
    [
      "opened: PRA main: server unreachable since 14:02",
      "reminder: PRA main: server unreachable for 1 h 00 min, nobody has it",
      "reminder: PRA main: server unreachable for 2 h 00 min, nobody has it",
      "reminder: PRA main: server unreachable for 3 h 00 min, nobody has it",
    ],
  );
  assert.deepEqual(
    new Set(sent.slice(1).map(({ inReplyTo }) => inReplyTo)),
    new Set([sent[0]?.id]),
  );
});

test("L43 a wall clock that is set neither opens an alert early nor keeps a resolution back", () => {
  const watch = new WatchPlayer();
  const step = (ms: number): void => {
    watch.moment = { ...watch.moment, wallMs: watch.moment.wallMs + ms };
  };
  watch.look({ exposure: 7200 });
  step(10 * HOUR);
  watch.lookFor(MINUTE, { exposure: 7200 });
  assert.deepEqual(watch.told(), [], "a minute has passed, not ten hours");
  watch.lookFor(2 * MINUTE, { exposure: 7200 });
  assert.deepEqual(watch.told(), ["opened exposure"]);
  step(-20 * HOUR);
  watch.lookFor(2 * MINUTE, { exposure: 0 });
  const [over] = watch.sent();
  assert.equal(over?.kind, "resolved");
  assert.equal(over?.alerts[0]?.resolved?.lastedSeconds, 300);
});

test("L43 the time of a reboot counts by the wall clock, and never backwards", () => {
  const watch = new WatchPlayer();
  watch.look({ server: "ill" });
  watch.moment = { wallMs: watch.moment.wallMs + 20 * MINUTE, uptimeMs: 30_000, bootId: "b" };
  watch.look({ server: "ill" });
  watch.moment = { wallMs: watch.moment.wallMs - HOUR, uptimeMs: 30_000, bootId: "c" };
  watch.look({ server: "ill" });
  watch.lookFor(MINUTE, { server: "well" });
  assert.equal(watch.sent().at(-1)?.alerts[0]?.resolved?.lastedSeconds, 21 * 60);
});

test("R21 of two looks that overlap the later one counts", () => {
  const watch = new WatchPlayer();
  watch.look({ server: "well" });
  watch.pass(10_000);
  // This one began before the other, waited for a time limit, and found the server ill as it was then.
  watch.look({ server: "ill" }, 15_000);
  assert.deepEqual(watch.told(), []);
});

test("R21 what nobody looks at any more does not stay open for ever", () => {
  const watch = new WatchPlayer();
  watch.look({ "jobs/old": "ill", server: "well" });
  watch.lookFor(30 * HOUR, { server: "well" }, HOUR);
  const sent = watch.sent();
  assert.equal(sent.at(-1)?.headline, "PRA main: no longer watched: a backup failed (old)");
  assert.deepEqual(watch.document.alerts.tracks, []);
});

test("R21 what one look finds is one message, worst first, with at most a hundred characters for the lock screen", () => {
  const watch = new WatchPlayer();
  const names = Array.from({ length: 5 }, (_, index) => `jobs/${"long-name-".repeat(8)}${index}`);
  const found: Found = Object.fromEntries(names.map((name) => [name, "ill"]));
  watch.look({ ...found, server: "ill" });
  const [message, ...others] = watch.sent();
  assert.equal(others.length, 0);
  assert.ok((message?.headline.length ?? 999) <= 100);
  assert.equal(message?.alerts.length, 6);
  assert.match(message?.headline ?? "", /, and 5 more$/);
});
