/** The rules that judge a look, each side of each limit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { present } from "../../core/assert.ts";
import type { Finding } from "../../core/finding/finding.ts";
import { usualThresholds } from "../../core/first-week.ts";
import type { ArchiverHealth, SlotHealth } from "../../postgres/server-health.ts";
import { withSample, type Sample } from "../samples.ts";
import { judgeArchiver } from "./archiver.ts";
import { judgeCertificate } from "./certificates.ts";
import { judgeClock } from "./clock.ts";
import { judgeForecast } from "./forecast.ts";
import { judgeJobs } from "./jobs.ts";
import { judgeWays } from "./reachability.ts";
import { judgePages } from "./pages.ts";
import { judgeReceiver } from "./receiver.ts";
import { wordsOf } from "../../core/finding/finding-words.ts";
import { judgeReadiness } from "./readiness.ts";
import { type JobRuns, judgeRuns } from "./runs.ts";
import { judgeSchedule } from "./schedule.ts";
import { judgeSlots } from "./slots.ts";
import { judgeVersionEnd } from "./version-end.ts";
import { judgeWalSpace } from "./wal-space.ts";

const GIB = 1024 ** 3;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function told(findings: Finding | readonly Finding[]): string {
  const all = Array.isArray(findings) ? findings : [findings];
  return all.map(({ state, fact }: Finding) => `${state} ${fact}`).join(", ");
}

const own: SlotHealth = {
  name: "pra_main",
  active: false,
  retainedBytes: 0,
  walStatus: "reserved",
  safeBytes: undefined,
};

test("R20 L46 L47 slots: ours that nobody reads, ours that ends, ours that is gone, and others'", () => {
  const judged = (slots: readonly SlotHealth[], expected = true): string =>
    told(judgeSlots(slots, { own: "pra_main", expected }));
  assert.equal(judged([own]), "good slot-held");
  assert.equal(judged([{ ...own, retainedBytes: GIB }]), "bad slot-held-much");
  assert.equal(judged([{ ...own, retainedBytes: 9 * GIB, active: true }]), "good slot-held");
  assert.equal(judged([{ ...own, safeBytes: 16 * GIB - 1 }]), "bad slot-ending");
  assert.equal(judged([{ ...own, safeBytes: 1, active: true }]), "good slot-held");
  assert.equal(judged([{ ...own, walStatus: "lost", retainedBytes: undefined }]), "bad slot-lost");
  assert.equal(judged([]), "bad slot-absent");
  assert.equal(judged([], false), "");
  const other = { ...own, name: "theirs", retainedBytes: GIB };
  assert.equal(judged([own, other]), "good slot-held, note slot-foreign");
  assert.equal(judged([own, { ...other, active: true }]), "good slot-held");
});

test("L46 a receiver is judged by its lease and by the slot: one that holds the lease and does not read is as bad as none", () => {
  const holder = { host: "db1", pid: 7, liveness: "alive" } as const;
  const [read, unread] = [
    { ...own, active: true },
    { ...own, active: false },
  ];
  const judged = (...seen: Parameters<typeof judgeReceiver>): string =>
    told(judgeReceiver(...seen));
  assert.equal(judged(undefined, undefined), "note receiver-none");
  assert.equal(judged(undefined, read), "note receiver-none");
  assert.equal(judged(undefined, unread), "bad receiver-stopped");
  assert.equal(judged(holder, undefined), "good receiver-there");
  assert.equal(judged(holder, read), "good receiver-there");
  assert.equal(judged(holder, unread), "bad receiver-idle");
  assert.equal(judged({ ...holder, liveness: "unknown" }, unread), "bad receiver-idle");
  assert.equal(judged({ ...holder, liveness: "dead" }, read), "bad receiver-dead");
});

test("L46 an archiver is judged by what came last, and by how long something waits", () => {
  const off: ArchiverHealth = {
    mode: "off",
    lastArchivedWal: undefined,
    lastArchivedMs: undefined,
    lastFailedWal: undefined,
    lastFailedMs: undefined,
    failures: 0,
    waiting: { count: 0, oldestMs: undefined },
  };
  const on = { ...off, mode: "on" } as const;
  const judged = (archiver: ArchiverHealth, streamed = false): string =>
    told(judgeArchiver(archiver, { nowMs: DAY, streamed }));
  assert.equal(judged({ ...off, lastFailedMs: 1, failures: 3 }), "good archiver-off");
  assert.equal(judged(off, true), "good archiver-streamed");
  assert.equal(judged({ ...off, lastArchivedMs: 1 }), "bad archiver-ended");
  assert.equal(judged({ ...off, lastArchivedMs: 1 }, true), "good archiver-streamed");
  assert.equal(judged(on), "note archiver-idle");
  assert.equal(judged({ ...on, waiting: undefined }), "note archiver-hidden");
  assert.equal(judged({ ...on, lastFailedMs: 5 }), "bad archiver-failing");
  assert.equal(judged({ ...on, lastFailedMs: 5, lastArchivedMs: 4 }), "bad archiver-failing");
  assert.equal(judged({ ...on, lastFailedMs: 5, lastArchivedMs: 6 }), "good archiver-well");
  const waiting = (oldestMs: number): ArchiverHealth => ({
    ...on,
    lastArchivedMs: 1,
    waiting: { count: 2, oldestMs },
  });
  assert.equal(judged(waiting(DAY - 600_000)), "good archiver-well");
  assert.equal(judged(waiting(DAY - 600_001)), "bad archiver-stuck");
});

test("L43 clocks that differ by a second are told, by half a minute red, in either direction", () => {
  assert.equal(told(judgeClock(999)), "good clock-right");
  assert.equal(told(judgeClock(-1000)), "note clock-off");
  assert.equal(told(judgeClock(30_000)), "bad clock-off");
  assert.equal(told(judgeClock(-3_600_000)), "bad clock-off");
});

test("R20 the end of a version is told half a year ahead, and an unknown one not at all", () => {
  const judged = (day: string): string => told(judgeVersionEnd(15, Date.parse(day)) ?? []);
  assert.equal(judged("2027-05-01"), "good version-alive");
  assert.equal(judged("2027-06-01"), "note version-ending");
  assert.equal(judged("2027-11-12"), "note version-ended");
  assert.equal(judgeVersionEnd(42, 0), undefined);
});

function draining(from: number, perHour: number, hours: number): readonly Sample[] {
  let samples: readonly Sample[] = [];
  for (let hour = 0; hour <= hours; hour += 1) {
    const free = from - perHour * hour;
    const atMs = 400 * DAY + hour * HOUR;
    samples = withSample(samples, { atMs, repositoryFreeBytes: free, walFreeBytes: free });
  }
  return samples;
}

test("R20 L47 the day the repository's disk fills is told a fortnight ahead, and believed after a day", () => {
  assert.equal(
    told(judgeForecast(draining(1000 * GIB, GIB, 23), usualThresholds)),
    "good forecast-unknown",
  );
  assert.equal(
    told(judgeForecast(draining(1000 * GIB, GIB, 48), usualThresholds)),
    "good space-lasts",
  );
  assert.equal(
    told(judgeForecast(draining(300 * GIB, GIB, 48), usualThresholds)),
    "note space-fills",
  );
  assert.equal(
    told(judgeForecast(draining(100 * GIB, GIB, 48), usualThresholds)),
    "bad space-fills",
  );
  assert.equal(
    told(judgeForecast(draining(100 * GIB, -GIB, 48), usualThresholds)),
    "good space-lasts",
  );
  const [finding] = judgeForecast(draining(300 * GIB, GIB, 60), usualThresholds);
  const filled = new Date(400 * DAY + 300 * HOUR).toISOString().slice(0, 10);
  assert.equal(finding?.fact === "space-fills" && finding.values["day"], filled);
  assert.deepEqual(judgeForecast([], usualThresholds), []);
});

test("L47 the hour in which pg_wal fills is told while something retains WAL, and what is nearly full always", () => {
  const judged = (samples: readonly Sample[], retaining: boolean): string => {
    const now = samples.at(-1);
    return now === undefined
      ? ""
      : told(
          judgeWalSpace(samples.slice(0, -1), now, {
            slot: { name: "pra_main", active: false },
            retaining,
            thresholds: usualThresholds,
          }),
        );
  };
  const fast = draining(30 * GIB, 3 * GIB, 2);
  assert.equal(judged(fast, true), "bad wal-space-filling");
  assert.equal(judged(fast, false), "good wal-space-free");
  assert.equal(judged(draining(60 * GIB, GIB, 2), true), "good wal-space-free");
  assert.equal(judged(draining(4 * GIB, 1.5 * GIB, 2), false), "bad wal-space-low");
});

test("L47 of a server elsewhere the hour is told in which it gives the slot up, and that nobody sees its disk where it has no such limit", () => {
  const thresholds = usualThresholds;
  const judged = (active: boolean | undefined, left: readonly (number | undefined)[]): string => {
    const samples = left.map((slotSafeBytes, hour) => ({
      atMs: 400 * DAY + hour * HOUR,
      repositoryFreeBytes: undefined,
      walFreeBytes: undefined,
      slotSafeBytes,
    }));
    const now = present(samples.at(-1), "a sample");
    const slot = { name: "pra_main", active };
    return told(judgeWalSpace(samples.slice(0, -1), now, { slot, retaining: true, thresholds }));
  };
  assert.equal(judged(false, [30 * GIB, 27 * GIB, 24 * GIB]), "bad wal-limit-nearing");
  assert.equal(judged(false, [90 * GIB, 89 * GIB, 88 * GIB]), "good wal-limit-far");
  assert.equal(judged(true, [30 * GIB, 27 * GIB, 24 * GIB]), "good wal-limit-far");
  assert.equal(judged(true, [undefined]), "note wal-space-unknown");
  assert.equal(judged(undefined, [undefined]), "");
});

test("L53 a failed run, a stuck one and a dead one are each told", () => {
  const nowMs = 10 * DAY;
  const failed = { at: new Date(9 * DAY).toISOString(), code: "STORE_IO", message: "m" };
  const holder = { host: "h", pid: 7, sinceMs: nowMs - 10 * HOUR, liveness: "alive" } as const;
  const judged = (about: Parameters<typeof judgeJobs>[0]): string => told(judgeJobs(about, nowMs));
  assert.equal(judged({ failed: undefined, holder: undefined }), "good jobs-good");
  assert.equal(judged({ failed, holder }), "bad jobs-failed");
  assert.equal(judged({ failed: undefined, holder: { ...holder, sinceMs: 0 } }), "bad jobs-stuck");
  assert.equal(
    judged({ failed: undefined, holder: { ...holder, liveness: "dead" } }),
    "bad jobs-dead",
  );
});

test("R20 a server whose role lost its right to replicate, or whose wal_level fell, is red with what mends it", () => {
  const role = { name: "akig_backup", replicates: true };
  assert.equal(
    told(judgeReadiness({ walLevel: "replica", role })),
    "good wal-level-fit, good replication-granted",
  );
  const lost = { name: "Backup", replicates: false };
  const [level, right] = judgeReadiness({ walLevel: "minimal", role: lost });
  assert.deepEqual([level?.state, right?.state], ["bad", "bad"]);
  assert.match(
    right === undefined ? "" : wordsOf(right, "en").hint,
    /^ALTER ROLE "Backup" REPLICATION;/,
  );
});

test("R20 a certificate is told a month ahead, red a week ahead and when it has ended", () => {
  const judged = (leftMs: number): string =>
    told(judgeCertificate({ where: "w", endsMs: 100 * DAY + leftMs }, 100 * DAY));
  assert.equal(judged(30 * DAY), "good certificate-valid");
  assert.equal(judged(30 * DAY - 1), "note certificate-ending");
  assert.equal(judged(7 * DAY - 1), "bad certificate-ending");
  assert.equal(judged(0), "bad certificate-ended");
});

test("R18 each way is judged by itself; none is no finding", () => {
  const way = { host: "h", port: 1, reason: "" };
  const judged = (...ways: Parameters<typeof judgeWays>[0]): string =>
    told(judgeWays(ways, "here"));
  assert.equal(judged(), "");
  assert.equal(
    judged(
      { ...way, wanted: "open", answered: true },
      { ...way, wanted: "closed", answered: false },
    ),
    "good reach-as-planned",
  );
  assert.equal(
    judged(
      { ...way, wanted: "open", answered: false },
      { ...way, wanted: "closed", answered: true },
      { ...way, wanted: "open", answered: true },
    ),
    "bad reach-closed, bad reach-open",
  );
});

test("R19 L53 of each planned job the newest run that did something is judged: what failed, died, hangs or could not begin is told", () => {
  const nowMs = 10 * DAY;
  const finishedAt = new Date(9 * DAY).toISOString();
  const run = { finishedAt, outcome: "ended", exitCode: 0, code: null } as const;
  const job = { job: "expire", runs: [run], running: undefined, answers: [], step: "s" };
  const judged = (...jobs: Parameters<typeof judgeRuns>[0]): string => told(judgeRuns(jobs, nowMs));
  assert.equal(judged({ ...job, runs: [] }), "", "nothing has run yet");
  assert.equal(judged(job), "good runs-well");
  const failed = { ...run, exitCode: 4 };
  assert.equal(judged(job, { ...job, runs: [run, failed] }), "bad run-failed");
  assert.equal(judged({ ...job, runs: [failed, run] }), "good runs-well");
  assert.equal(judged({ ...job, runs: [failed], answers: [4] }), "good runs-well");
  assert.equal(judged({ ...job, runs: [{ ...run, exitCode: 5 }] }), "good runs-well", "warnings");
  const held = { ...run, exitCode: 3, code: "REPO_LEASE_HELD" };
  assert.equal(judged({ ...job, runs: [held] }), "good runs-well", "somebody else did it");
  const busy = { ...run, outcome: "busy", exitCode: null } as const;
  assert.equal(judged({ ...job, runs: [failed, busy] }), "bad run-failed", "busy says nothing");
  assert.equal(judged({ ...job, runs: [{ ...busy, outcome: "died" }] }), "bad run-died");
  assert.equal(
    judged({ ...job, runs: [{ ...busy, outcome: "unstartable", code: "ENOENT" }] }),
    "bad run-unstartable",
  );
  const since = (hours: number, isDead = false): JobRuns["running"] => ({
    sinceMs: nowMs - hours * HOUR,
    isDead,
  });
  assert.equal(judged({ ...job, runs: [failed], running: since(10) }), "bad run-failed");
  assert.equal(judged({ ...job, running: since(10) }), "good runs-well");
  assert.equal(judged({ ...job, running: since(10.01) }), "bad run-long");
  assert.equal(judged({ ...job, running: since(1, true) }), "bad run-died");
});

test("R19 each run that did not happen is told", () => {
  assert.equal(told(judgeSchedule([], 0)), "good schedule-fired");
  const dueAt = new Date(DAY).toISOString();
  const overdue = [
    { job: "backup", dueAt },
    { job: "status", dueAt },
  ];
  assert.equal(told(judgeSchedule(overdue, 2 * DAY)), "bad schedule-missed, bad schedule-missed");
});

test("R21 that no page is damaged is said only where server and backups were both asked, so that an alert about one can end", () => {
  const judged = (known: Parameters<typeof judgePages>[0]): string => told(judgePages(known, 0));
  const counted = [{ database: "d", count: 2, lastMs: undefined }];
  const whole = { id: "x", corruptPages: 0 };
  assert.equal(judged({ failures: [], newest: whole }), "good pages-sound");
  assert.equal(judged({ failures: [], newest: null }), "good pages-sound");
  assert.equal(judged({ failures: undefined, newest: whole }), "");
  assert.equal(judged({ failures: [], newest: undefined }), "");
  assert.equal(judged({ failures: counted, newest: undefined }), "bad pages-counted");
  assert.equal(
    judged({ failures: counted, newest: { id: "x", corruptPages: 1 } }),
    "bad pages-counted, bad pages-stored",
  );
});
