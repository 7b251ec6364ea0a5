/**
 * Verify on repositories of real backups: clean when they are, and for each kind of damage the object, its code and exactly the
 * backups that it takes down.
 */
import assert from "node:assert/strict";
import { cp, mkdir, open, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import type { ObjectId } from "../../src/core/object-id.ts";
import { systemRandom } from "../../src/core/random.ts";
import { FramedFileWriter } from "../../src/pipeline/framed-file-writer.ts";
import { FrameReader } from "../../src/pipeline/sealing/frame-codec.ts";
import { openFramed } from "../../src/pipeline/sealing/framed-object.ts";
import { sealTicket } from "../../src/pipeline/sealing/object-header.ts";
import { ZstdCodec } from "../../src/pipeline/zstd-codec.ts";
import {
  type ObjectName,
  incarnationIdBytes,
  objectKey,
} from "../../src/repository/object-names.ts";
import type { MapObject } from "../../src/repository/root.ts";
import { restoreBackup } from "../../src/restore/restore-backup.ts";
import { checkDocuments } from "../../src/repository/verify/check-documents.ts";
import { type Damage, DamageLog } from "../../src/repository/verify/damage.ts";
import {
  type VerifiedIncarnation,
  verifyIncarnation,
} from "../../src/repository/verify/verify-incarnation.ts";
import { connectionOf, never } from "../support/connection-of.ts";
import { TestRepository } from "../support/test-repository.ts";
import { startTestServer } from "../support/test-server.ts";

type Backup = Awaited<ReturnType<TestRepository["backup"]>>;
type Cast = {
  readonly repository: TestRepository;
  readonly full: Backup;
  readonly incremental: Backup;
  readonly other: Backup;
};

let cast: Cast;

before(async () => {
  await using server = await startTestServer({ major: 18 });
  const repository = await TestRepository.create();
  await server.query(
    "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 60000) g",
  );
  const full = await repository.backup(connectionOf(server));
  await server.query("UPDATE t SET text = 'changed' WHERE id % 1000 = 0");
  const incremental = await repository.backup(connectionOf(server), { parent: full.root });
  const other = await repository.backup(connectionOf(server));
  cast = { repository, full, incremental, other };
});

after(async () => {
  await cast.repository[Symbol.asyncDispose]();
});

type Verified = {
  readonly report: VerifiedIncarnation;
  readonly damage: readonly Damage[];
  readonly down: ReadonlySet<ObjectId>;
};

async function verify(deep: boolean): Promise<Verified> {
  const { sealed } = cast.repository;
  const log = new DamageLog();
  const options = { deep, workers: 2, log, signal: never };
  const report = await verifyIncarnation(sealed, cast.full.place, options);
  return { report, damage: log.damage, down: log.backupsDown };
}

function pathOf(name: ObjectName): string {
  const path = cast.repository.sealed.store.localPath(objectKey(name));
  assert.ok(path !== undefined);
  return path;
}

/** Runs `step` while the object is damaged by `damage`, and puts it back as it was. */
async function whileDamaged(
  name: ObjectName,
  damage: (path: string) => Promise<void>,
  step: () => Promise<void>,
): Promise<void> {
  const path = pathOf(name);
  const copy = join(cast.repository.directory, "kept");
  await cp(path, copy, { preserveTimestamps: true });
  try {
    await damage(path);
    await step();
  } finally {
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await cp(copy, path, { preserveTimestamps: true });
  }
}

async function flipBit(path: string, at: number): Promise<void> {
  await using file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 4;
  await file.write(byte, 0, 1, at);
}

function packOf(backup: Backup): Extract<ObjectName, { readonly type: "pack" }> {
  const [pack] = backup.root.packs;
  assert.ok(pack !== undefined);
  return { ...backup.place, type: "pack", id: pack.id };
}

test("a clean repository is clean, and deep reads every stored block of every pack", async () => {
  const quick = await verify(false);
  assert.deepEqual(quick.damage, []);
  assert.equal(quick.report.backups.length, 3);
  const deep = await verify(true);
  assert.deepEqual(deep.damage, []);
  const packs = [cast.full, cast.incremental, cast.other].map(({ root }) => root.totals.newBlocks);
  assert.equal(
    deep.report.blocks,
    packs.reduce((sum, blocks) => sum + blocks, 0),
    "every block that was stored was held against its fingerprint once",
  );
  assert.deepEqual(deep.report.unreferenced, { objects: 0, bytes: 0 });
});

test("L40 a flipped bit in a frame is seen by deep alone, and takes down the full and its increment", async () => {
  const name = packOf(cast.full);
  await whileDamaged(
    name,
    (path) => flipBit(path, 6000),
    async () => {
      assert.deepEqual((await verify(false)).damage, []);
      const { damage, down } = await verify(true);
      assert.deepEqual(
        damage.map(({ object, error }) => [object, error.code]),
        [[objectKey(name), "REPO_FRAME_CORRUPT"]],
      );
      assert.deepEqual(down, new Set([cast.full.root.id, cast.incremental.root.id]));
    },
  );
});

test("L40 a missing, a cut and a foreign pack are seen by a quick look, with the backups they take down", async () => {
  const name = packOf(cast.other);
  const cases = [
    { code: "STORE_MISSING", damage: (path: string) => rm(path) },
    { code: "REPO_OBJECT_DAMAGED", damage: (path: string) => truncate(path, 5000) },
    {
      code: "REPO_OBJECT_DAMAGED",
      damage: async (path: string) => {
        await rm(path);
        await cp(pathOf(packOf(cast.full)), path);
      },
    },
    { code: "REPO_SIGNATURE_INVALID", damage: (path: string) => flipBit(path, 90) },
  ] as const;
  for (const { code, damage } of cases) {
    await whileDamaged(name, damage, async () => {
      for (const deep of [false, true]) {
        const seen = await verify(deep);
        assert.deepEqual(
          seen.damage.map(({ object, error }) => [object, error.code]),
          [[objectKey(name), code]],
        );
        assert.deepEqual(seen.down, new Set([cast.other.root.id]));
      }
    });
  }
});

test("L40 a damaged map is seen by its digest and by its frames, and takes down who names it", async () => {
  const [map] = cast.full.root.maps;
  assert.ok(map !== undefined);
  const name = { ...cast.full.place, type: "map", id: map.id } as const;
  await whileDamaged(
    name,
    (path) => flipBit(path, map.bytes - 2000),
    async () => {
      const { damage, down } = await verify(true);
      assert.deepEqual(
        damage.map(({ object }) => object),
        [objectKey(name)],
      );
      assert.ok(down.has(cast.full.root.id));
      assert.ok(!down.has(cast.other.root.id));
    },
  );
});

/** The same content as the object has, sealed anew under its id: what somebody could do who has a writer's key. */
async function sealedAnew(map: MapObject, path: string): Promise<Buffer> {
  const { sealed, directory } = cast.repository;
  const { ring } = sealed;
  const incarnation = incarnationIdBytes(cast.full.place.incarnation);
  const bytes = await readFile(path);
  const read = (offset: number, length: number): Promise<Buffer> =>
    Promise.resolve(bytes.subarray(offset, offset + length));
  const about = { kind: "map", objectId: map.id, incarnation } as const;
  const framed = await openFramed(ring, read, bytes.length, about);
  const ticket = await sealTicket(ring, { ...about, createdAtMs: 0, epoch: 0 });
  const fresh = join(directory, "anew");
  using codec = new ZstdCodec();
  using writer = new FramedFileWriter({ ticket, path: fresh, codec });
  const reader = new FrameReader(framed.ticket, codec);
  for (let index = 0; index < map.frames; index += 1) {
    const { offset, length } = framed.frameRange(index);
    writer.addFrame(Buffer.from(reader.read(bytes.subarray(offset, offset + length), index).plain));
  }
  writer.finish();
  const made = await readFile(fresh);
  await rm(fresh);
  return made;
}

test("L40 a map that is authentic and not the one its backup's root vouches for is refused by a restore and by verify", async () => {
  const { full, repository } = cast;
  const [map] = full.root.maps;
  assert.ok(map !== undefined);
  const name = { ...full.place, type: "map", id: map.id } as const;
  const home = join(repository.directory, "copy");
  const restore = async (): Promise<void> => {
    await restoreBackup({
      sealed: repository.sealed,
      place: full.place,
      root: full.root,
      dataDirectory: home,
      tablespaces: new Map(),
      owner: undefined,
      layWal: () => Promise.resolve(0),
      settings: {},
      workers: 1,
      clock: systemClock,
      random: systemRandom,
      signal: never,
    });
  };
  await whileDamaged(
    name,
    async (path) => {
      const made = await sealedAnew(map, path);
      assert.notDeepEqual(made, await readFile(path));
      await rm(path);
      await writeFile(path, made);
    },
    async () => {
      await assert.rejects(restore(), { code: "REPO_OBJECT_DAMAGED" });
      assert.ok(!(await readdir(home)).includes("PG_VERSION"), "before anything is written");
      const { damage } = await verify(true);
      assert.deepEqual(
        damage.map(({ object }) => object),
        [objectKey(name)],
      );
    },
  );
  await restore();
  await rm(home, { recursive: true });
});

test("L40 a damaged root is named and takes down itself alone", async () => {
  const { id } = cast.incremental.root;
  const name = { ...cast.full.place, type: "root", id } as const;
  await whileDamaged(
    name,
    (path) => flipBit(path, 700),
    async () => {
      const { damage, down, report } = await verify(false);
      assert.deepEqual(
        damage.map(({ object }) => object),
        [objectKey(name)],
      );
      assert.deepEqual(down, new Set([id]));
      assert.equal(report.backups.length, 2);
    },
  );
});

test("one backup is verified alone", async () => {
  const { sealed } = cast.repository;
  const log = new DamageLog();
  const { id } = cast.other.root;
  const report = await verifyIncarnation(sealed, cast.full.place, {
    deep: true,
    only: { kind: "backup", id },
    workers: 1,
    log,
    signal: never,
  });
  assert.deepEqual(
    report.backups.map(({ id }) => id),
    [id],
  );
  assert.equal(report.unreferenced.objects, 0, "what belongs to others is nothing left over");
  assert.equal(report.packs, cast.other.root.packs.length);
  assert.deepEqual(log.damage, []);
});

test("objects that no version knows are named, and a damaged identity is damage", async () => {
  const { sealed } = cast.repository;
  const stray = pathOf(packOf(cast.full)).replace(/[0-9a-f]{32}$/, "notes.txt");
  await writeFile(stray, "who put this here?");
  const identity = { ...cast.full.place, type: "identity", number: 1 } as const;
  await whileDamaged(
    identity,
    (path) => flipBit(path, 400),
    async () => {
      const log = new DamageLog();
      const checked = await checkDocuments(sealed, { log, deep: false, signal: never });
      assert.deepEqual(checked.unknown.length, 1);
      assert.match(checked.unknown[0] ?? "", /notes\.txt$/);
      assert.deepEqual(
        log.damage.map(({ object }) => object),
        [objectKey(identity)],
      );
    },
  );
  assert.equal((await readFile(stray, "utf8")).length, 18, "verify deletes nothing");
  await rm(stray);
});

test("a deep look without the private key is refused, a quick one is not", async () => {
  const { sealed } = cast.repository;
  const log = new DamageLog();
  const { private: _private, ...ring } = sealed.ring;
  const parts = { store: sealed.store, ring };
  const blind = Object.assign(Object.create(sealed) as typeof sealed, parts);
  const options = { workers: 1, log, signal: never };
  await assert.rejects(verifyIncarnation(blind, cast.full.place, { ...options, deep: true }), {
    code: "KEY_PRIVATE_MISSING",
  });
});
