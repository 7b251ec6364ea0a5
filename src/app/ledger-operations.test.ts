/** What an anchor vouches for, and what is said of the rest. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { msOf } from "../core/units.ts";
import { environmentIn } from "../../tests/support/environment-in.ts";
import { type Adapters, compose } from "./compose.ts";
import { createRepository } from "./create-repository.ts";
import type { Environment } from "./environment.ts";
import { checkLedger, makeAnchor } from "./ledger-operations.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;

/** A repository, and a clock that is set by hand. */
class Site {
  readonly adapters: Adapters;
  readonly directory: string;
  nowMs = Date.UTC(2026, 9, 20, 9);
  #hosts = 0;

  private constructor(directory: string) {
    const real = compose();
    this.directory = directory;
    this.adapters = { ...real, clock: { ...real.clock, now: () => msOf((this.nowMs += 1)) } };
  }

  static async make(context: TestContext): Promise<Site> {
    const directory = await mkdtemp(join(tmpdir(), "pra-anchors-"));
    context.after(() => rm(directory, { recursive: true }));
    const site = new Site(directory);
    const options = { signal, encryption: "on", recoveryKey: "write" } as const;
    await createRepository(site.adapters, site.at("state"), options);
    return site;
  }

  at(state: string): Environment {
    return environmentIn(this.directory, {
      BACKUP_DIR: join(this.directory, "repository"),
      PRA_STATE_DIR: join(this.directory, state),
      PRA_KEY_FILE: join(this.directory, "key"),
    });
  }

  /** A host that remembers nothing. */
  stranger(): Environment {
    this.#hosts += 1;
    return this.at(`host${this.#hosts}`);
  }

  /** A process that lives long. */
  async process(): Promise<LedgerRecorder> {
    const environment = this.at("state");
    const { sealed } = await openRepository(this.adapters, environment, { signal });
    return new LedgerRecorder(this.adapters, sealed, { environment, reason: "test" });
  }

  async record(ledger: LedgerRecorder, events = 1): Promise<void> {
    for (let event = 0; event < events; event += 1) {
      const data = { what: "restore", cluster: "main", object: null, repeats: 0 };
      await ledger.record({ kind: "accessed", data });
    }
    assert.equal(ledger.failure, undefined);
  }

  /** By a host whose own event about it names nobody. Answers its path. */
  async anchor(): Promise<string> {
    const output = join(this.directory, `anchor${this.nowMs}.txt`);
    await makeAnchor(this.adapters, this.stranger(), { output, signal });
    return output;
  }

  check(...anchorFiles: readonly string[]): ReturnType<typeof checkLedger> {
    return checkLedger(this.adapters, this.stranger(), { anchorFiles, signal });
  }

  /** Takes a process's objects away, all behind the first ones. */
  async cut(ledger: LedgerRecorder, left: number): Promise<void> {
    const folder = join(this.directory, "repository", "ledger", ledger.head?.writer ?? "");
    for (const name of (await readdir(folder)).toSorted().slice(left)) {
      await rm(join(folder, name));
    }
  }
}

test("R16 L40 a process whose end went on after an anchor is told as one whose end nobody remembers", async (context) => {
  const site = await Site.make(context);
  const [busy, quiet] = [await site.process(), await site.process()];
  await site.record(busy, 4);
  await site.record(quiet, 4);
  const open = async (...anchors: readonly string[]): Promise<readonly boolean[]> => {
    const { problems, openEnded } = await site.check(...anchors);
    assert.deepEqual(problems, []);
    const writers = new Set<string>(openEnded.map(({ writer }) => writer));
    return [busy, quiet].map(({ head }) => writers.has(head?.writer ?? ""));
  };
  assert.deepEqual(await open(), [true, true], "nobody remembers anything");
  const named = await site.anchor();
  assert.deepEqual(await open(named), [false, false], "the anchor names both");
  site.nowMs += 2 * HOUR_MS;
  await site.record(busy, 4);
  assert.deepEqual(await open(named), [true, false], "one went on since");
  const folded = await site.anchor();
  assert.deepEqual(await open(folded), [false, false], "one is folded, the other is named");
  assert.deepEqual(await open(named, folded), [false, false]);
  await site.record(busy);
  assert.deepEqual(await open(folded, named), [true, false], "whatever their order");
  await site.cut(busy, 4);
  assert.deepEqual(
    (await site.check(folded)).problems.map(({ code }) => code),
    ["LEDGER_SHORTENED"],
  );
});

test("R16 L40 L43 an anchor finds what was cut off of a process whose clock was ahead and then set right", async (context) => {
  const site = await Site.make(context);
  const [tenMs, ledger] = [site.nowMs + HOUR_MS, await site.process()];
  for (const aheadMs of [0, 5 * HOUR_MS, HOUR_MS / 6]) {
    site.nowMs = tenMs + aheadMs;
    await site.record(ledger);
  }
  site.nowMs = tenMs + 2 * HOUR_MS;
  const anchor = await site.anchor();
  assert.deepEqual((await site.check(anchor)).problems, []);
  await site.cut(ledger, 1);
  const { problems } = await site.check(anchor);
  assert.deepEqual(
    problems.map(({ code, details }) => [code, details["writer"], details["sequence"]]),
    [["LEDGER_SHORTENED", ledger.head?.writer, 4]],
  );
});
