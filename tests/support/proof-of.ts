/** A proof by the same code as `pra prove`, of a backup as its test has changed it: WAL comes from the stopped server's own directory. */
import assert from "node:assert/strict";
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import { systemRandom } from "../../src/core/random.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import type { Proof } from "../../src/proof/proof-result.ts";
import { prove } from "../../src/proof/prove.ts";
import type { IncarnationPlace } from "../../src/repository/object-names.ts";
import type { BackupRoot } from "../../src/repository/root.ts";
import { never } from "./connection-of.ts";
import type { TestRepository } from "./test-repository.ts";
import { type TestServer, freePort, testDirectory } from "./test-server.ts";

/** Proves to the backup's end; fails when something is left behind. */
export async function proofOf(
  repository: TestRepository,
  server: TestServer,
  backup: { readonly root: BackupRoot; readonly place: IncarnationPlace },
): Promise<Proof> {
  const home = await testDirectory(server.account);
  const { root, place } = backup;
  const proof = await prove({
    sealed: repository.sealed,
    place,
    root,
    stop: { kind: "end" },
    timeline: timelineOf(1),
    reachLsn: root.stopLsn,
    layWal: async (directory) => {
      await mkdir(directory, { recursive: true });
      await cp(join(server.dataDirectory, "pg_wal"), directory, { recursive: true });
      return 0;
    },
    workDirectory: join(home, "proof"),
    binaries: server.binaries,
    account: server.account,
    port: await freePort(),
    workers: 2,
    assertions: [],
    instant: "2026-01-01T00:00:00Z",
    heartbeat: undefined,
    application: undefined,
    mask: (text) => text,
    clock: systemClock,
    random: systemRandom,
    signal: never,
  });
  assert.deepEqual(await readdir(home), [], "a proof leaves nothing behind");
  await rm(home, { recursive: true });
  return proof;
}
