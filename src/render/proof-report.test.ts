import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProofFacts, measured } from "../queries/proof-facts.ts";
import { sampleProof as facts } from "../../tests/support/sample-reports.ts";
import { htmlPage } from "./html-page.ts";
import { markdownText } from "./markdown-text.ts";
import { proofReport } from "./proof-report.ts";

function said(changed: Partial<ProofFacts>, language: "en" | "fr"): string {
  return markdownText(proofReport({ ...facts, ...changed }, { language, program: "PRA" }));
}

test("R25 R26 a proof's report says verdict, objectives, what was restored and every check, in both languages", () => {
  const english = said({}, "en");
  assert.match(english, /\*\*✓ PROVED\*\*/);
  assert.match(english, /RPO measured: \*\*2\.5 s\*\* ✓ MET: the objective is 1 h 00 min/);
  assert.match(english, /RTO measured: \*\*50 s\*\* ✓ MET: the objective is 30 min 00 s/);
  assert.match(english, /610,351 pages/);
  assert.match(english, /0\/16B3748, timeline 1, 2026\\-11\\-22 13:04:58 UTC/);
  const french = said({}, "fr");
  assert.match(french, /\*\*✓ PROUVÉ\*\*/);
  assert.match(french, /RPO mesuré : \*\*2,5 s\*\* ✓ TENU : l'objectif est de 1 h 00 min/);
  assert.match(french, /610 351 pages/);
});

test("an objective that is missed says so; what was not measured is no data, and never green", () => {
  const late = said({ rto: measured(1801, 1800) }, "en");
  assert.match(late, /✗ MISSED: the objective is 30 min 00 s/);
  const none = said({ rpo: measured(undefined, 3600), rto: measured(undefined, 1800) }, "fr");
  assert.match(none, /RPO mesuré : \*\*—\*\* \? pas de donnée/);
  assert.match(none, /RTO mesuré : \*\*—\*\* \? pas de donnée/);
});

test("a failed proof shows each finding, and how many more there are", () => {
  const findings = Array.from({ length: 60 }, (_, at) => ({
    kind: "amcheck",
    text: `t${at} | <b>`,
  }));
  const level = {
    level: 3,
    ok: false,
    durationMs: 5,
    findings,
    findingsTotal: 1234,
    counts: {},
  } as const;
  const report = proofReport(
    { ...facts, verdict: "failed", levels: [...facts.levels.slice(0, 2), level] },
    { language: "en", program: "PRA" },
  );
  const page = htmlPage(report);
  assert.match(page, /✗ FAILED/);
  assert.match(page, /amcheck: t49 \| &lt;b&gt;/);
  assert.doesNotMatch(page, /amcheck: t50/);
  assert.match(page, /… and 1,184 more/);
});

test("a host that cannot judge gives no verdict on the backup", () => {
  const unfit = [{ kind: "extension", name: "postgis", detail: "3.4 is not installed" }] as const;
  const text = said({ verdict: "unfit", unfit: [...unfit], levels: [], reached: null }, "en");
  assert.match(text, /\*\*! UNPROVEN\*\*/);
  assert.match(text, /Lacking here: ! extension postgis: 3\\?\.4 is not installed/);
});

test("R25 R26 assertions, heartbeat, application and limits stand in the report by name, in both languages", () => {
  const about = { database: "akig", durationMs: 1200, message: null } as const;
  const changed: Partial<ProofFacts> = {
    verdict: "failed",
    assertions: [
      { ...about, name: "orders | all", expect: ">= 1", ok: true, outcome: "fits", value: "42" },
      { ...about, name: "sums", expect: "true", ok: false, outcome: "null", value: null },
      {
        ...about,
        name: "broken",
        expect: "true",
        ok: false,
        outcome: "error",
        value: null,
        message: 'relation "x" does not exist',
      },
    ],
    heartbeat: {
      database: "akig",
      beatAt: "2026-11-22T13:04:50.000Z",
      against: "now",
      lossSeconds: 10,
      message: null,
    },
    application: {
      command: ["./check.sh", "--all"],
      ok: false,
      outcome: "exit-code",
      exitCode: 3,
      reason: null,
      health: null,
      output: "no table <b>\n",
      durationMs: 900,
    },
  };
  const english = said(changed, "en");
  assert.match(english, /\| ✓ orders \\\| all \| `akig` \| `42` \| `>= 1` \|/);
  assert.match(english, /\| ✗ sums \| `akig` \| `NULL` \|/);
  assert.match(english, /relation "x" does not exist/);
  assert.match(english, /Loss by the heartbeat: \*\*10 s\*\* ✓ MET: before the proof began/);
  assert.match(english, /Outcome: ✗ ended with code 3/);
  assert.match(english, /nice 10, disk only when nobody else wants it; 2 workers; 240 minutes/);
  const french = said(changed, "fr");
  assert.match(french, /## Affirmations/);
  assert.match(french, /Perte selon le battement : \*\*10 s\*\* ✓ TENU/);
  assert.match(french, /Résultat : ✗ finie avec le code 3/);
});

test("a heartbeat that did not come back is no data, and one that is too old is missed", () => {
  const beat = { database: "akig", against: "now", message: null } as const;
  const none = said({ heartbeat: { ...beat, beatAt: null, lossSeconds: null } }, "en");
  assert.match(none, /Loss by the heartbeat: \*\*—\*\* \? no data: no beat came back in akig/);
  const beatAt = "2026-11-22T10:00:00.000Z";
  const late = said({ heartbeat: { ...beat, beatAt, lossSeconds: 11_000 } }, "fr");
  assert.match(late, /✗ MANQUÉ/);
});
