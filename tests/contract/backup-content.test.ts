/**
 * Random histories of files through backups, increments and the reading of them, on a store without local paths: what
 * is read back must be the file as it was at that backup, whatever shrank, grew, moved or was zeroed in between.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type TakenBackup, takeBackup } from "../../src/backup/take-backup.ts";
import { ManualClock, systemClock } from "../../src/core/clock.ts";
import { isDrError } from "../../src/core/errors.ts";
import { systemPath } from "../../src/core/file-name-bytes.ts";
import { lsnOf } from "../../src/core/lsn.ts";
import { SeededRandom, systemRandom } from "../../src/core/random.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import { deriveFingerprintKey } from "../../src/pipeline/fingerprint-key.ts";
import { createKeyRing } from "../../src/pipeline/sealing/key-ring.ts";
import { openIncarnation } from "../../src/repository/incarnation.ts";
import { LocalObjects } from "../../src/repository/local-objects.ts";
import { MapReader } from "../../src/repository/map/map-reader.ts";
import {
  type IncarnationPlace,
  clusterNameOf,
  incarnationIdBytes,
  objectKey,
  rootPrefix,
} from "../../src/repository/object-names.ts";
import { type BackupRoot, decodeRoot } from "../../src/repository/root.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { PackReader } from "../../src/restore/pack-reader.ts";
import { restoreFiles } from "../../src/restore/restore-files.ts";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import { RetryStore } from "../../src/stores/retry-store.ts";
import { never } from "../support/connection-of.ts";
import { smallRoot } from "../support/small-root.ts";

const BLOCK = 8192;
const systemIdentifier = 4660n;
type Files = Map<string, Buffer>;

class Lab implements AsyncDisposable {
  readonly store: MemoryStore;
  readonly sealed: SealedStore;

  /** `seed`: of the store's misfortunes. `retrying`: as the program is composed; else every failure is told. */
  constructor(options: { readonly seed?: number; readonly retrying?: boolean } = {}) {
    const { seed, retrying } = options;
    const random = seed === undefined ? systemRandom : new SeededRandom(seed);
    const clock = new ManualClock();
    this.store = new MemoryStore({ random, clock, pageSize: 3 });
    this.sealed = new SealedStore({
      store: retrying === true ? new RetryStore(this.store, { random, clock }) : this.store,
      ring: createKeyRing(),
      clock: systemClock,
      random: systemRandom,
    });
  }

  /** What the repository lists, whatever was said when it was taken. */
  async roots(): Promise<BackupRoot[]> {
    const roots: BackupRoot[] = [];
    const prefix = rootPrefix(await this.place());
    for await (const { name } of this.sealed.listNames(prefix, { signal: never })) {
      assert.ok(name?.type === "root");
      roots.push(decodeRoot((await this.sealed.getWhole(name, { signal: never })).content));
    }
    return roots;
  }

  async place(): Promise<IncarnationPlace> {
    return await openIncarnation(
      this.sealed,
      {
        cluster: clusterNameOf("main"),
        systemIdentifier,
        major: 18,
        serverVersion: "18",
        named: undefined,
      },
      { signal: never, nowMs: systemClock.now() },
    );
  }

  async backup(files: Files, parent?: BackupRoot): Promise<TakenBackup> {
    const { server } = smallRoot({ id: this.sealed.newId() });
    const startLsn = lsnOf(0x1000000n);
    const timeline = timelineOf(1);
    return await takeBackup({
      sealed: this.sealed,
      place: await this.place(),
      epoch: 0,
      server: { ...server, dataChecksums: false },
      configuration: [],
      parent,
      predecessor: parent?.id,
      label: "",
      note: "",
      stream: async (sink) => {
        sink.begin({ startLsn, timeline, tablespaces: [] });
        for (const [path, bytes] of files) {
          const about = { tablespaceOid: 0, mode: 0o600, modifiedAtSeconds: 0 };
          await sink.pressure();
          sink.entry({ ...about, path, kind: "file", sizeBytes: bytes.length });
          for (let at = 0; at < bytes.length; at += 50_001) {
            await sink.pressure();
            sink.data(bytes.subarray(at, at + 50_001));
          }
          sink.endEntry();
        }
        return {
          stopLsn: startLsn,
          timeline,
          checksumWarnings: [],
          checksumFailed: false,
          notices: [],
          unlistedWarnings: 0,
          manifest: undefined,
          receivedBytes: 0,
        };
      },
      wal: { complete: () => Promise.resolve() },
      workers: 2,
      zstdLevel: 1,
      clock: systemClock,
      signal: never,
    });
  }

  /** The files of a backup, restored into a directory and read. */
  async filesOf(root: BackupRoot, names: Iterable<string>): Promise<Files> {
    const place = await this.place();
    const incarnation = incarnationIdBytes(place.incarnation);
    const { ring } = this.sealed;
    const dataDirectory = await mkdtemp("/tmp/pra-content-");
    await using local = new LocalObjects(this.store, { signal: never });
    const path = (type: "map" | "pack") => (id: BackupRoot["id"]) =>
      local.path(objectKey({ ...place, type, id }));
    try {
      await using maps = await MapReader.open({
        ring,
        incarnation,
        maps: root.maps,
        path: path("map"),
        checkDigests: true,
        signal: never,
      });
      const packs = new PackReader({
        ring,
        incarnation,
        root,
        path: path("pack"),
        forget: (id) => local.forget(objectKey({ ...place, type: "pack", id })),
      });
      await restoreFiles({
        root,
        maps,
        packs,
        fingerprintKey: deriveFingerprintKey(ring.metadataKey, incarnation),
        dataDirectory,
        tablespaces: new Map(),
        heldBack: new Set(),
        owner: undefined,
        workers: 2,
        signal: never,
      });
      const read = [...names].map(
        async (name) => [name, await readFile(systemPath(join(dataDirectory, name)))] as const,
      );
      return new Map(await Promise.all(read));
    } finally {
      await rm(dataDirectory, { recursive: true, force: true });
    }
  }

  /** Bytes of copies that still lie in the staging directory. */
  async leftBytes(): Promise<number> {
    const directory = await this.store.stagingDirectory({ signal: never });
    const sizes = (await readdir(directory)).map((name) => stat(join(directory, name)));
    return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
  }
}

