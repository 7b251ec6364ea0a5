/** Which failures open a corrective action, and that each opens one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { actionFailuresMs } from "../core/ledger-limits.ts";
import type { EventContent } from "../ledger/event-kinds.ts";
import { type ActionWord, type CorrectiveAction, actionsOf } from "./corrective-actions.ts";
import { type FailedControl, actionIdOf, actionsDue, failedControls } from "./failed-controls.ts";
import { SlaCollector, type SlaFacts } from "./sla-facts.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 20, 12);
const ID = "0".repeat(32);
const place = { cluster: "main", incarnation: `${"0".repeat(16)}-${ID}` };

const iso = (atMs: number): string => new Date(atMs).toISOString();

type Event = { readonly atMs: number } & EventContent;

function factsOf(...events: readonly Event[]): SlaFacts {
  const collector = new SlaCollector();
  for (const { atMs, ...content } of events) {
    collector.add({ time: iso(atMs), content });
  }
  // Something is known of the cluster in any case.
  const data = { cluster: "main", by: "a", note: "", at: iso(NOW), routine: "review-14" };
  collector.add({ time: iso(NOW), content: { kind: "routineDone", data } });
  const [facts] = collector.facts();
  assert.ok(facts !== undefined);
  return facts;
}

const failedBackup = (atMs: number): Event => ({
  atMs,
  kind: "backupFailed",
  data: { ...place, backup: null, startedAt: iso(atMs), code: "PG_UNREACHABLE", message: "" },
});

const proof = (
  atMs: number,
  verdict: "proven" | "failed" | "unfit",
  rtoSeconds: number | null,
): Event => ({
  atMs,
  kind: "proofFinished",
  data: {
    ...place,
    backup: ID,
    target: { kind: "latest", value: null, timeline: null },
    verdict,
    reached: null,
    levels: [],
    serverVersion: null,
    rpoSeconds: null,
    rtoSeconds,
    predictedMs: null,
  },
});

const loadTest = (
  atMs: number,
  ...outcomes: readonly ("pass" | "fail" | "notReached")[]
): Event => ({
  atMs,
  kind: "loadTestFinished",
  data: {
    cluster: "main",
    host: "a",
    startedAt: iso(atMs),
    durationMs: 1,
    ending: "interrupted",
    ok: false,
    seed: 1,
    clients: 1,
    databaseBytes: 1,
    acknowledged: 1,
    tests: outcomes.map((outcome, index) => ({ name: `test${index}`, outcome })),
    rpoSeconds: null,
    rtoSeconds: null,
    objectives: { rpoSeconds: 3600, rtoSeconds: 1800 },
    reports: [],
  },
});

/** An hour of looks, each slot exposed for so long. */
const looks = (fromMs: number, exposureSeconds: number): Event => ({
  atMs: fromMs + HOUR,
  kind: "looksSampled",
  data: {
    cluster: "main",
    host: "a",
    from: iso(fromMs),
    objectives: { rpoSeconds: 3600, rtoSeconds: 1800 },
    looks: 12,
    slots: Array.from({ length: 12 }, () => ({
      exposureSeconds,
      backupAgeSeconds: null,
      proofAgeSeconds: null,
      state: "good" as const,
    })),
  },
});

const missed: readonly { readonly id: string; readonly dueAtMs: number }[] = [];

function due(facts: SlaFacts, nowMs = NOW): readonly FailedControl[] {
  return actionsDue(
    failedControls(facts, { nowMs, share: 0.99, zone: "UTC", missed }),
    facts.actions,
  );
}

function opening(failed: FailedControl, atMs: number): Event {
  const { control, subject, failedAtMs, detail } = failed;
  const data = {
    cluster: "main",
    action: actionIdOf("main", failed),
    control,
    subject,
    failedAt: iso(failedAtMs),
    detail,
    title: "",
    owner: "",
    dueAt: iso(atMs + DAY),
    by: null,
    why: "",
  };
  return { atMs, kind: "actionOpened", data };
}

const closing = (action: string, atMs: number, by = "Awa"): Event => ({
  atMs,
  kind: "actionClosed",
  data: { cluster: "main", action, by, why: "mended" },
});

function first(failed: readonly FailedControl[]): FailedControl {
  const [one] = failed;
  assert.ok(one !== undefined && failed.length === 1, JSON.stringify(failed));
  return one;
}

test("R30 S137 a night of failed backups opens one action, which says why; the first failure after it was closed opens the next", () => {
  const night = Array.from({ length: 10 }, (_, hour) => failedBackup(NOW - DAY + hour * HOUR));
  const failed = first(due(factsOf(...night)));
  assert.deepEqual(failed, {
    control: "backup",
    subject: "",
    failedAtMs: NOW - DAY,
    detail: "PG_UNREACHABLE",
  });
  const open = opening(failed, NOW - DAY + 90 * MINUTE);
  assert.deepEqual(due(factsOf(...night, open)), []);
  const closed = closing(actionIdOf("main", failed), NOW - 6 * HOUR);
  assert.deepEqual(due(factsOf(...night, open, closed)), []);
  const again = first(due(factsOf(...night, open, closed, failedBackup(NOW - HOUR))));
  assert.equal(again.failedAtMs, NOW - HOUR);
  assert.notEqual(actionIdOf("main", again), actionIdOf("main", failed));
});

