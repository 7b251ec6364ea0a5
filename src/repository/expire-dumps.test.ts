/** Expire with dumps on a repository in memory: what goes, with which packs, beside readers, holds and damage, killed and run again. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { keys, options, pinBackup, ring, take } from "../../tests/support/expire-cast.ts";
import { expireWith, rules, tenDays, withStore } from "../../tests/support/retention-cast.ts";
import {
  type SimulatedProcess,
  SimulatedRepository,
  never,
  testPlace,
} from "../../tests/support/simulated-repository.ts";
import { publishDump } from "../../tests/support/small-dump.ts";
import { mapKey, storeMap } from "../../tests/support/small-root.ts";
import { isDrError } from "../core/errors.ts";
import { type ObjectId, parseObjectId } from "../core/object-id.ts";
import { randomInteger } from "../core/random.ts";
import { listDumps } from "./dump-catalogue.ts";
import { packsOfDump } from "./dump-document.ts";
import { putHold, readHold } from "./holds.ts";
import { dumpPrefix, objectKey } from "./object-names.ts";
import { DUMP_GIVEN_UP } from "./retention-leftovers.ts";
import type { RetentionRules } from "./retention-inventory.ts";

configureFailpointsFrom(process.env);

const DAY_MS = 86_400_000;
/** The simulation begins on 1 January 2026: twenty days before it. */
const FIRST_MS = Date.UTC(2025, 11, 12);
const DAYS = 20;
/** Ten days before the beginning of the year. */
const KEPT_FROM = 10;

type Cast = {
  readonly repository: SimulatedRepository;
  readonly ids: readonly ObjectId[];
  readonly packs: readonly ObjectId[];
  readonly expiring: SimulatedProcess;
  readonly retention: RetentionRules;
};

/** A dump a day, each with a pack of its own; a map stands for a pack, for what is named is decided by the id. */
async function daysOfDumps(process: SimulatedProcess): Promise<Pick<Cast, "ids" | "packs">> {
  const { sealed } = process;
  const lease = await take(process, "backup");
  const ids: ObjectId[] = [];
  const packs: ObjectId[] = [];
  for (let day = 0; day < DAYS; day += 1) {
    const atMs = FIRST_MS + day * DAY_MS;
    const id = parseObjectId(`${atMs.toString(16).padStart(12, "0")}${"0".repeat(20)}`);
    const pack = await storeMap(sealed, lease.epoch);
    const databases = day === 0 ? ["shop", "archive"] : ["shop"];
    await publishDump(sealed, lease.epoch, { id, packs: [pack], atMs, databases });
    ids.push(id);
    packs.push(pack);
  }
  await lease.release({ signal: never });
  return { ids, packs };
}

async function cast(seed: number): Promise<Cast> {
  const repository = new SimulatedRepository(seed, ring);
  const made = await repository.time.until(daysOfDumps(repository.process("a")));
  const expiring = repository.process("b");
  return { repository, ...made, expiring, retention: rules(expiring, tenDays, 0) };
}

function idAt({ ids }: Cast, day: number): ObjectId {
  return ids[day] ?? parseObjectId("0".repeat(32));
}

/** What is left are these days, each with its pack, and no pack more. */
async function assertDays(all: Cast, days: readonly number[]): Promise<void> {
  const left: ObjectId[] = [];
  const named = new Set<string>();
  for await (const entry of listDumps(all.expiring.sealed, testPlace, { signal: never })) {
    assert.equal(entry.state, "dump");
    left.push(entry.id);
    const packs = entry.state === "dump" ? packsOfDump(entry.dump) : [];
    packs.forEach(({ id }) => named.add(mapKey(id)));
  }
  assert.deepEqual(
    left,
    days.map((day) => idAt(all, day)),
  );
  const stored = await keys(all.repository, "clusters/");
  assert.deepEqual(new Set(stored.filter((key) => key.includes("/maps/"))), named);
}

const IN_WINDOW = Array.from({ length: DAYS - KEPT_FROM }, (_, n) => KEPT_FROM + n);

