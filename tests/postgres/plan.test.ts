/**
 * The plan against real servers: the repository is filled by a receiver and two backups, each target is planned, restored with the
 * plan as it is, and the restored server asked what it holds. The truth is the server's own: `track_commit_timestamp` gives
 * the time of each transaction to the microsecond.
 */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { present } from "../../src/core/assert.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type Lsn, addToLsn, formatLsn, parseLsn } from "../../src/core/lsn.ts";
import { type SupportedMajor } from "../../src/core/pg-version.ts";
import { systemRandom } from "../../src/core/random.ts";
import { firstIncarnation } from "../../src/repository/incarnation.ts";
import { type IncarnationPlace, clusterNameOf } from "../../src/repository/object-names.ts";
import { summaryOf } from "../../src/restore/plan-backup.ts";
import type { RestorePlan, Unreachable } from "../../src/restore/plan-result.ts";
import { type PlanCatalogue, planRestore } from "../../src/restore/plan.ts";
import { recoverySettings } from "../../src/restore/recovery-settings.ts";
import { restoreBackup } from "../../src/restore/restore-backup.ts";
import { formatInstant } from "../../src/restore/target-time.ts";
import { type TargetFlags, parseTarget } from "../../src/restore/target.ts";
import { walKnowledgeOf } from "../../src/restore/wal-knowledge-of-catalogue.ts";
import { windowsIn } from "../../src/restore/window.ts";
import { materialiseHistories, materialiseWal } from "../../src/wal/materialise-wal.ts";
import { WalReceiver } from "../../src/wal/receiver.ts";
import { WalCatalogue } from "../../src/wal/wal-catalogue.ts";
import { WalReader } from "../../src/wal/wal-reader.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { type PlacedBackup, RestoredCluster, TestRepository } from "../support/test-repository.ts";
import { type TestServer, startTestServer, testDirectory } from "../support/test-server.ts";
import { eventually } from "../support/wal-lab.ts";

/** A row that committed, by the server's own account. */
type Row = { readonly id: number; readonly xid: number; readonly timeMicros: bigint };

/** All that a test acts on. */
type Scene = {
  readonly server: TestServer;
  readonly repository: TestRepository;
  readonly backups: readonly PlacedBackup[];
  readonly rows: readonly Row[];
  readonly abortedXid: number;
  readonly subXid: number;
  /** Where WAL ends, and an instant until which it is known to. */
  readonly endLsn: Lsn;
  readonly knownMicros: bigint;
};

function startReceiver(
  repository: TestRepository,
  server: TestServer,
  place: IncarnationPlace,
): WalReceiver {
  return WalReceiver.start({
    sealed: repository.sealed,
    place,
    settings: connectionOf(server),
    applicationName: "pra_main",
    slot: { name: "pra_main", temporary: false, expected: false },
    lease: { epoch: 1, lost: never },
    events: () => undefined,
    clock: systemClock,
    signal: never,
  });
}

async function placeOf(repository: TestRepository, server: TestServer): Promise<IncarnationPlace> {
  const text = await server.value("SELECT system_identifier FROM pg_control_system()");
  const cluster = clusterNameOf("main");
  const { metadataKey } = repository.sealed.ring;
  return { cluster, incarnation: firstIncarnation(metadataKey, cluster, BigInt(text)) };
}

/** Rows 1 … 12, among them a second backup (7 | 8), restore points, a rollback, a part of a transaction, a switch. */
async function writeHistory(
  server: TestServer,
  backup: () => Promise<void>,
): Promise<Pick<Scene, "abortedXid" | "subXid">> {
  await using client = await server.connect();
  const insert = (id: number): Promise<unknown> => client.query(`INSERT INTO t VALUES (${id})`);
  const point = (name: string): Promise<unknown> =>
    client.query("SELECT pg_create_restore_point($1)", [name]);
  for (const id of [1, 2, 3]) {
    await insert(id);
  }
  await point("before deploy");
  await insert(4);
  await client.query("BEGIN");
  const { rows } = await client.query<{ xid: string }>("SELECT txid_current() AS xid");
  await insert(900);
  await client.query("ROLLBACK");
  await insert(5);
  await point("before deploy");
  await client.query(
    "BEGIN; INSERT INTO t VALUES (6); SAVEPOINT s; INSERT INTO t VALUES (60); COMMIT",
  );
  await client.query("SELECT pg_switch_wal()");
  await insert(7);
  await backup();
  for (const id of [8, 9, 10, 11]) {
    await insert(id);
  }
  await client.query("SELECT pg_switch_wal()");
  await insert(12);
  const sub = await client.query<{ xmin: string }>("SELECT xmin FROM t WHERE id = 60");
  return { abortedXid: Number(rows[0]?.xid), subXid: Number(sub.rows[0]?.xmin) };
}

