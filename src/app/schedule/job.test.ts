import assert from "node:assert/strict";
import { test } from "node:test";

import { isDrError } from "../../core/errors.ts";
import { forecastOf } from "./full-forecast.ts";
import { isLastOfMonth, loadTestPattern, minuteOf, plannedJobs } from "./job.ts";
import { loadOccurrences } from "./occurrences.ts";
import { rotationText } from "./rotation.ts";
import { calendarOf, unitFiles } from "./systemd-units.ts";

const plan = {
  seed: "db1\0main\0/srv/pra",
  fullEveryHour: false,
  commonWords: ["--env-file", "/srv/pra/.env"],
  rotation: undefined,
  checks: true,
  loadTest: true,
  anchorEvery: "week",
  second: false,
} as const;

test("R19 R23 hourly backup.sh, five-minute status.sh, 08:00 daily look and Monday 09:00 restore test are planned", () => {
  const jobs = new Map(plannedJobs(plan).map((job) => [job.id, job]));
  assert.match(jobs.get("backup")?.pattern ?? "", /^\d+ \* \* \* \*$/);
  assert.deepEqual(jobs.get("backup")?.words, plan.commonWords);
  assert.equal(jobs.get("status")?.pattern, "*/5 * * * *");
  assert.equal(jobs.get("daily")?.pattern, "0 8 * * *");
  assert.equal(jobs.get("restore-test")?.pattern, "0 9 * * 1");
  assert.equal(jobs.has("logs"), false);
});

test("R30 R31 METRICS is made each morning, the weekly report goes out on Monday and the monthly one on the first day", () => {
  const jobs = new Map(plannedJobs(plan).map((job) => [job.id, job]));
  const planned = (["metrics", "weekly-report", "monthly-report"] as const).map((id) => {
    const { pattern, words } = jobs.get(id) ?? { pattern: "", words: [] };
    return [pattern, words.join(" ")];
  });
  assert.deepEqual(planned, [
    ["45 7 * * *", "docs metrics --env-file /srv/pra/.env"],
    ["15 8 * * 1", "report weekly --send --env-file /srv/pra/.env"],
    ["30 8 1 * *", "report monthly --send --env-file /srv/pra/.env"],
  ]);
});

test("R16 an anchor of the ledger is sent each Monday morning, each morning, or never", () => {
  const planned = (anchorEvery: "day" | "week" | "never"): readonly string[] =>
    plannedJobs({ ...plan, anchorEvery })
      .filter(({ id }) => id === "anchor")
      .map(({ pattern, words }) => `${pattern} ${words.join(" ")}`);
  assert.match(planned("week").join(), /^\d+ 7 \* \* 1 ledger anchor --send --env-file /);
  assert.match(planned("day").join(), /^\d+ 7 \* \* \* ledger anchor --send --env-file /);
  assert.deepEqual(planned("never"), []);
});

test("R23 the load test is planned for the last Thursday of the month, and can be left to another host", () => {
  const job = plannedJobs(plan).find(({ id }) => id === "load-test");
  assert.deepEqual(job, {
    id: "load-test",
    pattern: loadTestPattern,
    program: "loadtest.sh",
    words: ["--send", ...plan.commonWords],
  });
  assert.ok(!plannedJobs({ ...plan, loadTest: false }).some(({ id }) => id === "load-test"));
});

test("R23 of all Thursdays at 21:00 the one that counts is the last of its month, on any calendar and in any zone", async () => {
  const occurrencesOf = await loadOccurrences();
  for (const zone of ["UTC", "Europe/Paris", "Pacific/Auckland", "America/St_Johns"]) {
    const weekly = occurrencesOf("0 21 * * 4", zone);
    const monthly = occurrencesOf(loadTestPattern, zone);
    let atMs = Date.UTC(2026, 0, 1);
    let counted = 0;
    for (let week = 0; week < 52 * 12; week += 1) {
      atMs = weekly.nextAfter(atMs) ?? 0;
      // cron starts up to a minute late, systemd up to a minute more.
      const isLast = isLastOfMonth(atMs + 119_000, zone);
      assert.equal(isLast, monthly.lastAtOrBefore(atMs) === atMs, new Date(atMs).toISOString());
      counted += isLast ? 1 : 0;
    }
    assert.ok(counted >= 143 && counted <= 144, `${counted} months of ${zone}`);
  }
});

test("R20 where a daemon starts the jobs no check is planned: it looks itself", () => {
  assert.ok(!plannedJobs({ ...plan, checks: false }).some(({ id }) => id === "status"));
});

