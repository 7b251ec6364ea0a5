/** What cannot be reached: holes, WAL that no server replays, backups without their WAL; and branches of history. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type ModelTimeline,
  ModelWriter,
  knowledgeOf,
  wholeTimeline,
} from "../../tests/support/model-wal.ts";
import {
  START,
  backupIn,
  idOf,
  one,
  plan,
  planned,
  refused,
  texts,
  time,
  two,
} from "../../tests/support/plan-cases.ts";
import { type Lsn, addToLsn, formatLsn, lsnOf } from "../core/lsn.ts";
import { timelineOf } from "../core/wal-name.ts";
import type { PlanCatalogue } from "./plan.ts";

/** B1 · 701@100 · hole (a commit @150 lost in it) · 703@200 · B2 · 704@300. */
function withHole(): PlanCatalogue & { readonly holeFrom: Lsn; readonly holeTo: Lsn } {
  const writer = new ModelWriter(START);
  const first = backupIn(writer, 1, { inside: 50n });
  writer.commit(701, 100n);
  writer.add({ kind: "other" }, 2048);
  const holeFrom = lsnOf(0x3400n);
  writer.commit(702, 150n);
  writer.add({ kind: "other" }, 2048);
  const holeTo = lsnOf(0x4000n);
  writer.commit(703, 200n);
  const second = backupIn(writer, 2);
  writer.commit(704, 300n);
  assert.ok(
    writer.records.some((record) => "xid" in record && record.xid === 703 && record.lsn > holeTo),
  );
  const timeline: ModelTimeline = {
    ...wholeTimeline(writer),
    spans: [
      { fromLsn: START, toLsn: holeFrom, known: undefined },
      { fromLsn: holeTo, toLsn: writer.at, known: undefined },
    ],
  };
  return { backups: [first, second], wal: knowledgeOf([timeline]), holeFrom, holeTo };
}

test("L44 a time inside a hole is refused, with both ends and the instants around it", async () => {
  const catalogue = withHole();
  const { error, nearest } = await refused(catalogue, time(150n));
  assert.equal(error.code, "PLAN_TARGET_IN_HOLE");
  assert.equal(error.details["fromLsn"], formatLsn(catalogue.holeFrom));
  assert.equal(error.details["toLsn"], formatLsn(catalogue.holeTo));
  assert.equal(nearest.before?.timeMicros, 100n);
  assert.equal(nearest.after?.timeMicros, 200n);
  assert.match(texts(error)[0] ?? "", /cannot be reached: WAL is missing from 0\/3400 to 0\/4000$/);
  assert.equal((await planned(catalogue, time(100n))).reached.lastCommit?.xid, 701);
  assert.equal((await planned(catalogue, time(200n))).backup.id, idOf(2));
});

test("the latest of a backup before a hole ends there, and says so", async () => {
  const catalogue = withHole();
  const plan = await planned(catalogue, { kind: "latest" }, { backup: idOf(1) });
  assert.equal(plan.wal.toLsn, catalogue.holeFrom);
  assert.deepEqual(
    plan.notices.map(({ kind }) => kind),
    ["ends-at-hole"],
  );
  assert.equal((await planned(catalogue, { kind: "latest" })).backup.id, idOf(2));
});

test("L3 a backup that lacks its own WAL is passed over, and refused when asked for", async () => {
  const writer = new ModelWriter(START);
  const first = backupIn(writer, 1, { inside: 50n });
  writer.commit(701, 100n);
  writer.add({ kind: "other" }, 1024);
  const second = backupIn(writer, 2);
  const toLsn = addToLsn(second.startLsn, 8);
  const spans = [{ fromLsn: START, toLsn, known: undefined }];
  const catalogue = {
    backups: [first, second],
    wal: knowledgeOf([{ ...wholeTimeline(writer), spans }]),
  };
  const plan = await planned(catalogue, { kind: "latest" });
  assert.equal(plan.backup.id, first.id);
  assert.deepEqual(plan.reason.passedOver, [
    { backup: second.id, unfit: { kind: "wal-missing", fromLsn: toLsn, toLsn: second.stopLsn } },
  ]);
  const { error } = await refused(catalogue, { kind: "latest" }, { backup: second.id });
  assert.equal(error.code, "PLAN_BACKUP_WAL_MISSING");
  assert.match(texts(error)[0] ?? "", /lacks WAL of its own from/);
});

