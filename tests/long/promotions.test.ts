/**
 * Ten failovers in a row: a standby is promoted, is production, gets a standby of its own. One receiver follows all of them; every second
 * failover happens to a primary that still wrote what its standby never got and the repository did. What was committed at
 * any moment on any timeline comes back, that included.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { rm } from "node:fs/promises";
import { CommandLine } from "../support/command-line.ts";
import { endReceiver, receive, untilPlanned } from "../support/long-run.ts";
import { withRestored } from "../support/restored-copy.ts";
import { ServiceAddress } from "../support/service-address.ts";
import {
  type TestServer,
  startStandby,
  startTestServer,
  testDirectory,
} from "../support/test-server.ts";

const PROMOTIONS = 10;
const NOTES = "SELECT string_agg(text, ',' ORDER BY id) FROM notes";
const NOW = `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
/** A new primary must still have what the receiver asks for. */
const SETTINGS = { wal_keep_size: "512MB" };

/** What was there at an instant of a timeline. */
type Moment = { readonly at: string; readonly timeline: number; readonly notes: readonly string[] };

async function note(server: TestServer, text: string): Promise<string> {
  await server.query(`INSERT INTO notes (text) VALUES ('${text}')`);
  await sleep(20);
  return await server.value(NOW);
}

async function untilCaughtUp(primary: TestServer, standby: TestServer): Promise<void> {
  const end = await primary.value("SELECT pg_current_wal_flush_lsn()");
  while ((await standby.value(`SELECT pg_last_wal_replay_lsn() >= '${end}'::pg_lsn`)) !== "true") {
    await sleep(50);
  }
}

/** Everything of the ten failovers. */
class History {
  readonly pra: CommandLine;
  readonly address: ServiceAddress;
  readonly moments: Moment[] = [];
  /** Moments of which the surviving history knows nothing. */
  readonly abandoned: Moment[] = [];
  notes: readonly string[] = [];
  timeline = 1;

  constructor(pra: CommandLine, address: ServiceAddress) {
    this.pra = pra;
    this.address = address;
  }

  /** Writes on the primary, and marks the moment. */
  async write(primary: TestServer, text: string): Promise<void> {
    const at = await note(primary, text);
    this.notes = [...this.notes, text];
    this.moments.push({ at, timeline: this.timeline, notes: this.notes });
  }

  /** Makes the standby production. `lossy`: the primary wrote more than the standby got, and dies. */
  async failOver(primary: TestServer, standby: TestServer, lossy: boolean): Promise<void> {
    await untilCaughtUp(primary, standby);
    if (lossy) {
      await standby.stop();
      const text = `only on ${this.timeline}`;
      const at = await note(primary, text);
      const moment = { at, timeline: this.timeline, notes: [...this.notes, text] };
      // A commit behind it, so that the repository knows how far it knows.
      await note(primary, `later on ${this.timeline}`);
      await untilPlanned(this.pra, `--at ${at}`);
      this.abandoned.push(moment);
      await primary.kill();
      await standby.start({ goal: "ready" });
    } else {
      await primary.stop();
    }
    await standby.query("SELECT pg_promote(true, 60)");
    this.address.lead(standby);
    this.timeline += 1;
  }
}

test("L12 L13 ten failovers, followed by one receiver: every moment of eleven timelines comes back, also what died with its primary", async (t) => {
  await using stack = new AsyncDisposableStack();
  let primary = stack.use(await startTestServer({ major: 18, settings: SETTINGS }));
  const directory = await testDirectory(primary.account);
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const address = stack.use(await ServiceAddress.in(directory, primary));
  const pra = stack.use(await CommandLine.initialised(address));
  await primary.query("CREATE TABLE notes (id serial PRIMARY KEY, text text)");
  assert.equal((await pra.run("backup --full")).code, 0);
  const receiver = await receive(pra);
  const history = new History(pra, address);
  const backups = new Map([
    [3, "--incremental"],
    [5, "--full"],
    [6, "--incremental"],
    [9, "--incremental"],
  ]);
  for (let n = 1; n <= PROMOTIONS; n += 1) {
    const kind = backups.get(n);
    if (kind !== undefined) {
      const { code, value, out } = await pra.json(`backup ${kind}`);
      assert.equal(code, 0, out);
      assert.equal(value["timeline"], n);
    }
    const standby = stack.use(await startStandby(primary, { settings: SETTINGS }));
    await history.write(primary, `on ${n}`);
    await history.failOver(primary, standby, n % 2 === 0);
    await primary[Symbol.asyncDispose]();
    primary = standby;
    await history.write(primary, `first on ${n + 1}`);
  }
  await history.write(primary, "last");
  await note(primary, "behind the last");
  assert.equal(history.timeline, 11);
  const last = history.moments.at(-1);
  assert.ok(last !== undefined);
  await untilPlanned(pra, `--at ${last.at}`);
  assert.equal(receiver.child.exitCode, null, "one receiver followed all of it");
  await endReceiver(receiver);
  const verified = await pra.json("verify --deep");
  assert.equal(verified.code, 0, verified.out);

  const { value } = await pra.json("list");
  const { clusters } = value as { clusters: { backups: { id: string }[] }[] };
  const first = clusters[0]?.backups[0]?.id;
  await withRestored(pra, `--at ${last.at} --backup ${first}`, async (copy) => {
    assert.equal(await copy.value(NOTES), last.notes.join(","), "through all timelines");
  });
  const chosen = history.moments.filter(({ timeline }) => [2, 5, 8, 11].includes(timeline));
  const reached = [];
  for (const moment of chosen) {
    await withRestored(pra, `--at ${moment.at}`, async (copy) => {
      assert.equal(await copy.value(NOTES), moment.notes.join(","));
      reached.push(moment);
    });
  }
  for (const moment of history.abandoned) {
    const target = `--at ${moment.at} --timeline ${moment.timeline}`;
    await withRestored(pra, target, async (copy) => {
      assert.equal(await copy.value(NOTES), moment.notes.join(","));
      reached.push(moment);
    });
    await withRestored(pra, `--at ${moment.at}`, async (copy) => {
      const surviving = moment.notes.slice(0, -1);
      assert.equal(await copy.value(NOTES), surviving.join(","), "the surviving history's view");
    });
  }
  t.diagnostic(`${reached.length} moments on eleven timelines restored exactly`);
});
