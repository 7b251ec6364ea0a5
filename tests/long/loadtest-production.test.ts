/** A load test on production that is cut off, begun again, or ended because production suffers: nothing of it stays there. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { LoadedProduction, TWICE, untilSaid } from "../support/loaded-production.ts";
import { type Run, ended } from "../support/pra-run.ts";

const HELD_MS = 10_000;
const WORDS = ["loadtest", "--duration", "1m", ...TWICE];

test("R6 ended by Ctrl-C, or killed and begun again, a load test leaves no database on production; one of that name that is somebody's stops it", async () => {
  await using production = await LoadedProduction.create();
  const before = await production.rest();
  const killed = production.pra(WORDS);
  await untilSaid(killed, /Load beside production/);
  killed.child.kill("SIGKILL");
  await ended(killed);
  assert.ok(await production.hasLoadDatabase(), "nobody was left to drop it");

  const interrupted = production.pra(WORDS, "fr");
  await untilSaid(interrupted, /[1-9]\d* validations · reste/);
  interrupted.child.kill("SIGINT");
  assert.equal(await ended(interrupted), 130, interrupted.err());
  assert.match(interrupted.err(), /Base pra_loadtest supprimée/);
  assert.equal((await production.facts()).ending, "interrupted");
  assert.deepEqual(await production.rest(), before);

  await production.server.query("CREATE DATABASE pra_loadtest");
  const refused = production.pra(WORDS);
  assert.equal(await ended(refused), 3, refused.err());
  assert.match(refused.err(), /database pra_loadtest .* was not made by a load test/);
  assert.doesNotMatch(refused.err(), /Dropped database|could not be dropped/);
  assert.ok(await production.hasLoadDatabase(), "it is somebody's");
});

/** Until it has begun a process of its own: a backup. */
async function untilBackup({ child: { pid } }: Run): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    if (children.trim() !== "") {
      return;
    }
    assert.ok(tries < 1200, "no backup was begun");
    await sleep(50);
  }
}

test("R6 ended in the middle of a backup, a load test calls the seconds that the backup took to end no slowdown", async () => {
  await using production = await LoadedProduction.create();
  const variables = { PRA_FAILPOINT: "backup.publish-pack:delay=60000" };
  const run = production.pra(["loadtest", "--duration", "20s", ...TWICE], "en", variables);
  await untilBackup(run);
  await sleep(2000);
  run.child.kill("SIGINT");
  assert.equal(await ended(run), 130, run.err());
  const { windows, ending } = await production.facts();
  assert.equal(ending, "interrupted");
  assert.deepEqual(
    windows.filter(({ kind }) => kind !== "streaming"),
    [],
  );
});

/** Somebody who works on the database named. */
async function connected(production: LoadedProduction, database: string): Promise<Client> {
  const client = new Client({ ...production.server.clientConfig(), database });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

test("R6 production that suffers ends the load test, which says from what, reports, and leaves nothing", async () => {
  await using production = await LoadedProduction.create();
  const before = await production.rest();

  const waiting = production.pra(WORDS);
  await untilSaid(waiting, /Load beside production/);
  const blocker = await connected(production, "pra_loadtest");
  await blocker.query("BEGIN");
  await blocker.query("LOCK TABLE pra_probe");
  // It waits for those who are connected before it drops its database.
  await sleep(HELD_MS);
  await blocker.end();
  assert.equal(await ended(waiting), 1, waiting.err());
  assert.match(waiting.out(), /a small commit has waited for \d+ ms/);
  const facts = await production.facts();
  assert.equal(facts.ending, "failed");
  assert.equal(facts.failure?.code, "PG_LOADTEST_SILENT");
  assert.equal(facts.ok, false);
  const reached = facts.tests.filter(({ outcome }) => outcome !== "notReached");
  // Of what had been measured until then, the cost of a backup at most.
  assert.ok(
    reached.every(({ name }) => name === "slowdown"),
    JSON.stringify(reached),
  );
  assert.deepEqual(await production.rest(), before);

  const crowded = production.pra(WORDS);
  const crowdedEnded = ended(crowded);
  await untilSaid(crowded, /Load beside production/);
  const others: Client[] = [];
  try {
    for (;;) {
      others.push(await connected(production, "postgres"));
    }
  } catch {
    // There are no more.
  }
  assert.ok(others.length > 5);
  await sleep(HELD_MS);
  await Promise.all(others.map((client) => client.end()));
  assert.equal(await crowdedEnded, 1, crowded.err());
  assert.equal((await production.facts()).failure?.code, "PG_LOADTEST_CONNECTIONS");
  assert.deepEqual(await production.rest(), before);

  const refused = production.pra(["loadtest", "--clients", "40", ...TWICE]);
  assert.equal(await ended(refused), 1, refused.err());
  assert.match(refused.err(), /connections left, the load test needs 51/);
  assert.deepEqual(await production.rest(), before);
});
