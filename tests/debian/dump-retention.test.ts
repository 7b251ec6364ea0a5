/**
 * Retention of dumps as a person meets it, on Debian's PostgreSQL 15: dumps of past weeks, a hold, what `expire` says and does, beside a
 * restore test on another host. The clock of the host that dumps is set by a preload.
 */
import assert from "node:assert/strict";
import { chmod, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import type { LedgerEvent } from "../../src/ledger/event.ts";
import { searchNewestEvents } from "../../src/ledger/newest-events.ts";
import { fastClockEnvironment } from "../../tools/crash/fast-clock.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { DebianCluster } from "../support/debian-cluster.ts";
import { sealedStoreOf } from "../support/sealed-store-of.ts";

const SHIFT = `const days = Number(process.env.TEST_SHIFT_DAYS ?? 0);
const real = Date.now.bind(Date);
Date.now = () => real() + days * 86_400_000;
`;

let cluster: DebianCluster;
let pra: CommandLine;
let preload: string;

/** The host's clock, and for a command that waits, a fast one. */
function at(days: number, fast = false): Record<string, string> {
  const { port, password } = cluster.clientConfig();
  const shifted = `--require ${preload}`;
  const { NODE_OPTIONS: speed = "", ...factor } = fast ? fastClockEnvironment(40) : {};
  return {
    ...factor,
    NODE_OPTIONS: `${shifted} ${speed}`,
    TEST_SHIFT_DAYS: String(days),
    RETENTION_DAYS: "10",
    PRA_RETENTION_MIN_BACKUPS: "1",
    PG_HOST: "127.0.0.1",
    PG_PORT: String(port),
    PG_USER: "postgres",
    PG_PASSWORD: String(password),
    RESTORE_DB: "restore_test",
  };
}

async function dump(days: number, words = ""): Promise<string> {
  const { code, value, err } = await pra.json(`dump ${words}`.trim(), at(days));
  assert.equal(code, 0, err);
  return String(value["id"]);
}

/** A pack that belongs to this dump: the one that appears in the repository with it. */
async function packs(): Promise<ReadonlySet<string>> {
  const entries = await readdir(pra.repository, { recursive: true, withFileTypes: true });
  return new Set(
    entries
      .filter((entry) => entry.isFile() && /\/packs(?:\/|$)/.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

type ListedDump = {
  readonly id: string;
  readonly hold: { readonly reason: string } | null;
};

async function listed(): Promise<readonly ListedDump[]> {
  const { value } = await pra.json("list", at(40));
  const clusters = value["clusters"] as readonly { readonly dumps: readonly ListedDump[] }[];
  return clusters.flatMap(({ dumps }) => dumps);
}

before(async () => {
  cluster = await DebianCluster.create();
  await cluster.withClient((client) => client.query("CREATE DATABASE shop"));
  await cluster.withClient((client) => client.query("CREATE DATABASE archive"));
  await cluster.withClient(
    (client) =>
      client.query(
        "CREATE TABLE t AS SELECT i, md5(i::text) AS v FROM generate_series(1, 20000) i",
      ),
    "shop",
  );
  pra = await CommandLine.create();
  preload = join(pra.directory, "shift.cjs");
  await writeFile(preload, SHIFT);
  assert.equal((await pra.run("init", at(0))).code, 0);
});

after(async () => {
  await pra[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

test("L36 L37 R22 dumps of past weeks: expire keeps the days, what is held, and the last dump of each database; what stays restores", async () => {
  const all = await dump(1, "--globals");
  const ids: string[] = [];
  for (const day of [4, 8, 15, 20]) {
    ids.push(await dump(day, "--database shop"));
  }
  const [held = "", old = "", ...recent] = ids;
  const hold = await pra.run(`hold ${held.slice(0, 14)} --reason audit`, at(20));
  assert.match(hold.out, /^Dump [0-9a-f]{32} is held until it is released\./);
  const preview = await pra.json("expire --dry-run", at(20));
  const retention = preview.value["retention"] as {
    readonly dumps: {
      readonly dumps: readonly { id: string; verdict: string; reasons: { kind: string }[] }[];
    };
  };
  assert.deepEqual(
    retention.dumps.dumps.map(({ id, verdict }) => [id, verdict]),
    [[all, "keep"], [held, "keep"], [old, "give-up"], ...recent.map((id) => [id, "keep"])],
  );
  assert.deepEqual(retention.dumps.dumps[0]?.reasons, [
    {
      kind: "minimum",
      rank: 1,
      of: 1,
      databases: ["archive", "postgres"],
      globals: true,
    },
  ]);
  const told = await pra.run("expire --dry-run", { ...at(20), PRA_LANG: "fr" });
  assert.match(told.out, /le plus récent, qui reste en tout cas \(rôles, archive, postgres\)/);
  assert.match(
    told.out,
    /abandonner : .*\n.*fini avant la fenêtre ; de tout ce qu'il contient il y a un export plus récent/,
  );
  const done = await pra.json("expire", at(20, true));
  assert.equal(done.code, 0, done.err);
  assert.deepEqual(done.value["dumps"], [old]);
  assert.ok(Number(done.value["deletedBytes"]) > 0);
  const left = await listed();
  assert.deepEqual(
    left.map(({ id }) => id),
    [all, held, ...recent],
  );
  assert.deepEqual(
    left.map((each) => each.hold?.reason),
    [undefined, "audit", undefined, undefined],
  );
  assert.equal((await pra.run("verify --deep", at(20))).code, 0);
  for (const id of [all, held]) {
    const words = `restore-db --from ${id} --database shop --cleanup`;
    const restored = await pra.json(words, at(20));
    assert.equal(restored.code, 0, restored.out);
    assert.equal(restored.value["rows"], 20_000);
  }
  const gone = await pra.json(`restore-db --from ${old} --database shop`, at(20));
  assert.equal(errorCodeOf(gone.value), "RESTORE_DB_SOURCE_UNKNOWN");
  const released = await pra.run(`release ${held} --reason closed --lang fr`, at(20));
  assert.match(released.out, /^Aucun ordre ne conserve plus l'export /);
  assert.deepEqual(await recorded(), [
    `dumpHeld ${held}: audit`,
    `dumpReleased ${held}: closed`,
    `given up ${old}`,
  ]);
});

/** The ledger's kinds of events about dumps, each with what it is of. */
async function recorded(): Promise<readonly string[]> {
  const signal = new AbortController().signal;
  const sealed = await sealedStoreOf(pra);
  const found: string[] = [];
  const take = ({ content }: LedgerEvent): boolean => {
    if (content?.kind === "dumpsGivenUp") {
      found.push(...content.data.dumps.map(({ dump: id }) => `given up ${id}`));
    } else if (content?.kind === "dumpHeld" || content?.kind === "dumpReleased") {
      found.push(`${content.kind} ${content.data.dump}: ${content.data.why}`);
    }
    return false;
  };
  await searchNewestEvents(sealed, take, { signal, objectsMax: 1000 });
  return found.toSorted();
}

test("L40 that dumps were given up is no sign of a repository set back", async () => {
  const answer = await pra.json("dump --database shop", at(21));
  assert.equal(answer.code, 0, answer.out);
});

test("L34 a dump that a restore test reads stays, whatever expire on another host decides meanwhile", async () => {
  const known = await listed();
  const reading = known[0]?.id ?? "";
  await dump(38);
  const latest = await dump(39);
  const pins = join(pra.repository, "pins");
  const earlier = new Set(await readdir(pins));
  const restoring = pra.start(`restore-db --json --from ${reading} --database shop`, {
    ...at(39),
    PRA_FAILPOINT: "restore-db.create:delay=25000",
  });
  for (let tries = 0; (await readdir(pins)).every((name) => earlier.has(name)); tries++) {
    assert.ok(tries < 300, "the restore test pins what it reads");
    await sleep(100);
  }
  const done = await pra.json("expire", {
    ...at(60, true),
    PRA_STATE_DIR: join(pra.directory, "b"),
  });
  assert.equal(done.code, 0, done.out);
  assert.ok(!(done.value["dumps"] as readonly string[]).includes(reading));
  const restored = await restoring.answer;
  assert.equal(restored.code, 0, restored.out);
  const after = await pra.json("expire", at(60, true));
  assert.ok((after.value["dumps"] as readonly string[]).includes(reading), after.out);
  assert.ok((await listed()).some(({ id }) => id === latest));
});

test("R3 one dump is verified by its id alone; a damaged pack of another takes it not down, one of its own does", async () => {
  const before = await packs();
  const first = (await listed()).at(-1)?.id;
  const second = await dump(60, "--database shop");
  const [path = ""] = [...(await packs())].filter((each) => !before.has(each));
  const one = await pra.json(`verify --deep --backup ${first ?? ""}`, at(60));
  assert.equal(one.code, 0, one.out);
  const [incarnation] = one.value["incarnations"] as readonly {
    readonly dumps: readonly { readonly id: string }[];
    readonly frames: number;
  }[];
  assert.deepEqual(
    incarnation?.dumps.map(({ id }) => id),
    [first],
  );
  assert.ok(incarnation.frames > 0);
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
  const other = await pra.json(`verify --deep --backup ${first ?? ""}`, at(60));
  assert.equal(other.code, 0, other.out);
  const own = await pra.json(`verify --deep --backup ${second}`, at(60));
  assert.equal(own.code, 4);
  assert.deepEqual(own.value["backupsDown"], [second]);
});
