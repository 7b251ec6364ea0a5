/** What the ledger's events show to have been done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadTestFullMs } from "../core/ledger-limits.ts";
import type { EventData } from "../ledger/event-kinds.ts";
import { SlaCollector } from "./sla-facts.ts";

const data: EventData<"loadTestFinished"> = {
  cluster: "main",
  host: "db1",
  startedAt: "2026-11-26T20:00:00.000Z",
  durationMs: loadTestFullMs,
  ending: "finished",
  ok: false,
  seed: 1,
  clients: 16,
  databaseBytes: 1,
  acknowledged: 1,
  tests: [],
  rpoSeconds: 0,
  rtoSeconds: 1,
  objectives: { rpoSeconds: 3600, rtoSeconds: 1800 },
  reports: [],
};

function deeds(change: Partial<typeof data>): readonly string[] {
  const collector = new SlaCollector();
  const content = { kind: "loadTestFinished", data: { ...data, ...change } } as const;
  collector.add({ content, time: "2026-11-26T20:50:00.000Z" });
  return collector.facts().flatMap(({ routines }) => [...routines.keys()]);
}

test("R23 the month's load test is one of full length that came to its end, whatever it found", () => {
  assert.deepEqual(deeds({}), ["load-test"]);
  assert.deepEqual(deeds({ ok: true }), ["load-test"]);
  assert.deepEqual(deeds({ durationMs: loadTestFullMs - 1 }), [], "a short one");
  for (const ending of ["interrupted", "serverLost", "failed"] as const) {
    assert.deepEqual(deeds({ ending }), [], ending);
  }
});
