/** Silences, maintenance windows, acknowledgement, hours and escalation. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WatchPlayer, routeFor } from "../../tests/support/watch-player.ts";
import { type Contact, type Quiet, isWithin, parseHours } from "./policy.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function quiet(watch: WatchPlayer, part: Partial<Quiet>): void {
  const { wallMs } = watch.moment;
  const watchMs = watch.document.alerts.time?.watchMs ?? 0;
  const one: Quiet = {
    id: "q",
    kind: "silence",
    rule: "all",
    by: "t",
    reason: "t",
    from: { watchMs, wallMs },
    untilWallMs: wallMs + HOUR,
    ...part,
  };
  watch.document = { ...watch.document, quiets: [...watch.document.quiets, one] };
}

test("R21 what opens during a silence is told when that ends by itself, and what ended before is never told", () => {
  const watch = new WatchPlayer();
  watch.look({ server: "well" });
  quiet(watch, {});
  watch.lookFor(10 * MINUTE, { "jobs/a": "ill", "jobs/b": "ill" });
  watch.lookFor(10 * MINUTE, { "jobs/a": "ill", "jobs/b": "well" });
  assert.deepEqual(watch.told(), []);
  watch.lookFor(HOUR, { "jobs/a": "ill", "jobs/b": "well" });
  assert.deepEqual(watch.told(), ["opened jobs"]);
  assert.deepEqual(watch.document.quiets, []);
  const ended = watch.document.events.filter(({ kind }) => kind === "alertsUnsilenced");
  assert.deepEqual(
    ended.map(({ data }) => data["by"]),
    [null],
  );
});

test("R21 what was told before a silence is resolved aloud during it", () => {
  const watch = new WatchPlayer();
  watch.look({ server: "ill" });
  quiet(watch, { rule: "server" });
  watch.lookFor(50 * MINUTE, { server: "ill" });
  watch.lookFor(MINUTE, { server: "well", "jobs/a": "ill" });
  assert.deepEqual(watch.told(), ["opened server", "opened jobs server✓"]);
});

test("L43 R21 a silence ends after the time it was given for, also when the wall clock is set back meanwhile", () => {
  const watch = new WatchPlayer();
  watch.look({ server: "well" });
  quiet(watch, {});
  watch.moment = { ...watch.moment, wallMs: watch.moment.wallMs - 100 * HOUR };
  watch.lookFor(2 * HOUR, { server: "ill" }, 10 * MINUTE);
  assert.equal(watch.told()[0], "opened server");
});

test("R21 a planned window keeps its rules quiet, and no others", () => {
  const watch = new WatchPlayer();
  const untilWallMs = watch.moment.wallMs + HOUR;
  const planned = [{ name: "patching", rules: ["server"], untilWallMs }];
  watch.setup = { ...watch.setup, planned };
  watch.look({ server: "ill", "jobs/a": "ill" });
  assert.deepEqual(watch.told(), ["opened jobs"]);
  watch.lookFor(HOUR, { server: "ill", "jobs/a": "ill" }, 10 * MINUTE);
  assert.deepEqual(watch.told(), ["opened server"]);
});

const weekdays = parseHours("mon-fri 08:00-18:00", "Europe/Paris");
const nights = parseHours("mon-sun 20:00-08:00", "Europe/Paris");

function contact(name: string, hours: Contact["hours"]): Contact {
  return { name, language: "en", hours };
}

test("L43 hours are those of their time zone on both sides of a change of clocks, and may reach over midnight", () => {
  const at = (text: string): number => Date.parse(text);
  assert.equal(isWithin(weekdays, at("2026-10-23T06:30:00Z")), true, "Friday 08:30 in summer");
  assert.equal(isWithin(weekdays, at("2026-10-26T06:30:00Z")), false, "Monday 07:30 in winter");
  assert.equal(isWithin(weekdays, at("2026-10-25T10:00:00Z")), false, "Sunday");
  assert.equal(isWithin(nights, at("2026-10-25T00:30:00Z")), true);
  assert.equal(isWithin(nights, at("2026-10-25T11:00:00Z")), false);
  const friday = parseHours("fri 22:00-06:00", "UTC");
  assert.equal(isWithin(friday, at("2026-11-21T05:59:00Z")), true, "Saturday's early hours");
  assert.equal(isWithin(friday, at("2026-11-20T05:59:00Z")), false, "Friday's early hours");
  assert.equal(parseHours("monday 8-18", "UTC"), undefined);
});

test("R21 when nobody takes an alert the next ones are told, each once, and all of them hear how it ended", () => {
  const routes = [
    routeFor({}),
    routeFor({ id: "sms anna", channel: "sms", contact: "Anna", minimum: "critical" }),
    routeFor({ id: "email boss", contact: "Boss" }),
  ];
  const watch = new WatchPlayer({
    routes,
    contacts: [contact("Anna", undefined), contact("Boss", undefined)],
    escalation: [
      { afterMs: 0, contacts: ["Anna"], severity: "critical" },
      { afterMs: 15 * MINUTE, contacts: ["Boss"], severity: "critical" },
    ],
  });
  const by = new Map<string, string[]>();
  const look = (ms: number, health: "ill" | "well"): void => {
    for (let passed = 0; passed < ms; passed += 5 * MINUTE) {
      watch.pass(5 * MINUTE);
      const before = watch.document.outbox.waiting.length;
      assert.equal(before, 0);
      watch.look({ server: health });
      for (const { kind, headline } of watch.sent()) {
        by.set(kind, [...(by.get(kind) ?? []), headline]);
      }
    }
  };
  look(5 * MINUTE, "ill");
  assert.equal(by.get("opened")?.length, 2, "the settings' channel and Anna");
  look(20 * MINUTE, "ill");
  assert.deepEqual(by.get("raised"), [
    "PRA main: nobody has taken it for 15 min: server unreachable",
  ]);
  look(5 * MINUTE, "well");
  assert.equal(by.get("resolved")?.length, 3);
});

test("R21 outside everybody's hours a warning waits for the morning, and something critical wakes them", () => {
  const watch = new WatchPlayer({
    routes: [routeFor({ id: "email anna", contact: "Anna" })],
    contacts: [contact("Anna", weekdays)],
    escalation: [{ afterMs: 0, contacts: ["Anna"], severity: "warning" }],
  });
  // Monday 23 November, 22:02 in Paris.
  watch.moment = { ...watch.moment, wallMs: Date.parse("2026-11-23T21:02:00Z") };
  watch.look({ certificate: "ill" });
  watch.lookFor(3 * HOUR, { certificate: "ill", server: "ill" }, 30 * MINUTE);
  assert.deepEqual(
    watch.told().filter((line) => line.startsWith("opened")),
    ["opened server"],
  );
  watch.lookFor(8 * HOUR, { certificate: "ill", server: "ill" }, 30 * MINUTE);
  const told = watch.told();
  assert.ok(told.includes("raised certificate"), told.join("\n"));
});