test("L37 dumps older than the window go with their packs, documents first; the last one of a database stays; a second run finds nothing", async () => {
  const all = await cast(1);
  const done = await all.repository.time.until(expireWith(all.expiring, all.retention));
  assert.equal(done.deleted.filter(({ reason }) => reason === DUMP_GIVEN_UP).length, KEPT_FROM - 1);
  const order = done.deleted
    .map(({ key }) => ["/dumps/", "/maps/"].findIndex((folder) => key.includes(folder)))
    .filter((place) => place >= 0);
  assert.equal(order.length, 2 * (KEPT_FROM - 1));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  await assertDays(all, [0, ...IN_WINDOW]);
  const again = await all.repository.time.until(expireWith(all.expiring, all.retention));
  assert.ok(again.deleted.every(({ key }) => key.startsWith("leases/")));
});

test("L34 a dump that another host pins between the two looks is spared with its packs; one that is condemned cannot be pinned", async () => {
  const all = await cast(2);
  const { repository, expiring, retention } = all;
  const run = expireWith(expiring, retention);
  const reader = repository.process("c", 600_000);
  const put = repository.store.put.bind(repository.store);
  let pinned = false;
  let refused: unknown;
  repository.store.put = async (key, parts, call) => {
    if (!key.startsWith("condemned/") || pinned) {
      return await put(key, parts, call);
    }
    pinned = true;
    // Before the condemn object is there, and after the first look.
    await pinBackup(reader, idAt(all, 5));
    const done = await put(key, parts, call);
    refused = await pinBackup(reader, idAt(all, 6)).catch((error: unknown) => error);
    return done;
  };
  const done = await repository.time.until(run);
  assert.ok(isDrError(refused, "REPO_CONDEMNED"));
  assert.ok(done.spared.some(({ key }) => key.includes(idAt(all, 5))));
  await assertDays(all, [0, 5, ...IN_WINDOW]);
});

test("L36 a held dump keeps its packs and its hold, until it is released; then both go", async () => {
  const all = await cast(3);
  const { repository, expiring, retention } = all;
  const { sealed } = expiring;
  const about = { ...testPlace, backup: idAt(all, 2), atMs: FIRST_MS };
  const word = { reason: "audit", until: null, actor: "dba@a" };
  await putHold(sealed, about, { ...word, state: "held" }, { signal: never });
  await repository.time.until(expireWith(expiring, retention));
  await assertDays(all, [0, 2, ...IN_WINDOW]);
  assert.equal((await readHold(sealed, about, { signal: never }))?.state, "held");
  await putHold(sealed, about, { ...word, state: "released" }, { signal: never });
  await repository.time.until(expireWith(expiring, retention));
  await assertDays(all, [0, ...IN_WINDOW]);
  await repository.time.until(expireWith(expiring, retention));
  assert.equal(await readHold(sealed, about, { signal: never }), undefined);
});

test("L37 a dump that cannot be read keeps every dump of its incarnation with all packs", async () => {
  const all = await cast(4);
  const { repository, expiring, retention } = all;
  const key = objectKey({ ...testPlace, type: "dump", id: idAt(all, 3) });
  const before = await keys(repository, "clusters/");
  const store = expiring.sealed.store;
  const half = withStore(expiring, {
    get: async (wanted, call) => {
      const bytes = await store.get(wanted, call);
      return wanted === key ? Buffer.alloc(bytes.length, 1) : bytes;
    },
  });
  await repository.time.until(expireWith(half, retention));
  assert.deepEqual(await keys(repository, "clusters/"), before);
});

test("L38 an expiry that dies after any number of deletions leaves no dump without its packs, and the next one ends its work", async () => {
  for (const dies of [1, 5, 9, 10, 14, 17]) {
    const all = await cast(10 + dies);
    const { repository, expiring, retention } = all;
    let left = dies;
    const remove = expiring.sealed.store.delete.bind(expiring.sealed.store);
    const dying = withStore(expiring, {
      delete: async (key, call) => {
        left -= key.startsWith("clusters/") ? 1 : 0;
        if (left < 0) {
          throw new Error("killed");
        }
        await remove(key, call);
      },
    });
    await assert.rejects(repository.time.until(expireWith(dying, retention)), /killed/);
    const stored = new Set(await keys(repository, "clusters/"));
    for await (const entry of listDumps(expiring.sealed, testPlace, { signal: never })) {
      const packs = entry.state === "dump" ? packsOfDump(entry.dump) : [];
      assert.ok(packs.every(({ id }) => stored.has(mapKey(id))));
    }
    const next = repository.process("c");
    await repository.time.until(expireWith(next, { ...retention, now: () => next.clock.now() }));
    await assertDays(all, [0, ...IN_WINDOW]);
  }
});

