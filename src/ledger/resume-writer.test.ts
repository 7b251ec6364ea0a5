/** A chain that many processes of a host go on with, one after the other and at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeyRing } from "../pipeline/sealing/key-ring.ts";
import { objectKey } from "../repository/object-names.ts";
import { never, SimulatedRepository } from "../../tests/support/simulated-repository.ts";
import { type LedgerHead, LedgerWriter, type NewEvent } from "./ledger-writer.ts";
import { searchNewestEvents } from "./newest-events.ts";
import { resumeMonthlyWriter } from "./resume-writer.ts";
import { verifyLedger } from "./verify-ledger.ts";

const call = { signal: never };
const event: NewEvent = {
  kind: "rollbackAccepted",
  data: { missing: [] },
  actor: "a",
  reason: "",
};

function writerOf(
  repository: SimulatedRepository,
  remembered: readonly LedgerHead[] = [],
): Promise<LedgerWriter> {
  const { sealed, clock } = repository.process("a");
  const options = { clock, host: "a", pid: 1, program: "pra", subject: "watch main", remembered };
  return resumeMonthlyWriter(sealed, options, call);
}

async function verdictOf(repository: SimulatedRepository): ReturnType<typeof verifyLedger> {
  return await verifyLedger(repository.process("judge").sealed, call);
}

test("R30 processes of a month go on with one whole chain, and the next month's begin another", async () => {
  const repository = new SimulatedRepository(1, createKeyRing());
  for (let hour = 0; hour < 24 * 40; hour += 8) {
    await (await writerOf(repository)).append(event, call);
    await repository.time.pass(8 * 3_600_000);
  }
  const { problems, writers, events } = await verdictOf(repository);
  assert.deepEqual([problems, events], [[], 24 * 5 + writers]);
  assert.ok(writers === 2 || writers === 3, String(writers));
});

test("R30 a search for the newest proof or backup is not filled up by what a watch records every hour", async () => {
  const repository = new SimulatedRepository(4, createKeyRing());
  const { sealed, clock } = repository.process("a");
  await new LedgerWriter(sealed, { clock, host: "a", pid: 1, program: "pra" }).append(event, call);
  await repository.time.pass(40 * 86_400_000);
  for (let hour = 0; hour < 10; hour += 1) {
    await (await writerOf(repository)).append(event, call);
    await repository.time.pass(3_600_000);
  }
  const seen: string[] = [];
  const visit = ({ kind }: { readonly kind: string }): boolean => {
    seen.push(kind);
    return false;
  };
  assert.equal(await searchNewestEvents(sealed, visit, { ...call, objectsMax: 5 }), "whole");
  assert.deepEqual(seen, ["rollbackAccepted", "writerStarted"]);
});

test("R16 of two processes that go on at once one is refused, and finds its place when it looks again", async () => {
  const repository = new SimulatedRepository(2, createKeyRing());
  await (await writerOf(repository)).append(event, call);
  const [one, two] = [await writerOf(repository), await writerOf(repository)];
  await one.append(event, call);
  await assert.rejects(two.append({ ...event, actor: "b" }, call), { code: "STORE_CONFLICT" });
  await (await writerOf(repository)).append(event, call);
  const { problems, writers, events } = await verdictOf(repository);
  assert.deepEqual([problems, writers, events], [[], 1, 4]);
});

test("L40 R16 a chain whose end was cut off is not gone on with by a host that remembers it", async () => {
  const repository = new SimulatedRepository(3, createKeyRing());
  let head: LedgerHead | undefined;
  for (let time = 0; time < 3; time += 1) {
    const writer = await writerOf(repository);
    await writer.append(event, call);
    ({ head } = writer);
  }
  assert.ok(head !== undefined);
  repository.store.tamper(
    objectKey({ type: "ledger", writer: head.writer, sequence: head.sequence }),
    undefined,
  );
  const next = await writerOf(repository, [head]);
  assert.notEqual(next.writer, head.writer);
  await next.append(event, call);
  const { sealed } = repository.process("judge");
  const { problems } = await verifyLedger(sealed, { ...call, remembered: [head] });
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["LEDGER_SHORTENED"],
  );
});