class History {
  readonly #random: SeededRandom;
  readonly files: Files = new Map();

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  #below(bound: number): number {
    return Math.floor(this.#random.fraction() * bound);
  }

  #content(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at += BLOCK) {
      const kind = this.#below(4);
      const end = Math.min(at + BLOCK, length);
      if (kind === 1) {
        bytes.fill(this.#below(255), at, end);
      } else if (kind > 1) {
        bytes.set(this.#random.bytes(end - at), at);
      }
    }
    return bytes;
  }

  #mutate(old: Buffer): Buffer {
    const lengths = [old.length, this.#below(old.length + 1), old.length + this.#below(9 * BLOCK)];
    const bytes = this.#content(lengths[this.#below(3)] ?? 0);
    old.copy(bytes);
    for (let n = this.#below(6); n > 0 && bytes.length > 0; n--) {
      const at = this.#below(Math.ceil(bytes.length / BLOCK)) * BLOCK;
      bytes.set(this.#content(Math.min(BLOCK, bytes.length - at)), at);
    }
    return bytes;
  }

  step(): void {
    const names = [
      "base/5/16384",
      "base/5/16384.1",
      "base/5/2000000",
      "global/1",
      "PG_VERSION",
      "x/\udcff\n",
    ];
    for (const name of names) {
      const old = this.files.get(name);
      const dice = this.#below(6);
      if (dice === 0) {
        this.files.delete(name);
      } else if (dice < 5 || old === undefined) {
        this.files.set(
          name,
          old === undefined ? this.#content(this.#below(30 * BLOCK)) : this.#mutate(old),
        );
      }
    }
  }
}

for (const seed of [1, 2]) {
  test(`increments of a random history (seed ${seed}) restore to the files of their moment`, async () => {
    await using lab = new Lab();
    const history = new History(seed);
    let parent: BackupRoot | undefined;
    const moments: { readonly root: BackupRoot; readonly files: Files }[] = [];
    for (let n = 0; n < 12; n++) {
      history.step();
      const { root } = await lab.backup(history.files, parent);
      moments.push({ root, files: new Map(history.files) });
      parent = root;
    }
    for (const { root, files } of moments.filter((_, n) => n % 4 === 3)) {
      assert.deepEqual(await lab.filesOf(root, files.keys()), files);
    }
    assert.equal(await lab.leftBytes(), 0);
  });
}

test("one block of a large file changed again and again costs a delta each, and after sixteen a base", async () => {
  await using lab = new Lab();
  const bytes = Buffer.from(new SeededRandom(9).bytes(600 * BLOCK));
  const files: Files = new Map([["base/5/16384", bytes]]);
  let last = (await lab.backup(files)).root;
  for (let n = 0; n < 18; n++) {
    bytes[n * BLOCK] = (bytes[n * BLOCK] ?? 0) ^ 1;
    last = (await lab.backup(files, last)).root;
    assert.equal(last.totals.newBlocks, 1);
  }
  assert.deepEqual(await lab.filesOf(last, files.keys()), files);
  const same = (await lab.backup(files, last)).root;
  assert.equal(same.totals.storedBytes, 0);
  assert.deepEqual(same.pages, last.pages);
});

test("a pack that is gone is STORE_MISSING for a restore; an increment whose parent's maps are gone is BACKUP_PARENT_DAMAGED", async () => {
  await using lab = new Lab();
  const files: Files = new Map([["base/5/1", Buffer.alloc(3 * BLOCK, 7)]]);
  const { root } = await lab.backup(files);
  const place = await lab.place();
  const missing = (error: unknown): boolean => isDrError(error, "STORE_MISSING");
  const [pack] = root.packs;
  const [map] = root.maps;
  assert.ok(pack !== undefined && map !== undefined);
  await lab.store.delete(objectKey({ ...place, type: "pack", id: pack.id }), { signal: never });
  await assert.rejects(lab.filesOf(root, []), missing);
  await lab.store.delete(objectKey({ ...place, type: "map", id: map.id }), { signal: never });
  await assert.rejects(
    lab.backup(files, root),
    (error) => isDrError(error, "BACKUP_PARENT_DAMAGED") && isDrError(error.cause, "STORE_MISSING"),
  );
  assert.equal(await lab.leftBytes(), 0);
});

for (const retrying of [false, true]) {
  test(`L39 over a store that fails, loses its answers and breaks off, what is listed is whole${retrying ? ", and repeating leads there" : ""}`, async (t) => {
    let taken = 0;
    let refused = 0;
    for (const seed of [11, 12]) {
      t.diagnostic(`seed ${seed}`);
      await using lab = new Lab({ seed, retrying });
      const history = new History(seed);
      await lab.place();
      const moments = new Map<string, Files>();
      for (let n = 0; n < 4; n++) {
        history.step();
        const before = await lab.roots();
        const often = retrying ? 0.15 : 0.1;
        lab.store.setFaults({ fail: often, lostAck: often, shortRead: often });
        try {
          await lab.backup(history.files, before.at(-1));
          taken += 1;
        } catch (error) {
          assert.ok(isDrError(error), String(error));
          refused += 1;
        }
        lab.store.setFaults({});
        for (const { id } of await lab.roots()) {
          moments.set(id, moments.get(id) ?? new Map(history.files));
        }
      }
      for (const root of await lab.roots()) {
        const files = moments.get(root.id) ?? new Map<string, Buffer>();
        assert.deepEqual(await lab.filesOf(root, files.keys()), files);
      }
    }
    assert.ok(retrying ? taken > 5 : refused > 1, `${taken} taken, ${refused} refused`);
  });
}

test("L39 reads that break off or bring a wrong bit never give wrong content", async (t) => {
  let wrong = 0;
  for (const seed of [21, 22, 23]) {
    t.diagnostic(`seed ${seed}`);
    await using lab = new Lab({ seed });
    const history = new History(seed);
    history.step();
    const { root } = await lab.backup(history.files);
    lab.store.setFaults({ bitFlip: 0.5, shortRead: 0.1 });
    try {
      assert.deepEqual(await lab.filesOf(root, history.files.keys()), history.files);
    } catch (error) {
      assert.ok(isDrError(error), String(error));
      wrong += 1;
    }
    lab.store.setFaults({});
    assert.deepEqual(await lab.filesOf(root, history.files.keys()), history.files);
  }
  assert.ok(wrong > 0);
});
