/** Dumps beside leases and expire: they are fenced like backups, and the packs that they name stay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { expire, options, ring, take } from "../../tests/support/expire-cast.ts";
import { never, SimulatedRepository, testPlace } from "../../tests/support/simulated-repository.ts";
import { mapKey, storeMap } from "../../tests/support/small-root.ts";
import { publishDump, smallDump } from "../../tests/support/small-dump.ts";
import { listDumps } from "./dump-catalogue.ts";
import { decodeDump, encodeDump } from "./dump-document.ts";
import { listLeftovers } from "./expire-leftovers.ts";
import { objectKey, parseObjectKey } from "./object-names.ts";
import { holdPin } from "./pins.ts";
import type { SealedStore } from "./sealed-store.ts";

async function states(sealed: SealedStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { id, state } of listDumps(sealed, testPlace, { signal: never })) {
    found.push(`${state} ${id}`);
  }
  return found;
}

test("a dump comes back as it was written, under a name that is understood", () => {
  const repository = new SimulatedRepository(1, ring);
  const { sealed } = repository.process("a");
  const dump = smallDump({ id: sealed.newId(), packs: [sealed.newId()] });
  assert.deepEqual(decodeDump(encodeDump(dump)), dump);
  const key = objectKey({ ...testPlace, type: "dump", id: dump.id });
  assert.deepEqual(parseObjectKey(key), { ...testPlace, type: "dump", id: dump.id });
});

test("L34 a dump of an earlier holder stays accepted, one of a fenced holder is not listed and goes", async () => {
  const repository = new SimulatedRepository(2, ring);
  const first = repository.process("a");
  const lease = await take(first, "backup");
  const good = await publishDump(first.sealed, lease.epoch);
  await lease.release({ signal: never });
  const second = repository.process("a");
  const later = await take(second, "backup");
  const late = await publishDump(first.sealed, lease.epoch);
  const both = new Set([`dump ${good.id}`, `fenced ${late.id}`]);
  assert.deepEqual(new Set(await states(second.sealed)), both);
  await later.release({ signal: never });
  const done = await expire(repository, repository.process("a"));
  const gone = objectKey({ ...testPlace, type: "dump", id: late.id });
  assert.ok(done.deleted.some(({ key }) => key === gone));
  assert.deepEqual(await states(second.sealed), [`dump ${good.id}`]);
});

test("L34 a pack that a dump names is no leftover, and a dump that is pinned is not condemned", async () => {
  const repository = new SimulatedRepository(3, ring);
  const writer = repository.process("a");
  const lease = await take(writer, "backup");
  const { sealed } = writer;
  // A map stands for a pack: what is referred to is decided by the id.
  const pack = await storeMap(sealed, lease.epoch);
  const dump = await publishDump(sealed, lease.epoch, { packs: [pack] });
  const orphan = await storeMap(sealed, lease.epoch);
  await lease.release({ signal: never });
  const protects = [{ kind: "backups", ...testPlace, ids: [dump.id] }] as const;
  const { clock, observer } = options(writer);
  await using _pin = await holdPin(sealed, {
    purpose: "test",
    protects: protects.map(({ ids, ...rest }) => ({ ...rest, ids: [...ids] })),
    ttlSeconds: 60,
    clock,
    observer,
    signal: never,
  });
  const found = await listLeftovers(sealed, options(writer));
  const given = found.map(({ key }) => key).filter((key) => key.startsWith("clusters/"));
  assert.deepEqual(given, [mapKey(orphan)]);
});
