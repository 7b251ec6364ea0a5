/** What a command records, what its host remembers of it, and what it makes of a ledger that could not be written. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { EventContent } from "../ledger/event-kinds.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import { readLedger } from "../ledger/read-ledger.ts";
import { environmentIn } from "../../tests/support/environment-in.ts";
import {
  SimulatedRepository,
  type SimulatedProcess,
} from "../../tests/support/simulated-repository.ts";
import { compose } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { checkHistory } from "./rollback.ts";

const { signal } = new AbortController();
const adapters = compose();

async function environmentOf(
  context: TestContext,
  variables: Readonly<Record<string, string>> = {},
): Promise<Environment> {
  const directory = await mkdtemp(join(tmpdir(), "pra-recorder-"));
  context.after(() => rm(directory, { recursive: true }));
  return environmentIn(directory, { PRA_STATE_DIR: join(directory, "state"), ...variables });
}

function recorderOf({ sealed }: SimulatedProcess, environment: Environment): LedgerRecorder {
  return new LedgerRecorder(adapters, sealed, { environment, reason: "test" });
}

function accessed(what: string): EventContent {
  return { kind: "accessed", data: { what, cluster: "main", object: null, repeats: 0 } };
}

test("R16 L40 after an event that could not be recorded at once the host remembers the object that holds it, and the next command is not refused", async (context) => {
  const environment = await environmentOf(context);
  const repository = new SimulatedRepository(1);
  const process = repository.process("a");
  const ledger = recorderOf(process, environment);
  await ledger.record(accessed("restore"));
  repository.store.setFaults({ fail: 1 });
  await ledger.record(accessed("restore, which the store does not take"));
  assert.notEqual(ledger.failure, undefined);
  repository.store.setFaults({});
  await ledger.record(accessed("restore, after which it does"));
  const { sequence, object } = ledger.head ?? {};
  assert.deepEqual([sequence, object], [4, 3]);
  const next = { adapters, environment, sealed: process.sealed, ledger };
  await checkHistory({ ...next, accept: false }, { signal });
});

test("R16 a reason that is cut in the middle of a character, and half a character in what is recorded, hinder no recording", async (context) => {
  const environment = await environmentOf(context, { PRA_REASON: `${"r".repeat(299)}😀` });
  const process = new SimulatedRepository(2).process("a");
  const ledger = recorderOf(process, environment);
  await ledger.record(accessed("restore of a\ud83d"));
  assert.equal(ledger.failure, undefined);
  const events: LedgerEvent[] = [];
  for await (const event of readLedger(process.sealed, { signal })) {
    events.push(event);
  }
  const [first, second] = events;
  assert.equal(first?.reason, `test: ${"r".repeat(299)}`);
  assert.equal(
    second?.content?.kind === "accessed" && second.content.data.what,
    "restore of a\ufffd",
  );
});