test("L48 WAL written with wal_level=minimal ends what can be reached", async () => {
  const writer = new ModelWriter(START);
  const first = backupIn(writer, 1, { inside: 50n });
  writer.commit(701, 100n);
  const minimal = writer.add({ kind: "wal-level", walLevel: "minimal", maxConnections: 100 });
  writer.commit(702, 200n);
  writer.add({ kind: "wal-level", walLevel: "replica", maxConnections: 100 });
  const second = backupIn(writer, 2, { inside: 300n });
  writer.commit(703, 400n);
  const catalogue = {
    backups: [first, second],
    wal: knowledgeOf([wholeTimeline(writer, { atMicros: 500n })]),
  };
  const { error, nearest } = await refused(catalogue, time(200n));
  assert.equal(error.code, "PLAN_WAL_MINIMAL");
  assert.equal(error.details["lsn"], formatLsn(minimal.lsn));
  assert.equal(nearest.before?.timeMicros, 100n);
  assert.equal(nearest.after?.timeMicros, 300n);
  assert.match(texts(error)[0] ?? "", /WAL was written with wal_level=minimal$/);
  const latest = await planned(catalogue, { kind: "latest" }, { backup: first.id });
  assert.equal(latest.wal.toLsn, minimal.lsn);
  assert.equal((await planned(catalogue, time(450n))).backup.id, second.id);
});

test("L48 full_page_writes off during a backup of a standby makes it unfit; of a primary it does not", async () => {
  for (const standby of [true, false]) {
    const writer = new ModelWriter(START);
    const startLsn = writer.at;
    const off = writer.add({ kind: "full-page-writes", enabled: false });
    const inner = backupIn(writer, 1, { standby });
    const backup = { ...inner, startLsn, walFrom: startLsn };
    writer.commit(701, 100n);
    const catalogue = { backups: [backup], wal: knowledgeOf([wholeTimeline(writer)]) };
    const result = await plan(catalogue, { kind: "latest" });
    assert.equal(result.reachable, !standby);
    if (!result.reachable) {
      assert.equal(result.error.code, "PLAN_BACKUP_TORN_PAGES");
      assert.ok(String(texts(result.error)[0]).endsWith(formatLsn(off.lsn)));
    }
  }
});

test("a segment that nobody could read is passed by the latest, told, and stops a time", async () => {
  const writer = new ModelWriter(START);
  const backup = backupIn(writer, 1, { inside: 50n });
  writer.commit(701, 100n);
  writer.add({ kind: "other" }, 1024);
  writer.commit(702, 200n);
  writer.add({ kind: "other" }, 1024);
  writer.commit(703, 300n);
  const lost = lsnOf(0x3400n);
  const catalogue = {
    backups: [backup],
    wal: knowledgeOf([wholeTimeline(writer, { atMicros: 400n })], [lost]),
  };
  const latest = await planned(catalogue, { kind: "latest" });
  assert.equal(latest.reached.lastCommit?.xid, 703);
  assert.deepEqual(latest.notices, [
    { kind: "unread", pieces: [{ timeline: 1, fromLsn: lost, toLsn: lsnOf(0x3800n) }] },
  ]);
  const { error, nearest } = await refused(catalogue, time(250n));
  assert.equal(error.code, "PLAN_WAL_UNREAD");
  assert.equal(nearest.before?.timeMicros, 100n);
  assert.match(texts(error)[0] ?? "", /cannot be judged/);
});

/**
 * Timeline 1: B1 · 701@100 · 702@200 (left here) · 703@300 · 704@400. Timeline 2 goes on behind 702: 801@500, B2, 802@600.
 * Timeline 3 goes on from timeline 1 behind 701: 901@700, without a backup.
 */