async function rowsOf(server: TestServer): Promise<readonly Row[]> {
  const { rows } = await server.query(`
    SELECT id, xmin::text AS xid,
           (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000 - 946684800000000)::bigint::text AS micros
      FROM t WHERE id <> 60 ORDER BY id`);
  return rows.map((row) => ({
    id: Number(row["id"]),
    xid: Number(row["xid"]),
    timeMicros: BigInt(String(row["micros"])),
  }));
}

async function catalogueOf(
  repository: TestRepository,
  backups: readonly PlacedBackup[],
): Promise<{ readonly plan: PlanCatalogue; readonly wal: WalCatalogue }> {
  const { place } = present(backups[0], "there is a backup");
  const wal = await WalCatalogue.load(repository.sealed, place, { signal: never });
  const knowledge = walKnowledgeOf(repository.sealed, wal);
  return { plan: { backups: backups.map(({ root }) => summaryOf(root)), wal: knowledge }, wal };
}

async function makeScene(t: TestContext, major: SupportedMajor): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const settings = { track_commit_timestamp: "on", autovacuum: "off" };
  const initdbArguments = ["--wal-segsize=1"];
  const server = stack.use(await startTestServer({ major, settings, initdbArguments }));
  const repository = stack.use(await TestRepository.create());
  await server.query("CREATE TABLE t (id int)");
  const receiver = stack.use(startReceiver(repository, server, await placeOf(repository, server)));
  const backups: PlacedBackup[] = [];
  const backup = async (): Promise<void> => {
    const parent = backups.at(-1)?.root;
    const options = parent === undefined ? {} : { parent };
    backups.push(await repository.backup(connectionOf(server), options));
  };
  await eventually(() => (receiver.state === "streaming" ? true : undefined), "the stream");
  await backup();
  const noted = await writeHistory(server, backup);
  const rows = await rowsOf(server);
  const last = present(rows.at(-1), "rows were written");
  const endLsn = parseLsn(await server.value("SELECT pg_current_wal_flush_lsn()"));
  await receiver.untilDurable(endLsn, { signal: never });
  const knownMicros = await eventually(
    async () => {
      const { wal } = await catalogueOf(repository, backups);
      const known = wal.timelines.map(({ timeline }) => wal.knownAt(timeline)?.knownAt ?? 0n);
      return known.find((at) => at > last.timeMicros);
    },
    "an instant until which all WAL is known",
    40_000,
  );
  await receiver.stop();
  return { server, repository, backups, rows, ...noted, endLsn, knownMicros };
}

/** Restores as planned, starts, and answers the ids of the rows and where replay stood. */
async function restoreAsPlanned(
  scene: Scene,
  plan: RestorePlan,
): Promise<{ readonly ids: readonly number[]; readonly replayLsn: Lsn }> {
  const { server, repository, backups } = scene;
  const { account } = server;
  const owner = { uid: account.uid, gid: account.gid };
  const backup = present(
    backups.find(({ root }) => root.id === plan.backup.id),
    "a plan names a backup of its catalogue",
  );
  const { wal } = await catalogueOf(repository, backups);
  const reader = new WalReader(repository.sealed, wal);
  const home = await testDirectory(account);
  const restored = await restoreBackup({
    sealed: repository.sealed,
    place: backup.place,
    root: backup.root,
    dataDirectory: join(home, "data"),
    tablespaces: new Map(),
    owner,
    layWal: async (directory) => {
      await mkdir(directory, { recursive: true });
      const target = { directory, owner };
      const source = { sealed: repository.sealed, reader };
      await materialiseHistories(source, plan.wal.lineage, target, { signal: never });
      const laid = await materialiseWal(reader, plan.wal, target, { signal: never });
      return laid.bytes;
    },
    settings: {
      ...recoverySettings({ stop: plan.stop, timeline: plan.timeline, action: "promote" }),
      fsync: "off",
    },
    workers: 1,
    clock: systemClock,
    random: systemRandom,
    signal: never,
  });
  await using cluster = new RestoredCluster(server, home, restored);
  await cluster.start();
  const rows = await cluster.query("SELECT id FROM t WHERE id <> 60 ORDER BY id");
  const replayLsn = parseLsn(await cluster.value("SELECT pg_last_wal_replay_lsn()::text"));
  return { ids: rows.map((row) => Number(row["id"])), replayLsn };
}

