/** Routines: each side of each limit, on a calendar. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type OccurrencesOf, loadOccurrences } from "./occurrences.ts";
import { type Deed, type JudgedRoutine, judgeRoutines, personRoutines } from "./routines.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const zone = "Europe/Paris";
const since = "2026-01-01T00:00:00.000Z";
const jobs = [
  { id: "backup", pattern: "17 * * * *", since },
  { id: "restore-test", pattern: "0 9 * * 1", since },
  { id: "verify", pattern: "3 6 * * 0", since },
] as const;

let occurrencesOf: OccurrencesOf;
before(async () => {
  occurrencesOf = await loadOccurrences();
});

type Known = {
  readonly done?: Readonly<Record<string, Deed>>;
  readonly liveAt?: string;
  readonly readAt?: string;
};

function judged(at: string, { done = {}, liveAt, readAt = at }: Known = {}) {
  const liveAtMs = liveAt === undefined ? undefined : Date.parse(liveAt);
  const now = { nowMs: Date.parse(at), readAtMs: Date.parse(readAt) };
  const all = judgeRoutines({ ...now, zone, occurrencesOf, jobs, liveAtMs, done });
  return new Map(all.map((routine) => [routine.id, routine]));
}

function deed(at: string, by: string | null = "Awa Diop"): Deed {
  return { atMs: Date.parse(at), by };
}

function dayOf(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : new Date(atMs).toISOString().slice(0, 16);
}

function state(at: string, id: JudgedRoutine["id"], known: Known = {}): string | undefined {
  return judged(at, known).get(id)?.state;
}

test("R23 the monthly review is due on the first Monday, missed a week later, and done when a person says so, a week early at most", () => {
  const id = "monthly-review";
  assert.equal(dayOf(judged("2026-11-23T12:00:00Z").get(id)?.nextAtMs), "2026-12-07T08:00");
  assert.equal(state("2026-12-07T08:00:00Z", id), "due");
  assert.equal(state("2026-12-14T08:00:00Z", id), "due");
  assert.equal(state("2026-12-14T08:00:01Z", id), "missed");
  const early = { done: { [id]: deed("2026-11-30T08:00:00Z") } };
  assert.equal(state("2026-12-20T08:00:00Z", id, early), "done");
  const tooEarly = { done: { [id]: deed("2026-11-30T07:59:00Z") } };
  assert.equal(state("2026-12-20T08:00:00Z", id, tooEarly), "missed");
  const late = { done: { [id]: deed("2026-12-18T08:00:00Z") } };
  assert.equal(state("2026-12-20T08:00:00Z", id, late), "done");
  assert.equal(state("2027-01-04T08:00:00Z", id, late), "due");
});

test("R23 the failover exercise is due each quarter, and missed a fortnight later", () => {
  const id = "failover-exercise";
  assert.equal(state("2026-04-14T07:00:00Z", id), "due");
  assert.equal(dayOf(judged("2026-04-14T07:00:00Z").get(id)?.nextAtMs), "2026-07-14T07:00");
  assert.equal(state("2026-04-28T07:00:01Z", id), "missed");
  assert.equal(
    state("2026-06-01T07:00:00Z", id, { done: { [id]: deed("2026-05-20T10:00:00Z") } }),
    "done",
  );
});

test("R23 R24 the full load test of day 30 is planned by a go-live; the ledger's load test of the week before or later shows it, an earlier one does not", () => {
  const id = "load-test-30";
  const liveAt = "2026-11-02T10:00:00Z";
  assert.ok(!judged("2026-11-23T12:00:00Z").has(id));
  assert.equal(state("2026-11-10T10:00:00Z", id, { liveAt }), "planned");
  assert.equal(state("2026-12-02T10:00:00Z", id, { liveAt }), "due");
  assert.equal(state("2026-12-09T10:00:01Z", id, { liveAt }), "missed");
  const ranAt = (at: string): Known => ({ liveAt, done: { "load-test": deed(at, null) } });
  assert.equal(state("2026-12-09T10:00:01Z", id, ranAt("2026-11-25T09:59:00Z")), "missed");
  const inTime = ranAt("2026-11-25T10:00:00Z");
  assert.equal(state("2026-12-01T10:00:00Z", id, inTime), "done");
  const done = judged("2027-03-01T10:00:00Z", inTime).get(id);
  assert.deepEqual([done?.state, done?.nextAtMs, done?.step], ["done", undefined, "./loadtest.sh"]);
  // The month's load test beside it is due by the calendar as ever.
  assert.equal(state("2027-03-01T10:00:00Z", "load-test", inTime), "due");
});

test("R23 the reviews of day 14 and day 30 are planned by a go-live, and are over once done", () => {
  const liveAt = "2026-11-02T10:00:00Z";
  assert.ok(!judged("2026-11-23T12:00:00Z").has("review-14"));
  assert.equal(state("2026-11-10T10:00:00Z", "review-14", { liveAt }), "planned");
  assert.equal(state("2026-11-16T10:00:00Z", "review-14", { liveAt }), "due");
  assert.equal(state("2026-11-23T10:00:01Z", "review-14", { liveAt }), "missed");
  const known = { liveAt, done: { "review-14": deed("2026-11-15T10:00:00Z") } };
  const done = judged("2026-12-24T10:00:00Z", known).get("review-14");
  assert.deepEqual([done?.state, done?.nextAtMs], ["done", undefined]);
  // A go-live that begins anew has reviews of its own.
  const again = { ...known, liveAt: "2026-12-01T10:00:00Z" };
  assert.equal(state("2026-12-16T10:00:00Z", "review-14", again), "due");
});

test("R23 Monday's restore test counts when the ledger has a proof since, whatever its job's log says", () => {
  const id = "restore-test";
  const monday = "2026-11-23T08:00:00Z";
  assert.equal(state("2026-11-23T10:00:00Z", id, { done: { [id]: deed(monday, null) } }), "done");
  const before = { done: { [id]: deed("2026-11-16T08:00:00Z", null) } };
  assert.equal(state("2026-11-23T10:00:00Z", id, before), "due");
  assert.equal(state("2026-11-24T08:00:01Z", id, before), "missed");
});

test("R23 the load test of the last Thursday counts when the ledger has one, a week early or late, and is missed after that", () => {
  const id = "load-test";
  assert.equal(dayOf(judged("2026-11-23T12:00:00Z").get(id)?.nextAtMs), "2026-11-26T20:00");
  const october = { done: { [id]: deed("2026-10-29T21:00:00Z", null) } };
  assert.equal(state("2026-11-26T19:59:00Z", id, october), "done");
  assert.equal(state("2026-11-26T20:00:00Z", id, october), "due");
  assert.equal(state("2026-12-03T20:00:00Z", id, october), "due");
  assert.equal(state("2026-12-03T20:00:01Z", id, october), "missed");
  const early = { done: { [id]: deed("2026-11-19T20:00:00Z", null) } };
  assert.equal(state("2026-12-10T12:00:00Z", id, early), "done");
  assert.equal(judged("2026-11-27T12:00:00Z", october).get(id)?.step, "./loadtest.sh");
});

test("R23 what was due before anything was planned is not missed, and neither is what the ledger has not been read for", () => {
  const nowMs = Date.parse("2026-12-30T12:00:00Z");
  const fresh = jobs.map((job) => ({ ...job, since: "2026-12-29T00:00:00.000Z" }));
  const context = { nowMs, readAtMs: nowMs, zone, occurrencesOf, liveAtMs: undefined, done: {} };
  const states = judgeRoutines({ ...context, jobs: fresh }).map((routine) => routine.state);
  assert.deepEqual([...new Set(states)], ["planned"]);
  assert.deepEqual(judgeRoutines({ ...context, jobs: [] }), []);
  const unread = { readAt: "2026-12-10T00:00:00Z" };
  assert.equal(state("2026-12-30T12:00:00Z", "monthly-review", unread), "due");
});

test("L43 R23 a deed of the future, under a clock that was set back, shows nothing", () => {
  const done = { "monthly-review": deed("2027-06-01T00:00:00Z") };
  assert.equal(state("2026-12-20T08:00:00Z", "monthly-review", { done }), "missed");
});

test("R23 what people record is what no job does", () => {
  assert.deepEqual(personRoutines, [
    "monthly-review",
    "failover-exercise",
    "review-14",
    "review-30",
  ]);
  assert.equal(
    judged("2026-12-08T08:00:00Z").get("monthly-review")?.untilMs,
    Date.parse("2026-12-07T08:00:00Z") + 7 * DAY,
  );
});