test("R30 S138 a proof that failed, or could not be made, opens an action that names its backup; a good one does not", () => {
  assert.deepEqual(due(factsOf(proof(NOW - HOUR, "proven", 60))), []);
  for (const verdict of ["failed", "unfit"] as const) {
    const failed = first(due(factsOf(proof(NOW - HOUR, verdict, null))));
    assert.deepEqual([failed.control, failed.detail], ["proof", ID]);
  }
});

test("R6 a load test that fails opens an action that names the tests; one that was ended early has broken no promise", () => {
  assert.deepEqual(due(factsOf(loadTest(NOW - HOUR, "pass", "notReached"))), []);
  const failed = first(due(factsOf(loadTest(NOW - HOUR, "pass", "fail", "fail"))));
  assert.deepEqual([failed.control, failed.detail], ["loadtest", "test1, test2"]);
});

test("R23 each missed routine opens an action of its own, at its due time once", () => {
  const facts = factsOf();
  const duties = [
    { id: "verify", dueAtMs: NOW - 2 * DAY },
    { id: "restore-test", dueAtMs: NOW - DAY },
  ];
  const find = (nowMs: number, actions: readonly CorrectiveAction[]): readonly FailedControl[] =>
    actionsDue(failedControls(facts, { nowMs, share: 0.99, zone: "UTC", missed: duties }), actions);
  const found = find(NOW, []);
  assert.deepEqual(
    found.map(({ control, subject }) => [control, subject]),
    [
      ["routine", "verify"],
      ["routine", "restore-test"],
    ],
  );
  const words = found.map((one): Event => opening(one, NOW));
  const open = actionsOf(words.filter((word) => word.kind === "actionOpened"));
  assert.deepEqual(find(NOW + HOUR, open), []);
});

test("R30 S135 an RPO opens one action a month, when the month cannot be met any more however it goes on", () => {
  const month = Date.UTC(2026, 10, 1);
  // 1 % of thirty days is 7.2 hours.
  const seven = Array.from({ length: 7 }, (_, hour) => looks(month + hour * HOUR, 4000));
  assert.deepEqual(due(factsOf(...seven), month + 8 * HOUR), []);
  const eight = [...seven, looks(month + 7 * HOUR, 5000)];
  const failed = first(due(factsOf(...eight), month + 9 * HOUR));
  assert.deepEqual(failed, {
    control: "rpo",
    subject: "2026-11",
    failedAtMs: month,
    detail: "5000",
  });
  const open = opening(failed, month + 9 * HOUR);
  const closed = closing(actionIdOf("main", failed), month + DAY);
  assert.deepEqual(due(factsOf(...eight, open, closed)), []);
  // Looked at in the next month it is missed as well; unknown time alone is not.
  assert.equal(first(due(factsOf(...eight), Date.UTC(2026, 11, 3))).subject, "2026-11");
  assert.deepEqual(due(factsOf(looks(month, 10)), Date.UTC(2026, 11, 3)), []);
});

test("R30 S136 a restore that took longer than was promised opens an action, with the worst time", () => {
  const promised = looks(NOW - 5 * HOUR, 10);
  const late = first(due(factsOf(promised, proof(NOW - HOUR, "proven", 1800))));
  assert.deepEqual([late.control, late.subject, late.detail], ["rto", "2026-11", "1800"]);
  assert.deepEqual(due(factsOf(promised, proof(NOW - HOUR, "proven", 1799))), []);
});

test("failures of long ago, and of a future that a clock made up, open nothing", () => {
  assert.deepEqual(due(factsOf(failedBackup(NOW - actionFailuresMs - 1))), []);
  assert.deepEqual(due(factsOf(failedBackup(NOW + HOUR))), []);
});

test("an action that two hosts opened is one, of two closings the first counts, and what a slow clock says of it holds", () => {
  const failed = first(due(factsOf(failedBackup(NOW - DAY))));
  const id = actionIdOf("main", failed);
  const word = (event: Event): ActionWord => {
    assert.ok(
      event.kind === "actionOpened" ||
        event.kind === "actionAssigned" ||
        event.kind === "actionClosed",
    );
    return event;
  };
  const assigned: Event = {
    atMs: NOW - 3 * HOUR,
    kind: "actionAssigned",
    data: { cluster: "main", action: id, owner: "Léa", dueAt: iso(NOW), by: "Léa", why: "" },
  };
  const words = [
    closing(id, NOW + HOUR, "second"),
    closing(id, NOW, "first"),
    assigned,
    opening(failed, NOW - HOUR),
    opening(failed, NOW - 2 * HOUR),
    closing("f".repeat(32), NOW),
  ].map(word);
  const [action, ...others] = actionsOf(words);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [action?.openedAtMs, action?.owner, action?.closed?.by],
    [NOW - 2 * HOUR, "Léa", "first"],
  );
});