/** The target of flags, on this scene's clock. */
async function planFor(
  scene: Scene,
  flags: TargetFlags,
  backup?: PlacedBackup,
): Promise<RestorePlan | Unreachable> {
  const { plan } = await catalogueOf(scene.repository, scene.backups);
  const context = { now: systemClock.now(), localZone: "UTC", command: "plan" };
  const target = parseTarget(flags, context);
  return planRestore(plan, target, { backup: backup?.root.id, signal: never });
}

/** A target, and up to which row it goes; undefined: what the plan itself foretells is held against the server. */
type Case = {
  readonly name: string;
  readonly flags: TargetFlags;
  readonly upTo: number | undefined;
  readonly backup?: PlacedBackup;
};

function at(timeMicros: bigint): TargetFlags {
  return { at: formatInstant(timeMicros) };
}

/** The row whose commit is the last in the plan. */
function rowOf(scene: Scene, xid: number | undefined): number {
  return scene.rows.find((row) => row.xid === xid)?.id ?? 0;
}

async function check(scene: Scene, { name, flags, upTo, backup }: Case): Promise<void> {
  const plan = await planFor(scene, flags, backup);
  assert.ok(plan.reachable, `${name}: ${plan.reachable ? "" : plan.error.message}`);
  const { ids, replayLsn } = await restoreAsPlanned(scene, plan);
  const sure = rowOf(scene, plan.reached.lastCommit?.xid);
  const maybe = rowOf(scene, plan.reached.possibleCommit?.xid);
  const allowed = maybe === 0 ? [sure] : [sure, maybe];
  const last = ids.at(-1) ?? 0;
  assert.ok(
    allowed.includes(last),
    `${name}: ${last} was reached, ${allowed.join(" or ")} foretold`,
  );
  assert.deepEqual(
    ids,
    Array.from({ length: last }, (_, index) => index + 1),
    name,
  );
  if (upTo !== undefined) {
    assert.equal(last, upTo, name);
  }
  if (plan.stop.kind === "xid" || plan.stop.kind === "name" || flags.immediate === true) {
    assert.equal(formatLsn(replayLsn), formatLsn(plan.reached.lsn), name);
  }
}

async function refusal(
  scene: Scene,
  flags: TargetFlags,
  backup?: PlacedBackup,
): Promise<Unreachable> {
  const plan = await planFor(scene, flags, backup);
  assert.ok(!plan.reachable, JSON.stringify(flags));
  return plan;
}

async function checkRefusals(scene: Scene): Promise<void> {
  const { rows, abortedXid, subXid, endLsn, knownMicros, backups } = scene;
  const row = (id: number): Row => present(rows[id - 1], "rows are numbered");
  const after = await refusal(scene, at(knownMicros + 3_600_000_000n));
  assert.equal(after.error.code, "PLAN_TARGET_AFTER_END");
  assert.ok((after.nearest.before?.timeMicros ?? 0n) >= knownMicros);
  const early = await refusal(scene, at(row(1).timeMicros - 3_600_000_000n));
  assert.equal(early.error.code, "PLAN_TARGET_BEFORE_BACKUP");
  const chosen = await refusal(scene, at(row(3).timeMicros), backups[1]);
  assert.equal(chosen.error.code, "PLAN_TARGET_BEFORE_CHOSEN");
  const aborted = await refusal(scene, { xid: String(abortedXid) });
  assert.equal(aborted.error.code, "PLAN_XID_ABORTED");
  assert.equal(aborted.nearest.before?.timeMicros, row(4).timeMicros);
  assert.equal(aborted.nearest.after?.timeMicros, row(5).timeMicros);
  const part = await refusal(scene, { xid: String(subXid) });
  assert.equal(part.error.code, "PLAN_XID_SUBTRANSACTION");
  assert.equal(part.error.details["top"], row(6).xid);
  assert.equal((await refusal(scene, { xid: "4000000000" })).error.code, "PLAN_XID_UNKNOWN");
  assert.equal((await refusal(scene, { name: "Before deploy" })).error.code, "PLAN_NAME_UNKNOWN");
  const beyond = await refusal(scene, { lsn: formatLsn(addToLsn(endLsn, 1 << 20)) });
  assert.equal(beyond.error.code, "PLAN_TARGET_AFTER_END");
  assert.equal((await refusal(scene, { timeline: "9" })).error.code, "PLAN_TIMELINE_UNKNOWN");
}

