/**
 * What goes wrong at the command line, in both languages: which exit code and which word for it, what to do about it, and that nothing
 * is lost or half done.
 */
import assert from "node:assert/strict";
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { LoopbackProxy } from "../support/loopback-proxy.ts";
import { withRestored } from "../support/restored-copy.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

const BULK_BYTES = 4 << 20;
const PASSWORD = "right-word";
const COUNT = "SELECT count(*) FROM t";
let server: TestServer;

before(async () => {
  server = await startTestServer({
    major: 18,
    tcp: true,
    initdbArguments: ["--auth-host=scram-sha-256"],
    settings: { max_replication_slots: "2" },
  });
  await server.query(
    `CREATE TABLE t AS SELECT g AS id, md5(g::text) AS text FROM generate_series(1, 20000) g;
     CREATE ROLE plain LOGIN PASSWORD '${PASSWORD}';
     CREATE ROLE copier LOGIN REPLICATION PASSWORD '${PASSWORD}';`,
  );
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

async function initialised(): Promise<CommandLine> {
  const pra = await CommandLine.create(server);
  // The servers' account must reach copies below.
  await chmod(pra.directory, 0o755);
  const { code, err } = await pra.run("init");
  assert.equal(code, 0, err);
  return pra;
}

type Variables = Readonly<Record<string, string>>;

/** The command fails with this exit code and this word; people get a message, a hint and the word in their language. */
async function refuses(
  pra: CommandLine,
  words: string,
  expected: {
    readonly exit: number;
    readonly code: string | RegExp;
    readonly variables?: Variables;
  },
): Promise<Record<string, unknown>> {
  const { exit, code, variables = {} } = expected;
  const { value, code: answered, out } = await pra.json(words, variables);
  assert.equal(answered, exit, out);
  const found = String(errorCodeOf(value));
  assert.match(found, typeof code === "string" ? new RegExp(`^${code}$`) : code);
  const { error } = value as { error: { message: string; hint: string; details: unknown } };
  assert.ok(error.message.length > 10 && error.hint.length > 10);
  const french = await pra.run(`${words} --lang fr`, variables);
  const english = await pra.run(`${words} --lang en`, variables);
  assert.deepEqual([french.code, english.code], [exit, exit]);
  if (exit !== 2) {
    assert.ok(french.err.includes(`pra explain ${found}`), french.err);
    assert.ok(english.err.includes(`pra explain ${found}`), english.err);
  }
  assert.notEqual(french.err, english.err);
  return error as unknown as Record<string, unknown>;
}

async function backupCount(pra: CommandLine): Promise<number> {
  const { value } = await pra.json("list");
  const { clusters } = value as { clusters: { backups: unknown[] }[] };
  return clusters.flatMap(({ backups }) => backups).length;
}

/** Keys of objects of one kind, by a part of their path. */
async function objectsOf(pra: CommandLine, kind: string): Promise<readonly string[]> {
  const names = await readdir(pra.repository, { recursive: true });
  const found: string[] = [];
  for (const name of names.filter((each) => each.includes(`/${kind}/`)).sort()) {
    const path = join(pra.repository, name);
    if ((await stat(path)).isFile()) {
      found.push(path);
    }
  }
  return found;
}

test("L54 a wrong password, a role without REPLICATION and no access rule are each told as what they are", async () => {
  await using pra = await initialised();
  const tcp = { PG_HOST: "127.0.0.1", PG_USER: "copier" };
  const wrong = { ...tcp, PG_PASSWORD: "wrong-planted" };
  const error = await refuses(pra, "backup --full", {
    exit: 1,
    code: "PG_PASSWORD_REFUSED",
    variables: wrong,
  });
  assert.ok(!JSON.stringify(error).includes("planted"));
  await refuses(pra, "backup --full", { exit: 1, code: "PG_PASSWORD_NEEDED", variables: tcp });
  const plain = { ...tcp, PG_USER: "plain", PG_PASSWORD: PASSWORD };
  const noRight = { exit: 1, code: "PG_NO_REPLICATION_RIGHT", variables: plain };
  await refuses(pra, "backup --full", noRight);
  await refuses(pra, "wal receive", noRight);
  const rules = join(server.dataDirectory, "pg_hba.conf");
  const kept = await readFile(rules, "utf8");
  await writeFile(rules, kept.replaceAll(/^host +replication.*$/gm, ""));
  await server.query("SELECT pg_reload_conf()");
  const noRule = { ...tcp, PG_PASSWORD: PASSWORD };
  await refuses(pra, "backup --full", { exit: 1, code: "PG_HBA_REFUSED", variables: noRule });
  await writeFile(rules, kept);
  await server.query("SELECT pg_reload_conf()");
  assert.equal(await backupCount(pra), 0);
});

test("no free slot and remote_apply are named before they hurt", async () => {
  await using pra = await initialised();
  await server.query(
    "SELECT pg_create_physical_replication_slot('a'), pg_create_physical_replication_slot('b')",
  );
  try {
    await refuses(pra, "backup --full", { exit: 1, code: "WAL_SLOTS_FULL" });
    const french = await pra.run("check --lang fr");
    assert.equal(french.code, 4);
    assert.match(french.out, /max_replication_slots/);
    assert.equal(await backupCount(pra), 0);
  } finally {
    await server.query("SELECT pg_drop_replication_slot('a'), pg_drop_replication_slot('b')");
  }
  await server.query("ALTER ROLE plain SET synchronous_commit = 'remote_apply'");
  await server.query("ALTER SYSTEM SET synchronous_standby_names = 'pra_main'");
  await server.query("SELECT pg_reload_conf()");
  try {
    const { code, out } = await pra.run("check --lang en");
    assert.equal(code, 4, out);
    assert.match(out, /✗ synchronous commit.*remote_apply/);
  } finally {
    await server.query("ALTER SYSTEM RESET synchronous_standby_names");
    await server.query("SELECT pg_reload_conf()");
    await server.query("SET synchronous_commit = local; ALTER ROLE plain RESET synchronous_commit");
  }
});

test("a missing, a foreign and a damaged key open nothing, and say so", async () => {
  await using pra = await initialised();
  assert.equal((await pra.run("backup --full")).code, 0);
  const to = join(pra.directory, "copy");
  const missing = { PRA_KEY_FILE: join(pra.directory, "no.key") };
  await using other = await CommandLine.create();
  await other.run("init");
  const damaged = join(pra.directory, "damaged.key");
  const text = await readFile(pra.keyFile, "utf8");
  await writeFile(damaged, text.slice(0, text.length / 2), { mode: 0o600 });
  const cases = [
    { exit: 1, code: /^KEY_/, variables: missing },
    { exit: 3, code: "KEY_OTHER_REPOSITORY", variables: { PRA_KEY_FILE: other.keyFile } },
    { exit: 1, code: /^KEY_/, variables: { PRA_KEY_FILE: damaged } },
  ];
  for (const about of cases) {
    for (const words of ["backup", `restore --to ${to}`, "verify"]) {
      await refuses(pra, words, about);
    }
  }
  await assert.rejects(stat(to), { code: "ENOENT" });
});

test("a target that is not empty, a running server's or full is refused, and left as it was", async () => {
  await using pra = await initialised();
  assert.equal((await pra.run("backup --full")).code, 0);
  const taken = join(pra.directory, "taken");
  await mkdir(taken);
  await writeFile(join(taken, "precious"), "mine");
  await refuses(pra, `restore --to ${taken}`, { exit: 3, code: /^RESTORE_TARGET_/ });
  assert.deepEqual(await readdir(taken), ["precious"]);
  const before = await readdir(server.dataDirectory);
  await refuses(pra, `restore --to ${server.dataDirectory}`, { exit: 3, code: /^RESTORE_TARGET_/ });
  assert.deepEqual(await readdir(server.dataDirectory), before);
  const full = join(pra.directory, "full");
  const { code, value } = await pra.json(`restore --to ${full}`, {
    PRA_FAILPOINT: "restore.write:enospc:3",
  });
  assert.equal(code, 1);
  assert.equal(errorCodeOf(value), "RESTORE_DISK_FULL");
  const control = join(full, "global", "pg_control");
  await assert.rejects(stat(control), { code: "ENOENT" }, "a half one cannot start");
});

test("a target before, after or without a zone is refused, with the nearest instants", async () => {
  await using pra = await initialised();
  const from = new Date().toISOString();
  // What every copy of the backup holds, and nobody had at that instant.
  await server.query("SELECT pg_current_xact_id()");
  assert.equal((await pra.run("backup --full")).code, 0);
  const to = join(pra.directory, "copy");
  await refuses(pra, `restore --to ${to} --at 2026-11-22T14:05:00`, {
    exit: 2,
    code: /^(?:PLAN|USAGE)_/,
  });
  const early = await pra.json(`plan --at ${from}`);
  assert.equal(early.code, 4);
  const { nearest } = early.value as { nearest: { before: unknown; after: unknown } };
  assert.ok(nearest.before === null && nearest.after !== null, early.out);
  await refuses(pra, `restore --to ${to} --at ${from}`, { exit: 3, code: /^PLAN_/ });
  const late = await pra.json("plan --at 2199-01-01T00:00:00Z");
  assert.equal(late.code, 4);
  const { nearest: behind } = late.value as { nearest: { before: unknown; after: unknown } };
  assert.ok(behind.before !== null && behind.after === null, late.out);
  await refuses(pra, `restore --to ${to} --lsn FF/0`, { exit: 3, code: /^PLAN_/ });
  await refuses(pra, `restore --to ${to} --name nowhere`, { exit: 3, code: /^PLAN_/ });
  await assert.rejects(stat(to), { code: "ENOENT" });
});

test("L40 a flipped, cut, swapped, replayed, missing or foreign pack never reaches a directory that can start", async () => {
  await using pra = await initialised();
  assert.equal((await pra.run("backup --full --workers 2")).code, 0);
  const packs = await objectsOf(pra, "packs");
  const pack = String(packs[0]);
  const content = await readFile(pack);
  await using other = await initialised();
  assert.equal((await other.run("backup --full")).code, 0);
  const foreign = await readFile(String((await objectsOf(other, "packs"))[0]));
  const map = String((await objectsOf(pra, "maps"))[0] ?? packs.at(-1));
  const flipped = Buffer.from(content);
  const middle = Math.floor(content.length / 2);
  flipped[middle] = (flipped[middle] ?? 0) ^ 1;
  const faults: Readonly<Record<string, Buffer | undefined>> = {
    flipped,
    cut: content.subarray(0, content.length - 100),
    swapped: await readFile(map),
    foreign,
    missing: undefined,
    empty: Buffer.alloc(0),
  };
  for (const [fault, bytes] of Object.entries(faults)) {
    await rm(pack, { force: true });
    if (bytes !== undefined) {
      await writeFile(pack, bytes);
    }
    const deep = await pra.run("verify --deep");
    assert.equal(deep.code, 4, `${fault}: ${deep.out}${deep.err}`);
    const to = join(pra.directory, `copy-${fault}`);
    const { code, out } = await pra.json(`restore --to ${to}`);
    assert.notEqual(code, 0, `${fault}: ${out}`);
    await assert.rejects(stat(join(to, "global", "pg_control")), { code: "ENOENT" }, fault);
  }
  await writeFile(pack, content);
  assert.equal((await pra.run("verify --deep")).code, 0);
  await withRestored(pra, "--latest", async (copy) => {
    assert.equal(await copy.value(COUNT), "20000");
  });
});

test("L40 a hidden newest root stops restores as well, until it is accepted", async () => {
  await using pra = await initialised();
  assert.equal((await pra.run("backup --full")).code, 0);
  const second = await pra.json("backup");
  const root = String(second.value["path"]);
  await rename(root, join(pra.directory, "hidden"));
  const to = join(pra.directory, "copy");
  await refuses(pra, `restore --to ${to}`, { exit: 3, code: "REPO_ROLLED_BACK" });
  await assert.rejects(stat(to), { code: "ENOENT" });
  await rename(join(pra.directory, "hidden"), root);
  assert.equal((await pra.run(`restore --to ${to}`)).code, 0);
});

test("L53 of two backups at once one is refused; SIGINT, SIGTERM and SIGKILL leave nothing that counts", async () => {
  await using pra = await initialised();
  {
    await using proxy = await LoopbackProxy.before(server.port);
    proxy.trouble = { kind: "hold", afterBytes: BULK_BYTES };
    const access = { PG_USER: "copier", PG_PASSWORD: PASSWORD };
    const first = pra.start("backup --full", { ...proxy.environment, ...access });
    await proxy.held;
    await refuses(pra, "backup --full", { exit: 3, code: "REPO_LEASE_HELD" });
    proxy.resume();
    const { code, err } = await first.answer;
    assert.equal(code, 0, err);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    await using proxy = await LoopbackProxy.before(server.port);
    proxy.trouble = { kind: "hold", afterBytes: BULK_BYTES };
    const access = { PG_USER: "copier", PG_PASSWORD: PASSWORD };
    const killed = pra.start("backup --full", { ...proxy.environment, ...access });
    await proxy.held;
    killed.child.kill(signal);
    const { code } = await killed.answer;
    assert.equal(code, signal === "SIGKILL" ? null : 130, signal);
    assert.equal(await backupCount(pra), 1);
    assert.equal(await server.value("SELECT count(*) FROM pg_replication_slots"), "0");
  }
  assert.equal((await pra.run("backup")).code, 0);
  assert.equal((await pra.run("verify --deep")).code, 0);
});

test("L53 a backup killed at every step it takes is none, and the next one is whole", async () => {
  await using pra = await initialised();
  const steps = [
    "lease.acquire",
    "pin.put",
    "wal.connect",
    "wal.part-open",
    "backup.publish-pack",
    "backup.publish-map",
    "wal.put-segment",
    "backup.publish-root",
    "ledger.append",
  ];
  let listed = 0;
  for (const step of steps) {
    const { code, err } = await pra.run("backup --full", { PRA_FAILPOINT: `${step}:kill:1` });
    assert.equal(code, null, `${step}: ${err}`);
    assert.equal(await backupCount(pra), listed, step);
    const next = await pra.run("backup");
    assert.equal(next.code, 0, `${step}: ${next.err}`);
    listed += 1;
  }
  assert.equal((await pra.run("verify --deep")).code, 0);
});

test("L31 a repository, a key and a database with odd names are taken as they are", async () => {
  await using pra = await initialised();
  const odd = join(pra.directory, "a b # = é 'x' \"y\" $HOME %f");
  const variables = { BACKUP_DIR: join(odd, "re po"), PRA_KEY_FILE: join(odd, "k=#.key") };
  await mkdir(odd);
  await server.query(`CREATE DATABASE "o d # = é '"`);
  try {
    assert.equal((await pra.run("init", variables)).code, 0);
    const full = await pra.json("backup --full", variables);
    assert.equal(full.code, 0, full.out);
    const to = join(pra.directory, "copy-é=#");
    const restored = await pra.run(`restore --to ${to} --immediate`, variables);
    assert.equal(restored.code, 0, restored.err);
    assert.ok((await stat(join(to, "global", "pg_control"))).isFile());
  } finally {
    await server.query(`DROP DATABASE "o d # = é '"`);
  }
  await cp(pra.keyFile, join(odd, "again"));
  await appendFile(join(odd, "again"), "");
  await truncate(join(odd, "again"), 0);
  const empty = await pra.json("list", { ...variables, PRA_KEY_FILE: join(odd, "again") });
  assert.equal(empty.code, 1);
});
