/**
 * Keys over the life of a cluster, on a real server: what is restored across rotations, with encryption turned on later, on a host that
 * holds public keys alone, and on a new host that has a printed sheet and the repository and nothing else.
 */
import assert from "node:assert/strict";
import { chmod, cp, open, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compose } from "../../src/app/compose.ts";
import { readKeyFile } from "../../src/app/key-files.ts";
import { listRoots } from "../../src/app/backup-roots.ts";
import { newestIncarnation } from "../../src/app/newest-incarnation.ts";
import { generationKeys, type KeyRing } from "../../src/pipeline/sealing/key-ring.ts";
import { addToLsn } from "../../src/core/lsn.ts";
import { segmentAt, startOfSegment, timelineOf } from "../../src/core/wal-name.ts";
import { encodeWalFacts } from "../../src/pipeline/sealing/facts.ts";
import { sealTicket } from "../../src/pipeline/sealing/object-header.ts";
import { readClosing } from "../../src/repository/format-document.ts";
import {
  clusterNameOf,
  incarnationIdBytes,
  objectKey,
  systemIdentifierOf,
} from "../../src/repository/object-names.ts";
import { encodeRoot } from "../../src/repository/root.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { present } from "../../src/core/assert.ts";
import { untilNothingIsMissing } from "../support/long-run.ts";
import { isDrError } from "../../src/core/errors.ts";
import { parseObjectId } from "../../src/core/object-id.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { withRestored } from "../support/restored-copy.ts";
import { sealedStoreOf } from "../support/sealed-store-of.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

const { signal } = new AbortController();
let server: TestServer;

