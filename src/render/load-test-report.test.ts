import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadTestFacts } from "../queries/load-test-facts.ts";
import { htmlPage } from "./html-page.ts";
import { loadTestReport } from "./load-test-report.ts";
import { markdownText } from "./markdown-text.ts";
import { sampleLoadTest as FACTS } from "../../tests/support/sample-reports.ts";

/** A report as Markdown, easy to match. */
function told(facts: LoadTestFacts, language: "en" | "fr"): string {
  return markdownText(loadTestReport(facts, { language, program: "PRA" }))
    .replaceAll("\u00a0", " ")
    .replaceAll("\\", "");
}

test("R31 a load test's report says the same in both languages, and what is predicted says so", () => {
  const en = told(FACTS, "en");
  assert.match(en, /No acknowledged commit is lost \| ✓ PASS \| 0 of 12,345 lost/);
  assert.match(en, /PREDICTION 40 min 00 s \(one measurement: no interval\) · would miss the/);
  assert.match(en, /PREDICTION 1 h 00 min \(50 min 00 s to 1 h 05 min, 5 measurements\)/);
  assert.match(en, /a backup beside that \| 9 \| 31 % \(25 to 37\) \| 1.5 ms \(-0.5 to 3.5\)/);
  assert.match(en, /held to 741 commits a second/);
  assert.match(en, /a prediction, not a measurement/);
  const fr = told(FACTS, "fr");
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
    slowdown: { streaming: null, backup: null },
    pacedPerSecond: null,
    streamed: [],
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

test("R26 an application that did not answer is told with what it said, and one that was never asked as such", () => {
  const application = {
    command: ["./check"],
    ok: false,
    outcome: "exit-code",
    exitCode: 3,
    reason: null,
    health: null,
    output: "no such table",
    durationMs: 1200,
  } as const;
  const failed = told({ ...FACTS, application }, "en");
  assert.match(
    failed,
    /Application: ✗ .* 3 \(1.2 s\)\n- Its command: .\/check\n- It said: no such table/,
  );
  assert.match(told(FACTS, "fr"), /aucune n'a été interrogée/);
});

test("R6 a server that fell silent is told apart from one that went away", () => {
  const lost = (cause: "gone" | "silent"): string =>
    told(
      {
        ...FACTS,
        ending: "serverLost",
        ok: false,
        crash: { atMs: 9000, duringBackup: false, cause },
      },
      "en",
    );
  assert.match(lost("silent"), /given up after 9 s of load/);
  assert.match(lost("gone"), /after 9 s of load, not by this test/);
});

test("R6 a report of production says that nothing was crashed, what was not held, and whether the test's database is still there", () => {
  const onProduction = {
    where: "db1:5432",
    database: "pra_loadtest",
    dropped: true,
    share: 0.25,
    probe: { beforeMs: 4.6, worstMs: 97.6 },
    frozen: { lsn: "0/E046DE8", at: "2026-11-01T09:00:15.000Z" },
    unheldCommits: 68,
  };
  const facts: LoadTestFacts = { ...FACTS, onProduction };
  const english = told(facts, "en");
  assert.match(english, /Load test on production · main/);
  assert.match(english, /Acknowledged commits not yet held: \*\*68\*\*/);
  assert.match(english, /dropped at the end/);
  assert.doesNotMatch(english, /SIGKILL|crashed at|Throw-away server|production was not touched/);
  const french = told({ ...facts, onProduction: { ...onProduction, dropped: false } }, "fr");
  assert.match(french, /Test de charge sur la production · main/);
  assert.match(french, /ENCORE LÀ/);
  assert.doesNotMatch(french, /SIGKILL|plantage|jetable|n'a pas été touchée/);
});