function branched(): PlanCatalogue & {
  readonly switchLsn: Lsn;
  readonly lsns: ReadonlyMap<number, Lsn>;
} {
  const trunk = new ModelWriter(START);
  const first = backupIn(trunk, 1, { inside: 50n });
  trunk.commit(701, 100n);
  const early = trunk.at;
  trunk.add({ kind: "other" }, 1100);
  trunk.commit(702, 200n);
  const switchLsn = trunk.at;
  trunk.commit(703, 300n);
  trunk.add({ kind: "other" }, 900);
  trunk.commit(704, 400n);
  const second = new ModelWriter(switchLsn);
  second.add({ kind: "other" });
  second.commit(801, 500n);
  const backup = backupIn(second, 2, { timeline: two });
  second.commit(802, 600n);
  const third = new ModelWriter(early);
  third.commit(901, 700n);
  const segment = (lsn: Lsn): Lsn => lsnOf(lsn - (lsn % 1024n));
  const timelines: ModelTimeline[] = [
    wholeTimeline(trunk),
    {
      timeline: two,
      parent: { timeline: one, switchLsn },
      records: second.records,
      spans: [{ fromLsn: segment(switchLsn), toLsn: second.at, known: undefined }],
    },
    {
      timeline: timelineOf(3),
      parent: { timeline: one, switchLsn: early },
      records: third.records,
      spans: [{ fromLsn: segment(early), toLsn: third.at, known: undefined }],
    },
  ];
  const lsns = new Map(
    [...trunk.records, ...second.records].flatMap((record) =>
      "xid" in record ? [[record.xid, record.lsn] as const] : [],
    ),
  );
  return { backups: [first, backup], wal: knowledgeOf(timelines), switchLsn, lsns };
}

test("L15 the newest timeline that a backup leads to is followed, and its siblings are listed", async () => {
  const catalogue = branched();
  const plan = await planned(catalogue, { kind: "latest" });
  assert.equal(plan.timeline, 3);
  assert.equal(plan.backup.id, idOf(1));
  assert.equal(plan.reached.lastCommit?.xid, 901);
  assert.deepEqual(plan.histories, [3]);
  assert.deepEqual(
    plan.siblings.map(({ timeline }) => timeline),
    [1, 2],
  );
});

test("L13 a replay crosses the switch, and nothing of the timeline left behind is laid", async () => {
  const catalogue = branched();
  const { switchLsn } = catalogue;
  const plan = await planned(catalogue, { kind: "latest" }, { backup: idOf(1), timeline: two });
  assert.equal(plan.timeline, 2);
  assert.equal(plan.reached.lastCommit?.xid, 802);
  assert.deepEqual(
    plan.pieces.map(({ timeline, toLsn }) => [timeline, toLsn]),
    [
      [1, switchLsn],
      [2, plan.wal.toLsn],
    ],
  );
  const between = await planned(catalogue, time(300n), { timeline: two });
  assert.equal(between.reached.lastCommit?.xid, 702);
  assert.equal(between.reached.lsn, catalogue.lsns.get(801));
});

test("L15 the same time on another timeline is another state", async () => {
  const plan = await planned(branched(), time(300n), { timeline: one });
  assert.equal(plan.timeline, 1);
  assert.equal(plan.reached.lastCommit?.xid, 703);
  assert.deepEqual(plan.histories, []);
});

test("L15 a target that lies on another branch only is refused, and the branch named", async () => {
  const catalogue = branched();
  const { error } = await refused(
    catalogue,
    { kind: "xid", xid: 704, epoch: undefined },
    { timeline: two },
  );
  assert.equal(error.code, "PLAN_TARGET_OTHER_BRANCH");
  assert.equal(error.details["other"], 1);
  assert.match(texts(error)[1] ?? "", /^Add --timeline 1 /);
});

test("L15 a backup that does not lead to the timeline asked for is refused", async () => {
  const catalogue = branched();
  const { error } = await refused(
    catalogue,
    { kind: "latest" },
    { timeline: timelineOf(3), backup: idOf(2) },
  );
  assert.equal(error.code, "PLAN_BACKUP_OTHER_BRANCH");
  assert.match(texts(error)[0] ?? "", /of timeline 2 does not lead to timeline 3$/);
  const own = await planned(catalogue, { kind: "latest" }, { timeline: "backup", backup: idOf(2) });
  assert.equal(own.timeline, 2);
  const newest = await planned(catalogue, { kind: "latest" }, { timeline: "backup" });
  assert.equal(newest.timeline, 2);
});

