import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadTestFacts } from "../queries/load-test-facts.ts";
import { htmlPage } from "./html-page.ts";
import { loadTestReport } from "./load-test-report.ts";
import { markdownText } from "./markdown-text.ts";

const FACTS: LoadTestFacts = {
  version: 1,
  ok: true,
  ending: "finished",
  failure: null,
  cluster: "main",
  host: "db1",
  startedAt: "2026-11-01T09:00:00.000Z",
  durationMs: 60_000,
  loadMs: 20_000,
  seed: 7,
  clients: 8,
  databaseBytes: 2 ** 28,
  serverVersion: "18.4",
  acknowledged: 12_345,
  tests: [{ name: "nothingLost", outcome: "pass", figures: { lost: 0, acknowledged: 12_345 } }],
  rpo: { seconds: 0, objectiveSeconds: 3600, met: true },
  rto: { seconds: 7.5, objectiveSeconds: 1800, met: true },
  stretches: {
    plain: { seconds: 4, commits: 800, perSecond: 200, p50Ms: 5, p95Ms: 9, p99Ms: 12 },
    streaming: null,
    backup: null,
  },
  slowdown: { streaming: null, backup: null },
  backups: [
    {
      kind: "full",
      state: "finished",
      code: null,
      fromMs: 7000,
      toMs: 9000,
      readBytes: 2 ** 28,
      storedBytes: 2 ** 27,
    },
  ],
  streamingFromMs: 4000,
  crash: { atMs: 18_000, duringBackup: true },
  restore: { restoredBytes: 2 ** 28, walBytes: 2 ** 24, durationMs: 3000, startMs: 900 },
  series: Array.from({ length: 180 }, (_, slot) => ({
    atMs: slot * 100,
    perSecond: slot === 90 ? 0 : 200,
    p50Ms: slot === 90 ? null : 5,
    p99Ms: slot === 90 ? null : 12,
  })),
  production: {
    clusterBytes: 2 ** 38,
    backupFinishedAt: "2026-10-31T02:00:00.000Z",
    fullBackupMs: 3_600_000,
    restoreMs: 2_400_000,
    withinObjective: false,
  },
};

test("R31 a load test's report says the same in both languages, and what is predicted says so", () => {
  const en = markdownText(loadTestReport(FACTS, { language: "en", program: "PRA" })).replaceAll(
    "\u00a0",
    " ",
  );
  assert.match(en, /No acknowledged commit is lost \| ✓ PASS \| 0 of 12,345 lost/);
  assert.match(en, /PREDICTION 40 min 00 s · MISSED: the objective is 30/);
  assert.match(en, /a prediction, not a measurement/);
  const fr = markdownText(loadTestReport(FACTS, { language: "fr", program: "PRA" })).replaceAll(
    "\u00a0",
    " ",
  );
  assert.match(fr, /\| ✓ RÉUSSI \| perdues : 0 sur 12 345/);
  assert.match(fr, /RTO mesuré : \*\*7,5 s\*\* ✓ TENU : l'objectif est de/);
});

test("R31 its charts are drawn in the page itself, a silence is a gap, and each says in words what it shows", () => {
  const html = htmlPage(loadTestReport(FACTS, { language: "fr", program: "PRA" }));
  assert.equal(html.match(/<svg [^>]*role="img" aria-label="[^"]{40,}"/g)?.length, 2);
  const latencies = /class="line second" d="(M[^"]+)"\/><text class="soft"/.exec(html)?.[1] ?? "";
  assert.equal(latencies.split("M").length - 1, 2, "two strokes, one on each side of the silence");
  assert.ok(!/NaN|undefined|Infinity/.test(html));
  assert.ok(!html.includes("http"));
});

test("R31 a load test of which nothing was measured makes a report without a chart, and nothing in it is green", () => {
  const nothing = { plain: null, streaming: null, backup: null };
  const facts: LoadTestFacts = {
    ...FACTS,
    ok: false,
    ending: "interrupted",
    tests: [{ name: "nothingLost", outcome: "notReached", figures: {} }],
    rpo: { seconds: null, objectiveSeconds: 3600, met: null },
    rto: { seconds: null, objectiveSeconds: 1800, met: null },
    stretches: nothing,
    backups: [],
    streamingFromMs: null,
    crash: null,
    restore: null,
    series: [],
    production: null,
  };
  const html = htmlPage(loadTestReport(facts, { language: "en", program: "PRA" }));
  assert.ok(!html.includes("<svg"));
  assert.ok(!html.includes("✓"));
  assert.match(html, /INTERRUPTED/);
});