test("L34 a dump that is being written keeps its packs, whatever retention decides", async () => {
  const all = await cast(5);
  const { repository, expiring, retention } = all;
  const writer = repository.process("a");
  const lease = await repository.time.until(take(writer, "backup"));
  const pack = await storeMap(writer.sealed, lease.epoch);
  await repository.time.until(expireWith(expiring, retention));
  assert.ok((await keys(repository, "clusters/")).includes(mapKey(pack)));
  await lease.release({ signal: never });
  await repository.time.until(expireWith(expiring, retention));
  await assertDays(all, [0, ...IN_WINDOW]);
});

test("L36 L37 over random catalogues what is kept is whole, what is given up is gone with its packs, and no database loses its newest dump", async () => {
  for (let seed = 100; seed < 130; seed += 1) {
    const repository = new SimulatedRepository(seed, ring);
    const writer = repository.process("a");
    const { random } = writer;
    const newest = new Map<string, { readonly id: ObjectId; readonly atMs: number }>();
    await repository.time.until(
      (async () => {
        const lease = await take(writer, "backup");
        const packs: ObjectId[] = [];
        for (let day = 0; day < 15; day += 1) {
          const atMs = FIRST_MS + day * DAY_MS * (1 + 3 * random.fraction());
          const databases = ["a", "b", "c"].filter(
            (name) => random.fraction() < 0.4 || name === "a",
          );
          packs.push(await storeMap(writer.sealed, lease.epoch));
          // Now and then one of another dump's as well: what is named twice stays for either.
          const named = packs.slice(random.fraction() < 0.3 ? -2 : -1);
          const dump = await publishDump(writer.sealed, lease.epoch, {
            packs: named,
            atMs,
            databases,
          });
          for (const name of databases.filter((each) => (newest.get(each)?.atMs ?? 0) < atMs)) {
            newest.set(name, { id: dump.id, atMs });
          }
        }
        await lease.release({ signal: never });
      })(),
    );
    const expiring = repository.process("b");
    const days = randomInteger(random, { from: 1, to: 20 });
    const retention = rules(expiring, { ...tenDays, days }, 0);
    const done = await repository.time.until(expireWith(expiring, retention));
    const kept = new Set<ObjectId>();
    const named = new Set<string>();
    for await (const entry of listDumps(expiring.sealed, testPlace, { signal: never })) {
      kept.add(entry.id);
      const packs = entry.state === "dump" ? packsOfDump(entry.dump) : [];
      packs.forEach(({ id }) => named.add(mapKey(id)));
    }
    const stored = (await keys(repository, "clusters/")).filter((key) => key.includes("/maps/"));
    assert.deepEqual(new Set(stored), named, `seed ${seed}`);
    const wanted = done.decision?.dumps.dumps.filter(({ kind }) => kind === "keep") ?? [];
    assert.deepEqual(kept, new Set(wanted.map(({ dump }) => dump.id)), `seed ${seed}`);
    assert.equal(done.decision?.dumps.dumps.length, 15);
    assert.ok(
      [...newest.values()].every(({ id }) => kept.has(id)),
      `seed ${seed}`,
    );
  }
});

test("R22 without retention rules no dump goes", async () => {
  const all = await cast(6);
  const { repository, expiring } = all;
  const { expireLeftovers } = await import("./expire-leftovers.ts");
  await repository.time.until(expireLeftovers(expiring.sealed, options(expiring)));
  const dumps = await keys(repository, dumpPrefix(testPlace));
  assert.equal(dumps.length, DAYS);
});
