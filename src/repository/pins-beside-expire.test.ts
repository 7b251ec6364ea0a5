import assert from "node:assert/strict";
import { test } from "node:test";
import { isDrError } from "../core/errors.ts";
import { lsnOf } from "../core/lsn.ts";
import { parseWalSegmentName } from "../core/wal-name.ts";
import { options, ring, take } from "../../tests/support/expire-cast.ts";
import {
  SimulatedRepository,
  never,
  testPlace,
  type SimulatedProcess,
} from "../../tests/support/simulated-repository.ts";
import { COVERED_PART } from "./condemn-document.ts";
import { condemnAndDelete } from "./condemn.ts";
import { objectKey } from "./object-names.ts";
import type { Protection } from "./pin-rules.ts";
import { type Pin, holdPin } from "./pins.ts";

const segment = parseWalSegmentName("000000010000000000000032");
const part = objectKey({
  ...testPlace,
  type: "walPart",
  segment,
  startLsn: lsnOf(0x32000000n),
  epoch: 1,
});

/** Condemns keys, and leaves the expiry waiting. */
async function condemning(
  repository: SimulatedRepository,
  keys: readonly { readonly key: string; readonly reason: string }[],
): Promise<void> {
  const expiring = repository.process("b");
  const lease = await take(expiring, "expire");
  condemnAndDelete(expiring.sealed, {
    lease,
    clock: expiring.clock,
    signal: never,
    keys,
    waitMs: 60_000,
    lookAgain: () => Promise.resolve(new Set<string>()),
  }).catch(() => undefined);
  await repository.time.pass(10_000);
}

function pin(process: SimulatedProcess, protection: Protection): Promise<Pin> {
  return holdPin(process.sealed, {
    ...options(process),
    purpose: "test",
    protects: [protection],
  });
}

const interval: Protection = {
  kind: "wal",
  ...testPlace,
  fromSegment: segment,
  toSegment: segment,
};

test("L34 parts that a running expiry condemned because their segment is published do not keep a reader of WAL waiting", async () => {
  const repository = new SimulatedRepository(21, ring);
  await condemning(repository, [{ key: part, reason: COVERED_PART }]);
  await using held = await pin(repository.process("c"), interval);
  assert.equal(held.lost.aborted, false);
});

test("L34 for whoever reads every object, and for any other reason, condemned parts and segments are REPO_CONDEMNED", async () => {
  const published = objectKey({ ...testPlace, type: "walSegment", segment });
  const cases = [
    { keys: [{ key: part, reason: COVERED_PART }], protection: { kind: "everything" as const } },
    { keys: [{ key: part, reason: "its timeline is given up" }], protection: interval },
    {
      keys: [
        { key: published, reason: COVERED_PART },
        { key: part, reason: COVERED_PART },
      ],
      protection: interval,
    },
  ];
  for (const [index, { keys, protection }] of cases.entries()) {
    const repository = new SimulatedRepository(22 + index, ring);
    await condemning(repository, keys);
    await assert.rejects(pin(repository.process("c"), protection), (error) =>
      isDrError(error, "REPO_CONDEMNED"),
    );
  }
});
