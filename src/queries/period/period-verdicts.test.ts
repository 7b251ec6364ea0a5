/** What decides whether a period was met, besides its figures: alerts told late, gaps found by looks, and one verdict a month wherever it is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RawLife } from "../../../tests/support/simulated-life.ts";
import { toldLife as life, tellPeriod as tell } from "../../../tests/support/told-period.ts";

/** A life with one alert more. `told`: when its event was written. */
function withAlert(alert: {
  readonly rule: string;
  readonly openMs: number;
  readonly toldMs: number;
  readonly endMs: number;
}): RawLife {
  const about = { cluster: "main", alert: "f".repeat(32), rule: alert.rule, subject: "" };
  const [opened, ended] = [alert.openMs, alert.endMs].map((ms) => new Date(ms).toISOString());
  const severity = "critical" as const;
  const open = { ...about, severity, at: opened ?? "", summary: "" };
  const lastedSeconds = (alert.endMs - alert.openMs) / 1000;
  const over = { ...about, how: "well" as const, at: ended ?? "", proof: "" };
  const word = { actor: "pra@db1" };
  const others = [
    ...life.others,
    { ...word, atMs: alert.toldMs, content: { kind: "alertOpened" as const, data: open } },
    {
      ...word,
      atMs: Math.max(alert.toldMs, alert.endMs),
      content: {
        kind: "alertResolved" as const,
        data: { ...over, lastedSeconds, exposedSeconds: null },
      },
    },
  ];
  return { ...life, others };
}

test("R21 R31 an alert that could be told only after the month's end belongs to the month in which it opened, and was open at its end", () => {
  const border = Date.UTC(2026, 8, 30, 22);
  const HOUR = 3_600_000;
  const of = withAlert({
    rule: "repository",
    openMs: border - HOUR,
    toldMs: border + HOUR,
    endMs: border + HOUR,
  });
  const figures = (name: string, raw: RawLife): readonly unknown[] => {
    const { alerts, controls, days } = tell({ kind: "monthly", name }, { of: raw });
    const opened = days.reduce((sum, day) => sum + day.alertsOpened, 0);
    assert.equal(opened, alerts.opened);
    const control = controls.find(({ id }) => id === "alerts");
    return [alerts.openedCritical, alerts.openCriticalAtEnd, control?.verdict];
  };
  const [before, after] = [figures("2026-09", life), figures("2026-09", of)];
  assert.deepEqual(after, [Number(before[0]) + 1, Number(before[1]) + 1, "missed"]);
  assert.deepEqual(figures("2026-10", of), figures("2026-10", life));
});

test("R21 R31 an alert that WAL is missing is a gap of its week, whoever found it; in a week that nobody watched none is shown", () => {
  const openMs = Date.UTC(2026, 9, 21);
  const endMs = openMs + 3_600_000;
  const of = withAlert({ rule: "gaps", openMs, toldMs: openMs + 60_000, endMs });
  const gapsIn = (raw: RawLife): readonly unknown[] => {
    const { gaps, controls } = tell({ kind: "weekly", name: "2026-W43" }, { of: raw });
    return [gaps, controls.find(({ id }) => id === "gaps")?.verdict];
  };
  assert.deepEqual(gapsIn(life), [0, "met"]);
  assert.deepEqual(gapsIn(of), [1, "missed"]);
  const unwatched = { ...life, looks: life.looks.filter((_look, index) => index % 3 === 0) };
  assert.deepEqual(gapsIn(unwatched), [0, "notDemonstrated"]);
});

test("R30 R31 an earlier month has in every trend the verdict of its own report", () => {
  const { trend } = tell({ kind: "monthly", name: "2026-10" });
  for (const { name, verdict } of trend) {
    assert.equal(verdict, tell({ kind: "monthly", name }).verdict, name);
  }
  // All was well but for one damaged object.
  const calm: RawLife = {
    ...life,
    looks: life.looks.map((one) => ({ ...one, exposure: 10 })),
    backups: life.backups.map((one) => ({ ...one, ok: true })),
    proofs: life.proofs.map((one) => ({ ...one, verdict: "proven", rpo: 10, rto: 100 })),
    alerts: [],
  };
  const september = tell({ kind: "monthly", name: "2026-09" }, { of: calm });
  const bad = september.controls.filter(({ verdict }) => verdict === "missed").map(({ id }) => id);
  assert.ok(bad.includes("verification"), bad.join());
  const shown = tell({ kind: "monthly", name: "2026-10" }, { of: calm }).trend;
  assert.equal(shown.find(({ name }) => name === "2026-09")?.verdict, "missed");
});
