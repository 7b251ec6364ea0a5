import assert from "node:assert/strict";
import { test } from "node:test";

import { ModelWriter, knowledgeOf, wholeTimeline } from "../../tests/support/model-wal.ts";
import {
  START,
  backupIn,
  idOf,
  planned,
  refused,
  texts,
  time,
} from "../../tests/support/plan-cases.ts";
import { type Lsn, addToLsn } from "../core/lsn.ts";
import type { PlanCatalogue } from "./plan.ts";
import { formatRecoveryTime } from "./target-time.ts";

/** B1 · 701@100 · 702@200 · 703@200 · abort 704@300 · B2 (a commit @350) · 705@400 (part 706), known until 500. */
function usual(): PlanCatalogue & { readonly lsnOf: (xid: number) => Lsn; readonly endLsn: Lsn } {
  const writer = new ModelWriter(START);
  writer.commit(700, 50n);
  const first = backupIn(writer, 1);
  for (const [xid, at] of [
    [701, 100n],
    [702, 200n],
    [703, 200n],
  ] as const) {
    writer.add({ kind: "other" }, 400);
    writer.commit(xid, at);
  }
  writer.add({ kind: "restore-point", name: "deploy", timeMicros: 250n });
  writer.add({ kind: "other" });
  writer.abort(704, 300n);
  writer.add({ kind: "restore-point", name: "deploy", timeMicros: 320n });
  const second = backupIn(writer, 2, { inside: 350n });
  writer.add({ kind: "wal-level", walLevel: "replica", maxConnections: 300 });
  writer.add({ kind: "restore-point", name: "late", timeMicros: 390n });
  writer.commit(705, 400n, [706]);
  return {
    backups: [first, second],
    wal: knowledgeOf([wholeTimeline(writer, { atMicros: 500n })]),
    lsnOf: (xid) =>
      writer.records.find((record) => "xid" in record && record.xid === xid)?.lsn ?? START,
    endLsn: writer.at,
  };
}

test("the latest is everything, from the newest backup", async () => {
  const catalogue = usual();
  const latest = await planned(catalogue, { kind: "latest" });
  assert.equal(latest.backup.id, idOf(2));
  assert.deepEqual(latest.stop, { kind: "end" });
  assert.equal(latest.timeline, 1);
  assert.equal(latest.reached.lastCommit?.xid, 705);
  assert.equal(latest.reached.timeMicros, 400n);
  assert.equal(latest.reached.lsn, catalogue.endLsn);
  assert.deepEqual(latest.pieces, [
    { timeline: 1, fromLsn: latest.backup.walFrom, toLsn: catalogue.endLsn },
  ]);
  assert.equal(latest.walBytes, Number(catalogue.endLsn - latest.backup.walFrom));
  assert.equal(latest.restoreBytes, 2000);
  assert.deepEqual(latest.reason, { kind: "newest", passedOver: [], damaged: [] });
  assert.deepEqual(latest.notices, []);
  assert.deepEqual(latest.histories, []);
});

test("settings that reads during recovery need are the largest found on the way", async () => {
  const { requiredSettings } = await planned(usual(), { kind: "latest" });
  assert.equal(requiredSettings["max_connections"], 300);
  assert.equal(requiredSettings["max_wal_senders"], 10);
  assert.deepEqual((await planned(usual(), time(200n))).requiredSettings, {});
});

test("immediate is the end of a backup", async () => {
  const catalogue = usual();
  const newest = await planned(catalogue, { kind: "immediate" });
  assert.deepEqual([newest.backup.id, newest.reached.lsn], [idOf(2), newest.backup.stopLsn]);
  assert.equal(newest.wal.toLsn, newest.backup.stopLsn);
  assert.deepEqual(newest.stop, { kind: "end" }, "no record need follow");
  assert.equal(newest.reached.lastCommit?.xid, 902);
  const first = await planned(catalogue, { kind: "immediate" }, { backup: idOf(1) });
  assert.deepEqual(first.reason, { kind: "chosen", passedOver: [], damaged: [] });
  assert.equal(first.reached.lastCommit?.xid, 700);
});

test("L44 a time between two commits stops before the later one; a commit's own time includes it", async () => {
  const catalogue = usual();
  const between = await planned(catalogue, time(150n));
  assert.deepEqual(between.stop, { kind: "time", time: formatRecoveryTime(150n) });
  assert.equal(between.backup.id, idOf(1));
  assert.equal(between.reached.lastCommit?.xid, 701);
  assert.equal(between.reached.lsn, catalogue.lsnOf(702));
  assert.equal(between.wal.toLsn, addToLsn(catalogue.lsnOf(702), 48));
  assert.equal((await planned(catalogue, time(100n))).reached.lastCommit?.xid, 701);
  assert.equal((await planned(catalogue, time(99n))).reached.lastCommit?.xid, 700);
});

