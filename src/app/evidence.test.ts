/** From a look to a judgement, and from an access to an auditor's check, in a repository on a real disk. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { configureFailpoints } from "../core/failpoint.ts";
import { found } from "../core/finding/finding.ts";
import { type Adapters, compose } from "./compose.ts";
import { createRepository } from "./create-repository.ts";
import type { Environment } from "./environment.ts";
import { environmentIn } from "../../tests/support/environment-in.ts";
import { checkLedger, listLedger, makeAnchor } from "./ledger-operations.ts";
import { sampleLook } from "./look/sample-hours.ts";
import { recordAccess } from "./record-access.ts";
import { readSla } from "./sla.ts";
import { flushEvents } from "./watch/flush-events.ts";
import { openWatch } from "./watch/watch-setup.ts";

const { signal } = new AbortController();
const effects = {
  kill: (): never => {
    throw new Error("killed");
  },
};
const MINUTE = 60_000;
const START = Date.UTC(2026, 9, 1);

type Site = {
  readonly adapters: Adapters;
  readonly directory: string;
  at(variables?: Readonly<Record<string, string>>): Environment;
};

async function makeSite(context: TestContext): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), "pra-evidence-"));
  context.after(() => rm(directory, { recursive: true }));
  const at = (variables: Readonly<Record<string, string>> = {}): Environment =>
    environmentIn(directory, {
      BACKUP_DIR: join(directory, "repository"),
      PRA_STATE_DIR: join(directory, "state"),
      PRA_KEY_FILE: join(directory, "key"),
      ...variables,
    });
  const adapters = compose();
  await createRepository(adapters, at(), { signal, encryption: "on", recoveryKey: "write" });
  return { adapters, directory, at };
}

const anyEvent = {
  kinds: [],
  sinceMs: undefined,
  untilMs: undefined,
  writer: undefined,
  limit: 100,
};

async function flush({ adapters }: Site, environment: Environment): Promise<void> {
  const { memory } = await openWatch(adapters, environment, { signal });
  assert.equal(await flushEvents(adapters, environment, { memory, signal }), undefined);
}

test("R30 looks of two hours are in the ledger and judged by the objectives of their time; a process killed between is a repeat, no hole", async (context) => {
  const site = await makeSite(context);
  const look = async (minute: number, exposure: number, rpo = "60"): Promise<void> => {
    const environment = site.at({ PRA_RPO_MINUTES: rpo });
    const findings = [
      found("exposure", "good", "exposure-low", {}, { value: exposure, unit: "s" }),
    ];
    const atMs = START + minute * MINUTE;
    await sampleLook(site.adapters, environment, { atMs, findings, signal });
  };
  for (let minute = 0; minute < 60; minute += 5) {
    await look(minute, 100 + minute);
  }
  context.after(() => {
    configureFailpoints({ effects });
  });
  configureFailpoints({ failpoints: "watch.hour-queued:error", effects });
  await assert.rejects(look(60, 100));
  configureFailpoints({ effects });
  for (let minute = 60; minute < 120; minute += 5) {
    await look(minute, 100, "1");
  }
  await look(121, 0);
  const environment = site.at();
  await flush(site, environment);
  const typed = { from: "2026-10-01", to: "2026-10-01T02:00Z", month: undefined };
  const read = async (fresh: boolean): ReturnType<typeof readSla> =>
    await readSla(site.adapters, environment, { typed, fresh, signal });
  const { clusters } = await read(false);
  const [judged] = clusters;
  // What the host remembers, and what it remembers after its memory was damaged, is what the ledger says.
  assert.deepEqual((await read(false)).clusters, clusters);
  const memory = join(environment.stateDirectory, "sla");
  for (const name of await readdir(memory)) {
    await writeFile(join(memory, name), "no database");
  }
  assert.deepEqual((await read(false)).clusters, clusters);
  assert.deepEqual((await read(true)).clusters, clusters);
  assert.equal(judged?.cluster, "main");
  assert.deepEqual(
    [judged.exposure.withinMs, judged.exposure.beyondMs, judged.exposure.unknownMs],
    [60 * MINUTE, 60 * MINUTE, 0],
  );
  assert.equal(judged.exposure.worstSeconds, 155);
  assert.deepEqual(
    judged.objectives.map(({ rpoSeconds }) => rpoSeconds),
    [3600, 60],
  );
});

test("R16 who looks, from where and why is in the ledger; a repeat is counted; what cannot be recorded is answered", async (context) => {
  const site = await makeSite(context);
  const { adapters } = site;
  const said = { SSH_CONNECTION: "192.0.2.7 5 10.0.0.1 22", PRA_REASON: "ticket\n42" };
  for (let time = 0; time < 3; time += 1) {
    assert.equal(await recordAccess(adapters, site.at(said), "list", { signal }), undefined);
  }
  assert.equal(await recordAccess(adapters, site.at(), "list", { signal }), undefined);
  const { events } = await listLedger(adapters, site.at(), { filter: anyEvent, signal });
  assert.deepEqual(
    events.map(({ kind, from, reason }) => [kind, from, reason]),
    [
      ["accessed", "ssh 192.0.2.7", "pra list: ticket 42"],
      ["accessed", undefined, "pra list"],
    ],
  );
  const elsewhere = site.at({ PRA_KEY_FILE: join(site.directory, "none") });
  const failure = await recordAccess(adapters, elsewhere, "list", { signal });
  assert.equal(failure?.code, "KEY_FILE_MISSING");
});

test("R16 an anchor finds a writer that was removed, is refused when it was changed, and none of another repository is taken", async (context) => {
  const site = await makeSite(context);
  const { adapters, directory } = site;
  const environment = site.at();
  await recordAccess(adapters, environment, "list", { signal });
  const output = join(directory, "anchor.txt");
  const made = await makeAnchor(adapters, environment, { output, signal });
  assert.equal(made.ledgerFailure, undefined);
  // An auditor's host has seen nothing of it.
  const auditor = site.at({ PRA_STATE_DIR: join(directory, "auditor") });
  const check = (file: string): ReturnType<typeof checkLedger> =>
    checkLedger(adapters, auditor, { anchorFiles: [file], signal });
  const whole = await check(output);
  assert.deepEqual([whole.problems, whole.openEnded.length], [[], 1]);
  await assert.rejects(makeAnchor(adapters, environment, { output, signal }), {
    code: "LEDGER_ANCHOR_FILE",
  });
  const [head] = made.anchor.heads;
  assert.ok(head !== undefined);
  const repository = join(directory, "repository");
  await rm(join(repository, "ledger", head.writer), { recursive: true });
  const { problems } = await check(output);
  assert.deepEqual(
    problems.map(({ code, details }) => [code, details["writer"], details["sequence"]]),
    [["LEDGER_SHORTENED", head.writer, 2]],
  );
  const changed = join(directory, "changed.txt");
  const text = await readFile(output, "utf8");
  await writeFile(changed, text.replace("writers 0", "writers 1"));
  await assert.rejects(check(changed), { code: "LEDGER_ANCHOR_FORGED" });
  const other = await makeSite(context);
  const foreign = { anchorFiles: [output], signal };
  await assert.rejects(checkLedger(adapters, other.at(), foreign), {
    code: "LEDGER_ANCHOR_FOREIGN",
  });
  await assert.rejects(check(join(directory, "none.txt")), { code: "LEDGER_ANCHOR_FILE" });
  const wrong = { filter: { ...anyEvent, kinds: ["nothing"] }, signal };
  await assert.rejects(listLedger(adapters, environment, wrong), { code: "LEDGER_KIND_UNKNOWN" });
  assert.equal((await readdir(join(repository, "ledger"))).length, 1);
});