/** Where commits lie, by the plan itself: checked by restoring to them. */
async function commitLsn(scene: Scene, id: number): Promise<Lsn> {
  const xid = present(scene.rows[id - 1], "rows are numbered").xid;
  const plan = await planFor(scene, { xid: String(xid) });
  assert.ok(plan.reachable);
  return present(plan.reached.lastCommit, "a commit is reached").lsn;
}

for (const major of [18, 15] as const) {
  test(`L44 on ${major} every target is planned before restoring, and reached as planned`, async (t) => {
    const scene = await makeScene(t, major);
    const { rows, backups, knownMicros, endLsn } = scene;
    const [first] = backups;
    assert.ok(first !== undefined && rows.length === 12);
    const row = (id: number): Row => present(rows[id - 1], "rows are numbered");
    const [lsn4, lsn9, lsn12] = [
      await commitLsn(scene, 4),
      await commitLsn(scene, 9),
      await commitLsn(scene, 12),
    ];
    await checkRefusals(scene);
    const all: readonly Case[] = [
      { name: "latest", flags: {}, upTo: 12 },
      { name: "latest of the first backup", flags: { latest: true }, upTo: 12, backup: first },
      { name: "immediate", flags: { immediate: true }, upTo: 7 },
      { name: "a commit's own time", flags: at(row(3).timeMicros), upTo: 3 },
      { name: "a microsecond before a commit", flags: at(row(3).timeMicros - 1n), upTo: 2 },
      {
        name: "between two commits",
        flags: at((row(9).timeMicros + row(10).timeMicros) / 2n),
        upTo: 9,
      },
      { name: "the last commit's time", flags: at(row(12).timeMicros), upTo: 12 },
      { name: "behind the last commit", flags: at(row(12).timeMicros + 1n), upTo: 12 },
      { name: "the newest known instant", flags: at(knownMicros), upTo: 12 },
      { name: "a transaction", flags: { xid: String(row(6).xid) }, upTo: 6 },
      { name: "the last transaction", flags: { xid: String(row(12).xid) }, upTo: 12 },
      { name: "a restore point twice", flags: { name: "before deploy" }, upTo: 3 },
      { name: "a commit's record", flags: { lsn: formatLsn(lsn4) }, upTo: 4 },
      { name: "a byte before it", flags: { lsn: formatLsn(addToLsn(lsn9, -1)) }, upTo: undefined },
      { name: "a byte behind it", flags: { lsn: formatLsn(addToLsn(lsn9, 1)) }, upTo: 9 },
      { name: "the last commit's record", flags: { lsn: formatLsn(lsn12) }, upTo: 12 },
      { name: "the end of WAL", flags: { lsn: formatLsn(endLsn) }, upTo: 12 },
    ];
    // Each restore takes two seconds: the older major takes every third one.
    const cases = major === 18 ? all : all.filter((_, index) => index % 3 === 0);
    for (const one of cases) {
      await check(scene, one);
    }
    const { plan } = await catalogueOf(scene.repository, backups);
    const { windows, gaps } = await windowsIn(plan, { depth: "all", signal: never });
    assert.deepEqual(gaps, []);
    assert.equal(windows.length, 1);
    assert.equal(windows[0]?.backups, 2);
    assert.ok((windows[0]?.to.timeMicros ?? 0n) >= knownMicros);
    assert.ok((windows[0]?.from.timeMicros ?? 0n) < row(1).timeMicros);
  });
}