test("L44 two commits of one microsecond are taken or left together", async () => {
  assert.equal((await planned(usual(), time(199n))).reached.lastCommit?.xid, 701);
  assert.equal((await planned(usual(), time(200n))).reached.lastCommit?.xid, 703);
});

test("L44 an abort that is later than the target stops a replay as well", async () => {
  const catalogue = usual();
  const plan = await planned(catalogue, time(299n));
  assert.equal(plan.reached.lsn, catalogue.lsnOf(704));
  assert.equal(plan.reached.lastCommit?.xid, 703);
});

test("the newest backup whose end is not behind the target is taken", async () => {
  assert.equal((await planned(usual(), time(349n))).backup.id, idOf(1));
  assert.equal((await planned(usual(), time(350n))).backup.id, idOf(2));
});

test("L44 a time behind the last commit becomes a replay of all there is, up to what is known", async () => {
  for (const at of [400n, 450n, 500n]) {
    const plan = await planned(usual(), time(at));
    assert.deepEqual(plan.stop, { kind: "end" });
    assert.equal(plan.reached.lastCommit?.xid, 705);
  }
  const { error, nearest } = await refused(usual(), time(501n));
  assert.equal(error.code, "PLAN_TARGET_AFTER_END");
  assert.deepEqual(nearest, {
    before: { kind: "known", timeline: 1, lsn: usual().endLsn, timeMicros: 500n },
    after: undefined,
  });
  const [message, hint] = texts(error);
  assert.match(message ?? "", /^--at 2000-01-01T00:00:00.000501Z lies behind the end/);
  assert.match(
    hint ?? "",
    /The newest instant that is proven is 2000-01-01T00:00:00.000500Z \(0\//,
  );
});

test("L44 without a known instant the last transaction's time is the newest", async () => {
  const writer = new ModelWriter(START);
  const backup = backupIn(writer, 1, { inside: 10n });
  writer.commit(701, 20n);
  const catalogue = { backups: [backup], wal: knowledgeOf([wholeTimeline(writer)]) };
  assert.equal((await planned(catalogue, time(20n))).reached.lastCommit?.xid, 701);
  const { nearest } = await refused(catalogue, time(21n));
  assert.equal(nearest.before?.kind, "transaction");
  assert.equal(nearest.before?.timeMicros, 20n);
});

test("L44 a time before the first backup's end is refused, and the first instant named", async () => {
  const { error, nearest } = await refused(usual(), time(49n));
  assert.equal(error.code, "PLAN_TARGET_BEFORE_BACKUP");
  assert.deepEqual(nearest.before, undefined);
  assert.equal(nearest.after?.timeMicros, 50n);
  assert.equal(nearest.after?.kind, "backup");
  assert.match(texts(error)[0] ?? "", /lies before the first backup of timeline 1 is complete$/);
  assert.match(
    texts(error)[1] ?? "",
    /^The first instant that can be reached is 2000-01-01T00:00:00.000050Z/,
  );
});

test("L44 a transaction inside a backup moves its earliest time: no server could stop there", async () => {
  const { error } = await refused(usual(), time(349n), { backup: idOf(2) });
  assert.equal(error.code, "PLAN_TARGET_BEFORE_CHOSEN");
  assert.match(texts(error)[0] ?? "", new RegExp(`lies before the end of backup ${idOf(2)}$`));
  assert.match(texts(error)[1] ?? "", /the first instant is 2000-01-01T00:00:00.000350Z/);
});

test("a backup asked for by name is honoured although a newer one would do", async () => {
  const plan = await planned(usual(), time(400n), { backup: idOf(1) });
  assert.equal(plan.backup.id, idOf(1));
  assert.equal(plan.reason.kind, "chosen");
  const { error } = await refused(usual(), time(400n), { backup: idOf(9) });
  assert.equal(error.code, "PLAN_BACKUP_UNKNOWN");
  assert.equal(texts(error)[0], `there is no backup ${idOf(9)}`);
});

test("L44 a position is reached when a record begins at or behind it", async () => {
  const catalogue = usual();
  const lsn = catalogue.lsnOf(702);
  const at = await planned(catalogue, { kind: "lsn", lsn });
  assert.deepEqual(at.stop, { kind: "lsn", lsn });
  assert.equal(at.reached.lastCommit?.xid, 702);
  assert.equal(at.reached.lsn, addToLsn(lsn, 48));
  const before = await planned(catalogue, { kind: "lsn", lsn: addToLsn(lsn, -1) });
  assert.equal(before.reached.lastCommit?.xid, 701);
  assert.equal(before.reached.possibleCommit?.xid, 702);
  const behind = await planned(catalogue, { kind: "lsn", lsn: addToLsn(lsn, 1) });
  assert.equal(behind.reached.lastCommit?.xid, 702);
});

test("L44 the end of the last record is a position without a record: all is replayed, without a target", async () => {
  const catalogue = usual();
  const last = await planned(catalogue, { kind: "lsn", lsn: catalogue.lsnOf(705) });
  assert.equal(last.stop.kind, "lsn");
  const end = await planned(catalogue, { kind: "lsn", lsn: catalogue.endLsn });
  assert.deepEqual(end.stop, { kind: "end" });
  assert.equal(end.reached.lastCommit?.xid, 705);
  const beyond = addToLsn(catalogue.endLsn, 1);
  const { error, nearest } = await refused(catalogue, { kind: "lsn", lsn: beyond });
  assert.equal(error.code, "PLAN_TARGET_AFTER_END");
  assert.equal(nearest.before?.lsn, catalogue.endLsn);
});

test("L44 a position inside a backup is not reached from it", async () => {
  const catalogue = usual();
  const [first, second] = catalogue.backups;
  assert.ok(first !== undefined && second !== undefined);
  const inside = addToLsn(second.startLsn, 8);
  const plan = await planned(catalogue, { kind: "lsn", lsn: inside });
  assert.equal(plan.backup.id, first.id);
  const endRecord = addToLsn(second.stopLsn, -48);
  const at = await planned(catalogue, { kind: "lsn", lsn: endRecord }, { backup: second.id });
  assert.equal(at.reached.lsn, second.stopLsn);
  const { error } = await refused(catalogue, { kind: "lsn", lsn: first.startLsn });
  assert.equal(error.code, "PLAN_TARGET_BEFORE_BACKUP");
});

test("L44 a transaction is reached when it committed", async () => {
  const catalogue = usual();
  const plan = await planned(catalogue, { kind: "xid", xid: 702, epoch: undefined });
  assert.deepEqual(plan.stop, { kind: "xid", xid: "702" });
  assert.equal(plan.reached.lastCommit?.xid, 702);
  assert.equal(plan.backup.id, idOf(1));
});

test("L44 a transaction that was rolled back is refused, and the commits around it named", async () => {
  const { error, nearest } = await refused(usual(), { kind: "xid", xid: 704, epoch: undefined });
  assert.equal(error.code, "PLAN_XID_ABORTED");
  assert.equal(nearest.before?.timeMicros, 200n);
  assert.equal(nearest.after?.timeMicros, 350n);
  assert.match(
    texts(error)[0] ?? "",
    /^transaction 704 was rolled back at 2000-01-01T00:00:00.000300Z/,
  );
});

test("L44 a part of a transaction is refused, and the whole named", async () => {
  const { error } = await refused(usual(), { kind: "xid", xid: 706, epoch: undefined });
  assert.equal(error.code, "PLAN_XID_SUBTRANSACTION");
  assert.match(texts(error)[1] ?? "", /Use --xid 705\.$/);
});

test("L44 a transaction that never ended is refused", async () => {
  for (const xid of [700, 777]) {
    const { error } = await refused(usual(), { kind: "xid", xid, epoch: undefined });
    assert.equal(error.code, "PLAN_XID_UNKNOWN");
    assert.match(texts(error)[0] ?? "", new RegExp(`^no transaction ${xid} ended`));
  }
});

test("L44 a transaction that ended inside a backup is reached from an older one", async () => {
  const plan = await planned(usual(), { kind: "xid", xid: 902, epoch: undefined });
  assert.equal(plan.backup.id, idOf(1));
});

test("the first restore point of a name is reached, and the others are told", async () => {
  const plan = await planned(usual(), { kind: "name", name: "deploy" });
  assert.deepEqual(plan.stop, { kind: "name", name: "deploy" });
  assert.equal(plan.reached.lastCommit?.xid, 703);
  assert.deepEqual(
    plan.notices.map((notice) => notice.kind === "name-again" && notice.timeMicros),
    [320n],
  );
  assert.deepEqual((await planned(usual(), { kind: "name", name: "late" })).notices, []);
});

test("a missing restore point is refused; names are exact; those there are shown", async () => {
  const { error, nearest } = await refused(usual(), { kind: "name", name: "Deploy" });
  assert.equal(error.code, "PLAN_NAME_UNKNOWN");
  assert.deepEqual(nearest, { before: undefined, after: undefined });
  assert.match(texts(error)[1] ?? "", /"deploy"/);
});
