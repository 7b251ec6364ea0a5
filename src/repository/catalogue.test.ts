/** The catalogue and the rollback guard, on a repository in memory. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { isDrError } from "../core/errors.ts";
import { NumberedFile } from "../files/numbered-file.ts";
import { createKeyRing } from "../pipeline/sealing/key-ring.ts";
import { expire, pinBackup, take } from "../../tests/support/expire-cast.ts";
import {
  never,
  SimulatedRepository,
  testPlace,
  type SimulatedProcess,
} from "../../tests/support/simulated-repository.ts";
import { publishRoot, rootName, smallRoot } from "../../tests/support/small-root.ts";
import { newestBackup, readCatalogue, type CatalogueIncarnation } from "./catalogue.ts";
import { incarnationNameOf, objectKey } from "./object-names.ts";
import type { ObjectId } from "../core/object-id.ts";
import {
  checkRollback,
  mergeSeen,
  missingFrom,
  rememberSeen,
  type SeenFile,
} from "./rollback-guard.ts";
import { encodeRoot } from "./root.ts";

configureFailpointsFrom(process.env);

const ring = createKeyRing();
const call = { signal: never };

async function publish(
  process: SimulatedProcess,
  more: { readonly startedAt?: string; readonly timeline?: number } = {},
): Promise<ObjectId> {
  const id = process.sealed.newId();
  await publishRoot(process.sealed, smallRoot({ id, ...more }), 0);
  return id;
}

async function only(process: SimulatedProcess): Promise<CatalogueIncarnation> {
  const [cluster] = await readCatalogue(process.sealed, call);
  const incarnation = cluster?.incarnations[0];
  assert.ok(incarnation !== undefined);
  return incarnation;
}

test("L42 the catalogue needs nothing but the repository, and shows each cluster, incarnation and backup", async () => {
  const repository = new SimulatedRepository(1, ring);
  const process = repository.process("a");
  assert.deepEqual(await readCatalogue(process.sealed, call), []);
  const id = await publish(process);
  const catalogue = await readCatalogue(repository.process("elsewhere").sealed, call);
  assert.deepEqual(
    catalogue.map(({ cluster }) => cluster),
    ["main"],
  );
  const incarnation = await only(process);
  assert.equal(incarnation.systemId, "4660");
  assert.deepEqual(
    incarnation.backups.map((backup) => backup.id),
    [id],
  );
});

test("L35 backups and incarnations are ordered by the instant of beginning, not by name or timeline", async () => {
  const repository = new SimulatedRepository(2, ring);
  const process = repository.process("a");
  const second = await publish(process, { startedAt: "2026-01-02T00:00:00.000Z", timeline: 7 });
  const third = await publish(process, { startedAt: "2026-01-03T00:00:00.000Z", timeline: 1 });
  const first = await publish(process, { startedAt: "2026-01-01T00:00:00.000Z", timeline: 9 });
  assert.deepEqual(
    (await only(process)).backups.map(({ id }) => id),
    [first, second, third],
  );
  const older = { ...testPlace, incarnation: incarnationNameOf(0xffffn, new Uint8Array(16)) };
  const root = smallRoot({ id: process.sealed.newId(), startedAt: "2025-01-01T00:00:00.000Z" });
  await process.sealed.putWhole({ ...older, type: "root", id: root.id }, encodeRoot(root), call);
  const [cluster] = await readCatalogue(process.sealed, call);
  assert.deepEqual(
    cluster?.incarnations.map(({ place }) => place.incarnation),
    [older.incarnation, testPlace.incarnation],
  );
});

test("a damaged root is shown with its error, and the others are listed all the same", async () => {
  const repository = new SimulatedRepository(3, ring);
  const process = repository.process("a");
  const good = await publish(process);
  await repository.time.pass(1_000);
  const bad = await publish(process);
  const key = objectKey(rootName(bad));
  const bytes = await repository.store.get(key, call);
  bytes.writeUInt8(bytes.readUInt8(150) ^ 1, 150);
  repository.store.tamper(key, bytes);
  const { backups, damaged } = await only(process);
  assert.deepEqual(
    backups.map(({ id }) => id),
    [good],
  );
  assert.deepEqual(
    damaged.map(({ id }) => id),
    [bad],
  );
  assert.ok(isDrError(damaged[0]?.error));
  assert.equal((await newestBackup(process.sealed, testPlace, call))?.state, "damaged");
});

test("L34 the newest backup is the newest that counts: a fenced one is named apart", async () => {
  const repository = new SimulatedRepository(4, ring);
  const process = repository.process("a");
  assert.equal(await newestBackup(process.sealed, testPlace, call), undefined);
  const good = await publish(process);
  const lease = await take(process, "backup");
  repository.bury(process);
  await take(repository.process("a"), "backup");
  await repository.time.pass(1_000);
  const late = process.sealed.newId();
  await publishRoot(process.sealed, smallRoot({ id: late }), lease.epoch);
  assert.equal((await newestBackup(process.sealed, testPlace, call))?.id, good);
  assert.deepEqual((await only(process)).fenced, [late]);
});

async function withSeenFile(
  work: (file: SeenFile, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "pra-seen-"));
  try {
    await work(new NumberedFile({ directory, base: "seen" }), directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("L40 a hidden newest root is REPO_ROLLED_BACK on a host that saw it, until it is accepted", async () => {
  await withSeenFile(async (file, directory) => {
    const repository = new SimulatedRepository(5, ring);
    const process = repository.process("a");
    await publish(process);
    await repository.time.pass(1_000);
    const newest = await publish(process);
    const options = { ...call, file, accept: false };
    assert.deepEqual((await checkRollback(process.sealed, options)).missing, []);
    await checkRollback(process.sealed, options);
    assert.deepEqual(await readdir(directory), ["seen-00000001.json"]);
    repository.store.tamper(objectKey(rootName(newest)), undefined);
    await assert.rejects(checkRollback(process.sealed, options), (error) => {
      assert.ok(isDrError(error, "REPO_ROLLED_BACK"));
      assert.equal(
        error.message,
        `the repository memory shows less than this host has seen: backup ${newest} of main`,
      );
      assert.match(error.hint, /--accept-rollback/);
      return true;
    });
    const accepted = await checkRollback(process.sealed, { ...options, accept: true });
    assert.deepEqual(accepted.missing, [`backup ${newest} of main`]);
    assert.deepEqual((await checkRollback(process.sealed, options)).missing, []);
  });
});

test("L40 a history's newest root that was given up is no rollback, and one that was not still is", async () => {
  await withSeenFile(async (file) => {
    const repository = new SimulatedRepository(8, ring);
    const process = repository.process("a");
    const older = await publish(process);
    await repository.time.pass(1_000);
    const newest = await publish(process);
    const options = { ...call, file, accept: false };
    await checkRollback(process.sealed, options);
    repository.store.tamper(objectKey(rootName(newest)), undefined);
    const asked: string[][] = [];
    const givenUp = (ids: readonly string[]): Promise<ReadonlySet<typeof newest>> => {
      asked.push([...ids]);
      return Promise.resolve(new Set([newest]));
    };
    const nobody = (): Promise<ReadonlySet<typeof newest>> => Promise.resolve(new Set());
    await assert.rejects(checkRollback(process.sealed, { ...options, givenUp: nobody }), {
      code: "REPO_ROLLED_BACK",
    });
    assert.deepEqual((await checkRollback(process.sealed, { ...options, givenUp })).missing, []);
    assert.deepEqual(asked, [[newest]]);
    // From now on the older one is the newest that was seen.
    await checkRollback(process.sealed, options);
    repository.store.tamper(objectKey(rootName(older)), undefined);
    await assert.rejects(checkRollback(process.sealed, { ...options, givenUp }), {
      code: "REPO_ROLLED_BACK",
    });
  });
});

test("L40 a ledger that ends earlier than it did is REPO_ROLLED_BACK", async () => {
  await withSeenFile(async (file) => {
    const repository = new SimulatedRepository(6, ring);
    const { sealed } = repository.process("a");
    const writer = `${"0".repeat(16)}-${sealed.newId()}`;
    const head = { writer, sequence: 7, object: 5, hash: "0".repeat(64) };
    const key = (object: number): string => `ledger/${writer}/${String(object).padStart(12, "0")}`;
    await repository.store.put(key(1), [], call);
    await repository.store.put(key(5), [], call);
    await rememberSeen(sealed, { ...call, file }, { ledger: [head] });
    await checkRollback(sealed, { ...call, file, accept: false });
    repository.store.tamper(key(5), undefined);
    await assert.rejects(checkRollback(sealed, { ...call, file, accept: false }), {
      code: "REPO_ROLLED_BACK",
    });
    await checkRollback(sealed, { ...call, file, accept: true });
    await checkRollback(sealed, { ...call, file, accept: false });
  });
});

test("what several commands of a host see at once is all remembered", async () => {
  await withSeenFile(async (file) => {
    const { sealed } = new SimulatedRepository(7, ring).process("a");
    const writers = Array.from({ length: 5 }, () => `${"0".repeat(16)}-${sealed.newId()}`);
    await Promise.all(
      writers.map((writer) =>
        rememberSeen(
          sealed,
          { ...call, file },
          {
            ledger: [{ writer, sequence: 1, object: 1, hash: "" }],
          },
        ),
      ),
    );
    const seen = await rememberSeen(sealed, { ...call, file }, {});
    assert.deepEqual(seen.ledger.map(({ writer }) => writer).toSorted(), writers.toSorted());
  });
});

test("a vanished incarnation is missing, and merging keeps the newer of both", () => {
  const { sealed } = new SimulatedRepository(8, ring).process("a");
  const older = sealed.newId();
  const newer = older.replace(/^./, "f") as ObjectId;
  const place = { cluster: "main", incarnation: "x" };
  const seen = { roots: [{ ...place, newest: older }], ledger: [] };
  assert.deepEqual(missingFrom(seen, { roots: [], ledger: new Map() }), [
    `backup ${older} of main`,
  ]);
  const merged = mergeSeen(seen, { roots: [{ ...place, newest: newer }], ledger: [] });
  assert.deepEqual(mergeSeen(merged, seen).roots, [{ ...place, newest: newer }]);
});

test("what expire removes is no rollback", async () => {
  await withSeenFile(async (file) => {
    const repository = new SimulatedRepository(9, ring);
    const process = repository.process("a");
    const id = await publish(process);
    const pin = await pinBackup(process, id);
    await pin.release(call);
    await checkRollback(process.sealed, { ...call, file, accept: false });
    await expire(repository, repository.process("b"));
    assert.deepEqual(
      (await checkRollback(process.sealed, { ...call, file, accept: false })).missing,
      [],
    );
  });
});
