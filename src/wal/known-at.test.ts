import assert from "node:assert/strict";
import { test } from "node:test";

import { lsnOf } from "../core/lsn.ts";
import { KnownAtJudge } from "./known-at.ts";

const at = (
  endLsn: bigint,
  timeMicros: bigint,
): { endLsn: ReturnType<typeof lsnOf>; timeMicros: bigint } => ({
  endLsn: lsnOf(endLsn),
  timeMicros,
});

test("a piece of WAL claims its end for the date of the message before, not for its own", () => {
  const judge = new KnownAtJudge({ inRecovery: false });
  judge.onWal(at(100n, 10n));
  assert.deepEqual(judge.claim, { endLsn: 0n, knownAt: 0n });
  judge.onWal(at(200n, 20n));
  assert.deepEqual(judge.claim, { endLsn: 200n, knownAt: 10n });
});

test("pieces of one message count once", () => {
  const judge = new KnownAtJudge({ inRecovery: false });
  judge.onWal(at(100n, 10n));
  const message = at(200n, 20n);
  judge.onWal(message);
  judge.onWal(message);
  assert.deepEqual(judge.claim, { endLsn: 200n, knownAt: 10n });
});

test("one keepalive claims nothing; a second without WAL between claims the first one's date", () => {
  const judge = new KnownAtJudge({ inRecovery: false });
  judge.onWal(at(100n, 10n));
  judge.onKeepalive(at(100n, 50n), lsnOf(100n));
  assert.equal(judge.claim.knownAt, 0n);
  judge.onKeepalive(at(100n, 60n), lsnOf(100n));
  assert.deepEqual(judge.claim, { endLsn: 100n, knownAt: 50n });
  judge.onWal(at(200n, 70n));
  assert.deepEqual(judge.claim, { endLsn: 200n, knownAt: 60n });
  judge.onKeepalive(at(300n, 80n), lsnOf(200n));
  judge.onKeepalive(at(300n, 90n), lsnOf(200n));
  assert.deepEqual(judge.claim, { endLsn: 200n, knownAt: 60n });
});

test("a standby's word claims nothing", () => {
  const judge = new KnownAtJudge({ inRecovery: true });
  judge.onWal(at(100n, 10n));
  judge.onWal(at(200n, 20n));
  judge.onKeepalive(at(200n, 30n), lsnOf(200n));
  judge.onKeepalive(at(200n, 40n), lsnOf(200n));
  assert.equal(judge.claim.knownAt, 0n);
});
