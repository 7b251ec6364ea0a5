import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lsnOf } from "../core/lsn.ts";
import type { AcknowledgedCommit } from "./acknowledged.ts";
import { accountsPerClient, chainStart, entryHash, loadClientsMax } from "./load-schema.ts";
import { expectationOf } from "./oracle.ts";
import { transferOf } from "./workload.ts";

function commit(insertLsn: bigint, sentEpochMs: number, ackedEpochMs: number): AcknowledgedCommit {
  return {
    client: 0,
    sequence: 1,
    hash: chainStart,
    xid: 1n,
    insertLsn: lsnOf(insertLsn),
    sentEpochMs,
    ackedEpochMs,
  };
}

test("a time target decides all commits but those under way at it", () => {
  const around = { before: undefined, after: undefined };
  const at = (epochMs: number): string =>
    expectationOf(commit(0n, 100, 105), around, { kind: "time", epochMs });
  assert.equal(at(106), "present");
  assert.equal(at(105), "either");
  assert.equal(at(100), "either");
  assert.equal(at(99), "absent");
});

test("a position target decides a commit by its neighbours", () => {
  const [before, it, after] = [commit(100n, 1, 2), commit(200n, 3, 4), commit(300n, 5, 6)];
  const at = (lsn: bigint): string =>
    expectationOf(it, { before, after }, { kind: "lsn", lsn: lsnOf(lsn) });
  assert.equal(at(300n), "present");
  assert.equal(at(299n), "either");
  assert.equal(at(101n), "either");
  assert.equal(at(100n), "absent");
  const last = { before, after: undefined };
  assert.equal(expectationOf(it, last, { kind: "lsn", lsn: lsnOf(900n) }), "either");
  assert.equal(expectationOf(it, last, { kind: "all" }), "present");
});

test("a transfer stays within its client's accounts and moves something", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: loadClientsMax - 1 }),
      fc.integer({ min: 1, max: 2 ** 31 }),
      (client, sequence) => {
        const entry = transferOf(client, sequence);
        for (const account of [entry.debit, entry.credit]) {
          assert.equal(Math.floor(account / accountsPerClient), client);
        }
        assert.notEqual(entry.debit, entry.credit);
        assert.ok(entry.amount >= 1 && entry.amount <= 100);
      },
    ),
  );
});

test("a hash depends on the one before and on every field", () => {
  const entry = { client: 1, sequence: 2, debit: 3, credit: 4, amount: 5 };
  const hashes = new Set([
    entryHash(chainStart, entry),
    entryHash("1".repeat(64), entry),
    ...(["client", "sequence", "debit", "credit", "amount"] as const).map((field) =>
      entryHash(chainStart, { ...entry, [field]: 9 }),
    ),
  ]);
  assert.equal(hashes.size, 7);
});
