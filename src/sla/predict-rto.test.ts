/** What earlier restores foretell of the next, and how often that came true. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../core/random.ts";
import type { EventContent } from "../ledger/event-kinds.ts";
import { judgeSla } from "./judge-sla.ts";
import { predictRto } from "./predict-rto.ts";
import { type RestoreFact, SlaCollector, type SlaFacts } from "./sla-facts.ts";

const GIB = 2 ** 30;
const DAY = 86_400_000;
const ID = "0".repeat(32);
const START = Date.UTC(2026, 8, 1);
const MONTH = { fromMs: START, endMs: START + 60 * DAY };

type Restored = Omit<RestoreFact, "atMs">;

function factsOf(restores: readonly (Restored | number)[]): SlaFacts {
  const collector = new SlaCollector();
  const place = { cluster: "main", incarnation: `${"0".repeat(16)}-${ID}` };
  restores.forEach((one, index) => {
    const content: EventContent =
      typeof one === "number"
        ? {
            kind: "proofFinished",
            data: {
              ...place,
              backup: ID,
              target: { kind: "latest", value: null, timeline: null },
              verdict: "proven",
              reached: null,
              levels: [],
              serverVersion: null,
              rpoSeconds: null,
              rtoSeconds: one,
              predictedMs: null,
            },
          }
        : { kind: "restoreMeasured", data: { ...place, backup: ID, purpose: "proof", ...one } };
    collector.add({ time: new Date(START + index * DAY).toISOString(), content });
  });
  const [facts] = collector.facts();
  assert.ok(facts !== undefined);
  return facts;
}

/** A host that writes 100 MiB a second and replays 20, give or take a part. */
function restored(bytes: number, walBytes: number, noise = 1): Restored {
  const filesMs = Math.round((bytes / (100 * 2 ** 20)) * 1000 * noise);
  const startMs = Math.round(2000 + (walBytes / (20 * 2 ** 20)) * 1000 * noise);
  return { host: "dr", restoredBytes: bytes, walBytes, filesMs, walMs: 100, startMs };
}

test("R26 a cluster that grows by half from one to the next is foretold by rates within the interval, where times alone are wrong each time", () => {
  const random = new SeededRandom(11);
  const growing = Array.from({ length: 12 }, (_, index) =>
    restored(GIB * 1.5 ** index, 64 * 2 ** 20, 0.95 + 0.1 * random.fraction()),
  );
  const facts = factsOf(growing);
  const word = predictRto(facts, MONTH);
  assert.equal(word?.basis, "rates");
  assert.deepEqual([word.checked, word.within], [9, 9]);
  assert.ok(word.fromSeconds < word.seconds && word.seconds < word.toSeconds);
  const times = growing.map(
    ({ filesMs, walMs, startMs }) => (filesMs + walMs + (startMs ?? 0)) / 1000,
  );
  const byTimes = predictRto(factsOf(times), MONTH);
  assert.equal(byTimes?.basis, "proofs");
  assert.deepEqual([byTimes.checked, byTimes.within], [9, 0]);
});

test("R26 much WAL to replay is foretold by the rate at which a server replays, and a sudden slowness is told as what did not come true", () => {
  const usual = [1, 2, 3, 4, 5].map((more) => restored(10 * GIB, more * 128 * 2 ** 20));
  const much = predictRto(factsOf([...usual, restored(10 * GIB, 8 * GIB)]), MONTH);
  assert.deepEqual([much?.checked, much?.within], [3, 3]);
  const slow = predictRto(factsOf([...usual, restored(10 * GIB, 128 * 2 ** 20, 4)]), MONTH);
  assert.deepEqual([slow?.checked, slow?.within], [3, 2]);
  assert.equal(slow?.restoreBytes, 10 * GIB);
});

test("R26 fewer than three measurements of this host foretell nothing, restores without a start neither, and what came after the period says nothing of it", () => {
  const one = restored(GIB, GIB);
  assert.equal(predictRto(factsOf([one, one]), MONTH), null);
  assert.equal(predictRto(factsOf([one, one, { ...one, startMs: null }]), MONTH), null);
  assert.equal(predictRto(factsOf([one, one, one]), { ...MONTH, endMs: START + 2 * DAY }), null);
  const word = predictRto(factsOf([one, one, one]), MONTH);
  assert.deepEqual([word?.proofs, word?.checked], [3, 0]);
  const other = { ...one, host: "production" };
  assert.equal(predictRto(factsOf([other, other, other, one]), MONTH), null);
});

test("R23 a routine of the schedule that nobody did is missed until somebody put it right, in each month that it lasted", () => {
  const collector = new SlaCollector();
  const say = (day: number, content: EventContent): void => {
    collector.add({ time: new Date(START + day * DAY).toISOString(), content });
  };
  const cluster = "main";
  const at = (day: number): string => new Date(START + day * DAY).toISOString();
  const data = {
    cluster,
    action: ID,
    control: "routine",
    subject: "verify",
    failedAt: at(5),
  } as const;
  const opened = { ...data, detail: "", title: "", owner: "", dueAt: at(13), by: null, why: "" };
  say(6, { kind: "actionOpened", data: opened });
  say(40, { kind: "actionClosed", data: { cluster, action: ID, by: "Awa", why: "done" } });
  const [facts] = collector.facts();
  assert.ok(facts !== undefined);
  const undoneIn = (fromDay: number, toDay: number): readonly string[] => {
    const period = {
      fromMs: START + fromDay * DAY,
      toMs: START + toDay * DAY,
      nowMs: START + 90 * DAY,
    };
    const { routines } = judgeSla(facts, period, { share: 0.99, zone: "UTC" });
    assert.equal(routines.verdict, routines.undone.length > 0 ? "missed" : "notDemonstrated");
    return routines.undone.map(({ routine }) => routine);
  };
  assert.deepEqual(undoneIn(0, 5), []);
  assert.deepEqual(undoneIn(0, 30), ["verify"]);
  assert.deepEqual(undoneIn(30, 60), ["verify"]);
  assert.deepEqual(undoneIn(60, 90), []);
});