test("R20 the second watcher's host looks at the repository every five minutes and does nothing else", () => {
  const jobs = plannedJobs({ ...plan, second: true });
  const watch = { id: "watch", pattern: "*/5 * * * *", program: "pra" };
  const words = ["watch", "--from-repository", ...plan.commonWords];
  assert.deepEqual(jobs, [{ ...watch, words }]);
});

test("R19 a literal hourly --full is honoured", () => {
  const [backup] = plannedJobs({ ...plan, fullEveryHour: true });
  assert.deepEqual(backup?.words, ["--full", ...plan.commonWords]);
});

test("R19 a fleet spreads over the hour, a host keeps its minute, and no minute is one of the checks'", () => {
  const minutes = Array.from({ length: 4800 }, (_none, host) => minuteOf(`host${host}`));
  const counts = new Map<number, number>();
  minutes.forEach((minute) => counts.set(minute, (counts.get(minute) ?? 0) + 1));
  assert.equal(counts.size, 48);
  assert.ok([...counts.values()].every((count) => count > 50 && count < 160));
  assert.ok(minutes.every((minute) => minute > 0 && minute < 60 && minute % 5 !== 0));
  assert.equal(minuteOf("host1"), minuteOf("host1"));
});

test("R19 no fixed job lies in the hours in which clocks are set", () => {
  for (const { pattern } of plannedJobs(plan)) {
    assert.doesNotMatch(pattern, /^\S+ 0?[0-3] /);
  }
});

test("R19 systemd gets the same calendar as cron", () => {
  const told = plannedJobs(plan).map(({ pattern }) => [pattern, calendarOf(pattern)]);
  const known = new Map(told.map(([pattern = "", calendar]) => [pattern, calendar]));
  assert.equal(known.get("*/5 * * * *"), "*-*-* *:00/5:00");
  assert.equal(known.get("0 8 * * *"), "*-*-* 08:00:00");
  assert.equal(known.get("0 9 * * 1"), "Mon *-*-* 09:00:00");
  assert.equal(known.get(loadTestPattern), "Thu *-*~07/1 21:00:00");
  assert.equal(known.get("30 8 1 * *"), "*-*-01 08:30:00");
  assert.throws(() => calendarOf("0 0 1 2 *"), RangeError);
});

test("R19 a check leaves its delivery alone when it ends, every other job is ended whole and looked at when it fails", () => {
  const files = unitFiles(plannedJobs(plan), {
    cluster: "main",
    programDirectory: "/srv/100% $x",
    logDirectory: "/var/lib/pra/schedule/main/logs",
    unitDirectory: "/etc/systemd/system",
    forUser: false,
    commonWords: plan.commonWords,
    writable: ["/srv/store"],
    reached: ["/run/postgresql"],
  });
  const text = (name: string): string => files.find(({ path }) => path.endsWith(name))?.text ?? "";
  assert.match(text("status.service"), /^KillMode=process$/m);
  assert.doesNotMatch(text("status.service"), /OnFailure/);
  assert.match(text("backup.service"), /^OnFailure=pra-main-status\.service$/m);
  assert.match(text("backup.service"), /"\/srv\/100%% \$\$x\/backup\.sh"/);
  assert.match(text("backup.service"), /^PrivateTmp=true$/m);
  assert.match(text("backup.timer"), /^Persistent=true$/m);
  assert.match(text("backup.timer"), /^RandomizedDelaySec=60$/m);
  assert.match(text("load-test.timer"), /^Persistent=false$/m, "not in the middle of a day");
});

test("R19 a full backup every hour: the day the disk fills is named, or what retention holds it to", () => {
  const facts = { storedBytes: 10e9, retentionDays: 30, nowMs: Date.UTC(2026, 10, 23) };
  const fills = forecastOf({ ...facts, freeBytes: 1000e9 });
  assert.ok(fills.kind === "fills");
  assert.equal(fills.at, "2026-11-27T04:00:00.000Z");
  const fits = forecastOf({ ...facts, freeBytes: 10_000e9 });
  assert.ok(fits.kind === "fits");
  assert.equal(fits.keptBytes, 7210e9);
});

test("R19 S69 the rotation names each log, and a folder that logrotate or systemd would misread is refused", () => {
  const text = rotationText("/var/lib/l'été à 100% $x/logs");
  assert.match(text, /^"\/var\/lib\/l'été à 100% \$x\/logs\/backup\.log"$/m);
  assert.doesNotMatch(text, /^ *copytruncate/m);
  for (const folder of ['/srv/a"b', "/srv/a*", "/srv/{a}", "/srv/a\nb", "/srv/a\\b"]) {
    assert.throws(
      () => rotationText(folder),
      (error) => isDrError(error, "CONFIG_SCHEDULE_PATH"),
      folder,
    );
  }
});
