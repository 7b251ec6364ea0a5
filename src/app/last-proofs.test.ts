/** What proofs say is known for as long as the backups that they are about. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeyRing } from "../pipeline/sealing/key-ring.ts";
import { newObjectId } from "../core/object-id.ts";
import { LedgerWriter, type NewEvent } from "../ledger/ledger-writer.ts";
import { objectKey } from "../repository/object-names.ts";
import { never, SimulatedRepository } from "../../tests/support/simulated-repository.ts";
import { readProofWords } from "./last-proofs.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

function failedProof(backup: string): NewEvent {
  return {
    kind: "proofFinished",
    data: {
      cluster: "main",
      incarnation: "0000000000001234-07070707070707070707070707070707",
      backup,
      target: { kind: "latest", value: null, timeline: null },
      verdict: "failed",
      reached: null,
      levels: [{ level: 3, ok: false, durationMs: 1, findings: ["page"] }],
      serverVersion: null,
      rpoSeconds: null,
      rtoSeconds: null,
      predictedMs: null,
    },
    actor: "a",
    reason: "",
  };
}

/** A command that ran and recorded one thing. */
async function recorded(repository: SimulatedRepository, event: NewEvent): Promise<LedgerWriter> {
  const { sealed, clock } = repository.process("a");
  const writer = new LedgerWriter(sealed, { clock, host: "a", pid: 1, program: "pra" });
  await writer.append(event, { signal: never });
  return writer;
}

const accessed: NewEvent = {
  kind: "accessed",
  data: { what: "list", cluster: "main", object: "", repeats: 0 },
  actor: "a",
  reason: "",
};

test("L36 a backup that a proof found damaged is known as damaged however much was recorded since, and older processes are not read for it", async () => {
  const repository = new SimulatedRepository(1, createKeyRing());
  const old = await recorded(repository, accessed);
  await repository.time.pass(30 * DAY_MS);
  const { clock, random } = repository.process("a");
  const sinceMs = clock.now();
  const backup = newObjectId({ clock, random });
  await recorded(repository, failedProof(backup));
  for (let hour = 0; hour < 800; hour += 1) {
    await repository.time.pass(HOUR_MS);
    await recorded(repository, accessed);
  }
  // What lies before the backup is not looked at: damage there says nothing of it.
  repository.store.tamper(
    objectKey({ type: "ledger", writer: old.writer, sequence: 1 }),
    Buffer.alloc(9),
  );
  const { sealed } = repository.process("judge");
  const words = await readProofWords(sealed, { signal: never, sinceMs });
  assert.deepEqual([[...words.damaged], words.unread], [[backup], 0]);
});
