/** What a watch remembers of its own chain in the ledger: an end that was cut off is not covered up by what it writes next. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { msOf } from "../../core/units.ts";
import { isMonthlyChain } from "../../ledger/resume-writer.ts";
import { parseLedgerWriterName } from "../../repository/object-names.ts";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { type Adapters, compose } from "../compose.ts";
import { createRepository } from "../create-repository.ts";
import type { Environment } from "../environment.ts";
import { checkLedger } from "../ledger-operations.ts";
import { LedgerRecorder } from "../ledger-recorder.ts";
import { openRepository } from "../repository-access.ts";
import { checkHistory } from "../rollback.ts";
import { withHead } from "../seen-heads.ts";
import { flushEvents } from "./flush-events.ts";
import { openWatch } from "./watch-setup.ts";

const { signal } = new AbortController();
const START_MS = Date.UTC(2026, 9, 20);

class Site {
  readonly adapters: Adapters;
  readonly directory: string;
  nowMs = START_MS;

  private constructor(directory: string) {
    const real = compose();
    this.directory = directory;
    this.adapters = { ...real, clock: { ...real.clock, now: () => msOf((this.nowMs += 1000)) } };
  }

  static async make(context: TestContext): Promise<Site> {
    const directory = await mkdtemp(join(tmpdir(), "pra-flush-"));
    context.after(() => rm(directory, { recursive: true }));
    const site = new Site(directory);
    await site.create("one");
    return site;
  }

  async create(repository: string): Promise<void> {
    const options = { signal, encryption: "on", recoveryKey: "write" } as const;
    await createRepository(this.adapters, this.at(repository), options);
  }

  /** One state directory for all repositories. */
  at(repository: string, state = "state"): Environment {
    return environmentIn(this.directory, {
      BACKUP_DIR: join(this.directory, repository),
      PRA_STATE_DIR: join(this.directory, state),
      PRA_KEY_FILE: join(this.directory, `${repository}.key`),
    });
  }

  async flush(repository = "one"): Promise<void> {
    const environment = this.at(repository);
    const { memory } = await openWatch(this.adapters, environment, { signal });
    const data = { what: "watch", cluster: "main", object: null, repeats: 0 };
    await memory.update(
      (document) => ({
        document: { ...document, events: [{ kind: "accessed", data, actor: "a" }] },
        result: undefined,
      }),
      { signal },
    );
    const failure = await flushEvents(this.adapters, environment, { memory, signal });
    assert.equal(failure, undefined);
  }

  /** A command. */
  async record(repository = "one"): Promise<void> {
    const environment = this.at(repository);
    const { sealed } = await openRepository(this.adapters, environment, { signal });
    const ledger = new LedgerRecorder(this.adapters, sealed, { environment, reason: "test" });
    const data = { what: "list", cluster: "main", object: null, repeats: 0 };
    await ledger.record({ kind: "accessed", data });
    assert.equal(ledger.failure, undefined);
  }

  async problems(repository = "one", state = "state"): Promise<readonly string[]> {
    const environment = this.at(repository, state);
    const options = { anchorFiles: [], signal };
    const { problems } = await checkLedger(this.adapters, environment, options);
    return problems.map(({ code, details }) =>
      isMonthly(String(details["writer"])) ? `${code} of a month` : code,
    );
  }

  /** Folders of writers. */
  async writers(monthly: boolean): Promise<readonly string[]> {
    const folder = join(this.directory, "one", "ledger");
    const names = (await readdir(folder)).filter((name) => isMonthly(name) === monthly);
    return names.toSorted().map((name) => join(folder, name));
  }

  /** Takes the newest objects of the watch's chain away. */
  async cut(objects: number): Promise<void> {
    const [chain = ""] = await this.writers(true);
    for (const name of (await readdir(chain)).toSorted().slice(-objects)) {
      await rm(join(chain, name));
    }
  }
}

function isMonthly(name: string): boolean {
  return /^[0-9a-f]{16}-/.test(name) && isMonthlyChain(parseLedgerWriterName(name));
}

test("R16 a state directory that goes on with another repository finds nothing missing in it", async (context) => {
  const site = await Site.make(context);
  await site.flush();
  await site.create("two");
  await site.record("two");
  await site.flush("two");
  await site.record("two");
  assert.deepEqual(await site.problems("two"), []);
});

test("L40 R16 a watch's chain that was cut is not gone on with at the flushes after, and whoever verifies is told", async (context) => {
  const site = await Site.make(context);
  for (let hour = 0; hour < 5; hour += 1) {
    await site.flush();
  }
  assert.deepEqual(await site.problems(), []);
  await site.cut(2);
  const [chain = ""] = await site.writers(true);
  const left = await readdir(chain);
  for (let hour = 0; hour < 6; hour += 1) {
    await site.flush();
  }
  assert.deepEqual(await readdir(chain), left, "nothing takes the place of what was cut off");
  assert.deepEqual(await site.problems(), ["LEDGER_SHORTENED of a month"]);
  // What the watch wrote since says it to a host that remembers nothing.
  assert.deepEqual(await site.problems("one", "elsewhere"), ["LEDGER_SHORTENED of a month"]);
});

test("L40 R16 the end of a month's chain is remembered by the next month's", async (context) => {
  const site = await Site.make(context);
  await site.flush();
  await site.flush();
  site.nowMs += 20 * 86_400_000;
  await site.flush();
  assert.equal((await site.writers(true)).length, 2);
  assert.deepEqual(await site.problems("one", "elsewhere"), []);
  await site.cut(1);
  for (const state of ["state", "elsewhere"]) {
    assert.deepEqual(await site.problems("one", state), ["LEDGER_SHORTENED of a month"]);
  }
});

test("L40 a rollback that was accepted is accepted for the watch's chain, too", async (context) => {
  const site = await Site.make(context);
  await site.flush();
  await site.flush();
  const before = await site.writers(false);
  await site.record();
  await site.cut(1);
  const [writer = ""] = (await site.writers(false)).filter((each) => !before.includes(each));
  await rm(writer, { recursive: true });
  const environment = site.at("one");
  const { adapters } = site;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: "test" });
  const check = { adapters, environment, sealed, ledger };
  await assert.rejects(checkHistory({ ...check, accept: false }, { signal }), {
    code: "REPO_ROLLED_BACK",
  });
  await checkHistory({ ...check, accept: true }, { signal });
  await site.flush();
  assert.deepEqual(await site.problems(), []);
  assert.equal((await site.writers(true)).length, 1);
});

test("of chains the furthest end is kept, and of writers the newest of either sort", () => {
  const writer = (monthly: boolean, month: number): ReturnType<typeof parseLedgerWriterName> => {
    const time = Date.UTC(2026, month).toString(16).padStart(12, "0");
    return parseLedgerWriterName(
      `${"a".repeat(16)}-${time}${monthly ? "0" : "1"}${"0".repeat(19)}`,
    );
  };
  const head = (monthly: boolean, month: number, sequence = 1) => ({
    writer: writer(monthly, month),
    sequence,
    hash: "",
  });
  let heads = withHead([head(true, 0, 700)], head(true, 0, 690));
  assert.deepEqual(heads, [head(true, 0, 700)]);
  for (let month = 1; month < 9; month += 1) {
    heads = withHead(heads, head(false, month));
  }
  const others = [head(false, 6), head(false, 7), head(false, 8)];
  assert.deepEqual(heads, [head(true, 0, 700), ...others]);
  for (let month = 1; month < 5; month += 1) {
    heads = withHead(heads, head(true, month));
  }
  assert.deepEqual(heads, [head(true, 2), head(true, 3), ...others, head(true, 4)]);
});