test("L15 a backup that began before another timeline left its own, and ended behind that, is none of the other's", async () => {
  const catalogue = branched();
  const [first] = catalogue.backups;
  assert.ok(first !== undefined);
  const { switchLsn } = catalogue;
  const stopLsn = addToLsn(switchLsn, 100);
  const astride = { ...first, id: idOf(7), startLsn: addToLsn(first.stopLsn, 40), stopLsn };
  const straddled = { ...catalogue, backups: [first, { ...astride, walFrom: astride.startLsn }] };
  const plan = await planned(straddled, { kind: "latest" }, { timeline: two });
  assert.equal(plan.backup.id, idOf(1));
  const { error } = await refused(
    straddled,
    { kind: "latest" },
    { timeline: two, backup: idOf(7) },
  );
  assert.equal(error.code, "PLAN_BACKUP_OTHER_BRANCH");
});

test("an unknown timeline, and one without a backup, are refused", async () => {
  const { error } = await refused(branched(), { kind: "latest" }, { timeline: timelineOf(7) });
  assert.equal(error.code, "PLAN_TIMELINE_UNKNOWN");
  assert.equal(texts(error)[0], "there is no WAL of timeline 7; there is of 1, 2, 3");
  const none = await refused({ ...branched(), backups: [] }, { kind: "latest" });
  assert.equal(none.error.code, "PLAN_NO_BACKUP");
  assert.match(texts(none.error)[0] ?? "", /timelines with WAL: 1, 2, 3$/);
});

test("L14 the segment of a switch serves from either timeline's copy", async () => {
  const catalogue = branched();
  const { switchLsn } = catalogue;
  const segment = lsnOf(switchLsn - (switchLsn % 1024n));
  const { wal } = catalogue;
  const partial = wal.timelines.map((known) =>
    known.timeline === 1
      ? { ...known, spans: [{ fromLsn: START, toLsn: segment, known: undefined }] }
      : known,
  );
  const indexAt: typeof wal.indexAt = (timeline, lsn, call) =>
    timeline === 1 && lsn >= segment
      ? Promise.resolve(undefined)
      : wal.indexAt(timeline, lsn, call);
  const knowledge = { ...wal, timelines: partial, indexAt };
  const plan = await planned(
    { ...catalogue, wal: knowledge },
    { kind: "xid", xid: 702, epoch: undefined },
    { timeline: two },
  );
  assert.equal(plan.reached.lastCommit?.xid, 702);
  assert.equal(plan.backup.id, idOf(1));
  assert.ok(plan.wal.toLsn > switchLsn, "laid under the new timeline's name, which holds it");
});

test("a newest timeline whose history is missing is told", async () => {
  const catalogue = branched();
  const { wal } = catalogue;
  const timelines = wal.timelines.map((known) =>
    known.timeline === 2 ? { ...known, switches: undefined } : known,
  );
  const without = { ...catalogue, wal: { ...wal, timelines } };
  const plan = await planned(without, { kind: "latest" }, { timeline: two });
  assert.equal(plan.backup.id, idOf(2));
  assert.deepEqual(plan.histories, []);
  assert.deepEqual(plan.notices, [{ kind: "history-missing", timeline: 2 }]);
});

test("R5 a damaged backup behind a hole is taken all the same: the one before the hole does not lead as far", async () => {
  const catalogue = withHole();
  const doubts = new Map([
    [idOf(2), { kind: "damaged", time: "2026-11-20T03:00:00.000Z" } as const],
  ]);
  const latest = await planned(catalogue, { kind: "latest" }, { doubts });
  assert.equal(latest.backup.id, idOf(2));
  assert.deepEqual(
    latest.notices.map(({ kind }) => kind),
    ["proof-not-good"],
  );
});