before(async () => {
  server = await startTestServer({ major: 18 });
  await server.query(
    "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 5000) g",
  );
  await server.query("VACUUM (FREEZE, ANALYZE) t");
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

/** What the test server's WAL segments have. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

type Json = Record<string, unknown>;
type Variables = Readonly<Record<string, string>>;

async function good(pra: CommandLine, words: string, variables?: Variables): Promise<Json> {
  const answer = await pra.json(words, variables);
  assert.ok(answer.code === 0 || answer.code === 5, `${words}: ${answer.code} ${answer.out}`);
  return answer.value;
}

async function refused(
  pra: CommandLine,
  words: string,
  code: string,
  variables?: Variables,
): Promise<Json> {
  const answer = await pra.json(words, variables);
  assert.equal(errorCodeOf(answer.value), code, answer.out);
  return answer.value["error"] as Json;
}

async function insert(id: number): Promise<void> {
  await server.query(`INSERT INTO t VALUES (${id}, 'row ${id}')`);
}

/** How many rows a copy of this backup has. */
async function rowsIn(pra: CommandLine, backup: Json, variables?: Variables): Promise<number> {
  const id = String(backup["id"]);
  const count = await withRestored(
    pra,
    `--backup ${id} --immediate`,
    (copy) => copy.value("SELECT count(*) FROM t"),
    variables,
  );
  return Number(count);
}

async function rowsNow(): Promise<number> {
  const { rows } = await server.query("SELECT count(*)::int AS n FROM t");
  return Number((rows[0] as { readonly n: number }).n);
}

/** A backup, with the number of rows that it holds. */
async function backup(
  pra: CommandLine,
  words = "",
  variables?: Variables,
): Promise<{ readonly made: Json; readonly rows: number }> {
  await insert(Math.floor(performance.now() * 1000));
  const rows = await rowsNow();
  return { made: await good(pra, `backup${words}`, variables), rows };
}

/** The variables of a host with its own key file and state. */
function host(pra: CommandLine, name: string): Record<string, string> {
  return {
    PRA_KEY_FILE: join(pra.directory, `${name}.key`),
    PRA_STATE_DIR: join(pra.directory, `${name}-state`),
  };
}

/** The repository as a host with these variables opens it; by other keys when they are given. */
async function opened(pra: CommandLine, ring?: KeyRing): Promise<SealedStore> {
  const sealed = await sealedStoreOf(pra);
  const { clock, random } = compose();
  return ring === undefined
    ? sealed
    : new SealedStore({ store: sealed.store, ring, clock, random });
}

test("L41 backups of before and after a rotation restore; the first after it is full, the next one an increment", async () => {
  await using pra = await CommandLine.initialised(server);
  const before = await backup(pra);
  const between = await backup(pra, " --incremental");
  await good(pra, "key rotate");
  const first = await backup(pra, " --incremental");
  assert.deepEqual([first.made["kind"], first.made["reason"]], ["full", "keys-rotated"]);
  const second = await backup(pra);
  assert.equal(second.made["kind"], "incremental");
  for (const { made, rows } of [before, between, first, second]) {
    assert.equal(await rowsIn(pra, made), rows);
  }
  const latest = await withRestored(pra, "--latest", (copy) =>
    copy.value("SELECT count(*) FROM t"),
  );
  assert.equal(Number(latest), second.rows);
  await good(pra, "verify --deep");
  const recovery = join(pra.directory, "pra.generation-2.recovery");
  const check = await good(pra, `key check --recovery-key-file ${recovery}`);
  assert.deepEqual(check["opened"], ["slot", "root", "map", "data"]);
  assert.equal(check["backup"], second.made["id"]);
});

test("L41 a backup that appears under keys that were given up is not believed, and stops no other", async () => {
  await using pra = await CommandLine.initialised(server);
  const before = await backup(pra);
  const oldKeys = await readKeyFile(pra.keyFile, (await opened(pra)).ring.repositoryId);
  await good(pra, "key rotate");
  const sealed = await opened(pra);
  const place = present(
    await newestIncarnation(sealed, clusterNameOf("main"), { signal }),
    "the cluster has a backup",
  );
  // Whoever kept the old keys publishes a root of their own: here the old one once more, under a newer id.
  const intruder = await opened(pra, oldKeys);
  for await (const listed of listRoots(sealed, place, { signal })) {
    assert.equal(listed.state, "readable");
    if (listed.state === "readable") {
      const id = intruder.newId();
      const forged = encodeRoot({ ...listed.root, id });
      await intruder.putWhole({ ...place, type: "root", id }, forged, { signal, epoch: 1 });
      await refused(
        pra,
        `restore --to ${join(pra.directory, "x")} --backup ${id}`,
        "PLAN_BACKUP_UNKNOWN",
      );
      const listing = await pra.run("list --lang en");
      assert.match(listing.out, /appeared after that generation was closed|KEY_GENERATION_CLOSED/);
    }
  }
  // WAL as well: what bears the old keys behind the end that was written down is not replayed.
  const closing = present(await readClosing(sealed, { signal }), "a closing");
  const [[prefix, last] = ["", undefined]] = closing.lastSegments;
  assert.ok(prefix.includes("/wal/00000001/"));
  const beyond = segmentAt(
    timelineOf(1),
    addToLsn(startOfSegment(present(last, "a last segment"), SEGMENT_BYTES), SEGMENT_BYTES),
    SEGMENT_BYTES,
  );
  const startLsn = startOfSegment(beyond, SEGMENT_BYTES);
  const part = { ...place, type: "walPart", segment: beyond, startLsn, epoch: 1 } as const;
  const facts = {
    systemIdentifier: systemIdentifierOf(place.incarnation),
    timeline: timelineOf(1),
    walSegmentBytes: SEGMENT_BYTES,
    startLsn,
  };
  const ticket = await sealTicket(intruder.ring, {
    kind: "walPart",
    objectId: intruder.newId(),
    createdAtMs: Date.now(),
    incarnation: incarnationIdBytes(place.incarnation),
    facts: encodeWalFacts(facts),
    epoch: 1,
  });
  await intruder.store.put(objectKey(part), [ticket.header], { signal });
  await intruder.readPartPositions(part, { signal });
  await assert.rejects(sealed.readPartPositions(part, { signal }), (error) =>
    isDrError(error, "KEY_GENERATION_CLOSED"),
  );
  await sealed.store.delete(objectKey(part), { signal });
  assert.equal(await rowsIn(pra, before.made), before.rows);
  const after = await backup(pra);
  assert.equal(after.made["kind"], "full");
  // The next closing does not take in what this one shut out.
  await good(pra, "key rotate");
  const verified = await pra.json("verify");
  assert.match(verified.out, /KEY_GENERATION_CLOSED/);
});

test("L41 key check opens a frame of data: a sheet that opens nothing of the newest pack is no proof", async () => {
  await using pra = await CommandLine.initialised(server);
  await backup(pra);
  const recovery = join(pra.directory, "pra.recovery");
  await good(pra, `key check --recovery-key-file ${recovery}`);
  const packs = await readdir(pra.repository, { recursive: true });
  const newest = present(
    packs
      .filter((name) => /packs\/..\/[0-9a-f]{32}$/.test(name))
      .toSorted((a, b) => (a.slice(-32) < b.slice(-32) ? -1 : 1))
      .at(-1),
    "there is a pack",
  );
  const path = join(pra.repository, newest);
  await using file = await open(path, "r+");
  await file.write(Buffer.from([1, 2, 3, 4]), 0, 4, 600);
  await refused(pra, `key check --recovery-key-file ${recovery}`, "REPO_FRAME_CORRUPT");
});

test("R15 a host with public keys backs up, receives WAL, lists and verifies; it reads nothing, and says who can", async () => {
  await using pra = await CommandLine.initialised(server);
  const db = host(pra, "db");
  await good(pra, `key export --public ${join(pra.directory, "for-db")}`);
  await good(pra, `key import ${join(pra.directory, "for-db")}`, db);
  const first = await backup(pra, "", db);
  const receiver = pra.start("wal receive --lang en", db);
  await receiver.untilSaid(/Streaming from/);
  const second = await backup(pra, "", db);
  assert.equal(second.made["kind"], "incremental");
  await good(pra, "wal status", db);
  // Whoever still wrote under the old keys would write what their closing shuts out.
  await refused(pra, "key rotate", "REPO_LEASE_HELD");
  // What lies in parts can be read by none but the private side: that is no gap.
  await server.query("CREATE TABLE IF NOT EXISTS in_parts AS SELECT 1");
  await untilNothingIsMissing(pra);
  receiver.child.kill("SIGTERM");
  await receiver.answer;
  await server.query("SELECT pg_drop_replication_slot('pra_main')");
  for (const words of ["list", "verify", "window", "expire --dry-run", "key list"]) {
    await good(pra, words, db);
  }
  const to = join(pra.directory, "copy");
  for (const words of [`restore --to ${to}`, "verify --deep"]) {
    const error = await refused(pra, words, "KEY_PRIVATE_MISSING", db);
    assert.notEqual((error["details"] as Json)["host"], "?");
  }
  const proof = await pra.json("prove", db);
  assert.ok(proof.code !== 0 && proof.out.includes("KEY_PRIVATE_MISSING"), proof.out);
  for (const { made, rows } of [first, second]) {
    assert.equal(await rowsIn(pra, made), rows);
  }
  await good(pra, "verify --deep");
});

test("L42 with everything local gone, the repository and the printed sheet list, verify, restore and prove on a new host", async () => {
  await using pra = await CommandLine.initialised(server);
  const old = await backup(pra);
  await good(pra, "key rotate");
  const fresh = await backup(pra);
  const sheet = join(pra.directory, "sheet");
  await cp(join(pra.directory, "pra.generation-2.recovery"), sheet);
  for (const name of await readdir(pra.directory)) {
    if (name !== "sheet" && name !== "repository") {
      await rm(join(pra.directory, name), { recursive: true });
    }
  }
  const there = host(pra, "new");
  await refused(pra, "list", "KEY_FILE_MISSING", there);
  const taken = await good(pra, `key recover --recovery-key-file ${sheet}`, there);
  assert.deepEqual([taken["private"], taken["generation"]], [true, 2]);
  await good(pra, "list", there);
  await good(pra, "verify --deep", there);
  for (const { made, rows } of [old, fresh]) {
    assert.equal(await rowsIn(pra, made, there), rows);
  }
  const proof = await good(pra, "prove", there);
  assert.equal(proof["verdict"], "proved");
  // The new host is a host like any other.
  const next = await backup(pra, "", there);
  assert.equal(next.made["kind"], "incremental");
});

test("R15 L41 encryption turned on later: what was there restores as before, what comes after needs the new keys", async () => {
  await using pra = await CommandLine.create(server);
  assert.equal((await pra.run("init --encryption none")).code, 0);
  await chmod(pra.directory, 0o755);
  const before = await backup(pra);
  assert.equal((await backup(pra)).made["kind"], "incremental");
  await good(pra, "key encrypt");
  const after = await backup(pra);
  assert.deepEqual([after.made["kind"], after.made["reason"]], ["full", "keys-rotated"]);
  assert.equal(await rowsIn(pra, before.made), before.rows);
  assert.equal(await rowsIn(pra, after.made), after.rows);
  await good(pra, "verify --deep");
  await refused(pra, "list", "KEY_FILE_MISSING", host(pra, "stranger"));
  // Nothing that a stranger can compute opens the later one: its packs need a private key that lies in no slot in the clear.
  const sealed = await opened(pra);
  const first = present(generationKeys(sealed.ring, 1), "the first generation");
  const { privateAt: _, earlier: _earlier, ...ring } = sealed.ring;
  const stranger = await opened(pra, { ...ring, ...first });
  const place = present(
    await newestIncarnation(sealed, clusterNameOf("main"), { signal }),
    "the cluster has a backup",
  );
  const id = parseObjectId(String(after.made["id"]));
  await assert.rejects(stranger.getWhole({ ...place, type: "root", id }, { signal }), (error) =>
    isDrError(error, "KEY_GENERATION_MISSING"),
  );
  const key = await readFile(pra.keyFile, "utf8");
  assert.match(key, /"version": 2/);
});
