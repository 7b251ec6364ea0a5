/** Which backup a plan takes when proofs found fault with some: a table of cases over one history. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ModelWriter, knowledgeOf, wholeTimeline } from "../../tests/support/model-wal.ts";
import { START, backupIn, idOf, planned, time } from "../../tests/support/plan-cases.ts";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import type { PlanCatalogue } from "./plan.ts";
import type { ProofDoubt, ProofDoubts } from "./proof-doubt.ts";
import type { TargetPoint } from "./target.ts";

configureFailpointsFrom(process.env);

/** B1 · 701@100 · B2 (@150) · 702@200 · B3 (@250) · 703@300. */
function history(): PlanCatalogue {
  const writer = new ModelWriter(START);
  writer.commit(700, 50n);
  const first = backupIn(writer, 1);
  writer.commit(701, 100n);
  const second = backupIn(writer, 2, { inside: 150n });
  writer.commit(702, 200n);
  const third = backupIn(writer, 3, { inside: 250n });
  writer.commit(703, 300n);
  return {
    backups: [first, second, third],
    wal: knowledgeOf([wholeTimeline(writer, { atMicros: 400n })]),
  };
}

const at = "2026-11-20T03:00:00.000Z";

function doubts(of: Readonly<Record<number, ProofDoubt["kind"]>>): ProofDoubts {
  return new Map(
    Object.entries(of).map(([number, kind]) => [idOf(Number(number)), { kind, time: at }]),
  );
}

async function answer(
  point: TargetPoint,
  of: Parameters<typeof doubts>[0],
  chosen?: number,
): Promise<string> {
  const backup = chosen === undefined ? {} : { backup: idOf(chosen) };
  const plan = await planned(history(), point, { doubts: doubts(of), ...backup });
  const damaged = plan.reason.damaged.map(({ backup: id }) => Number.parseInt(id, 16));
  const said = plan.notices.flatMap((notice) =>
    notice.kind === "proof-not-good" ? [`${notice.doubt.kind} ${notice.doubt.time === at}`] : [],
  );
  return [Number.parseInt(plan.backup.id, 16), `over ${damaged.join("+")}`, ...said].join(" ");
}

test("R5 a backup that a proof found damaged gives way to the newest older one that arrives at the same point, and both are told", async () => {
  const latest = { kind: "latest" } as const;
  assert.equal(await answer(latest, {}), "3 over ");
  assert.equal(await answer(latest, { 3: "damaged" }), "2 over 3");
  assert.equal(await answer(latest, { 3: "damaged", 2: "damaged" }), "1 over 3+2");
  assert.equal(await answer(latest, { 2: "damaged" }), "3 over ");
  // Not in reach of the target, so nothing that was passed over.
  assert.equal(await answer(time(210n), { 3: "damaged" }), "2 over ");
  assert.equal(await answer(time(210n), { 2: "damaged", 3: "damaged" }), "1 over 2");
});

test("R5 where no other backup arrives at the same point the damaged one is taken, and the plan says so", async () => {
  const all = { 1: "damaged", 2: "damaged", 3: "damaged" } as const;
  assert.equal(await answer({ kind: "latest" }, all), "3 over  damaged true");
  assert.equal(await answer(time(120n), { 1: "damaged" }), "1 over  damaged true");
  // The end of a backup is another instant than the end of the one before it.
  assert.equal(await answer({ kind: "immediate" }, { 3: "damaged" }), "3 over  damaged true");
});

test("R5 a backup that a person names is taken whatever its proof says; an objection to the data or an unfit host is told, and changes nothing", async () => {
  const latest = { kind: "latest" } as const;
  assert.equal(await answer(latest, { 3: "damaged" }, 3), "3 over  damaged true");
  assert.equal(await answer(latest, { 3: "objected" }), "3 over  objected true");
  assert.equal(await answer(latest, { 3: "unfit" }), "3 over  unfit true");
  assert.equal(await answer(latest, { 3: "damaged", 2: "unfit" }), "2 over 3 unfit true");
});
