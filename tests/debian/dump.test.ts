/** `pra dump` and `pra restore-db` on Debian's PostgreSQL 15 with Debian's own programs: what comes back, and every refusal. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Answer, CommandLine, errorCodeOf } from "../support/command-line.ts";
import { DebianCluster } from "../support/debian-cluster.ts";
import { ODD_DATABASE, SHOP, makeOddDatabases } from "../support/odd-database.ts";

const TEST_DATABASE = "akig_restore";

/** The system's own: an export must open without us. */
const OPENSSL = "/usr/bin/openssl";

let cluster: DebianCluster;
let pra: CommandLine;
let superuser: Readonly<Record<string, string>>;

before(async () => {
  cluster = await DebianCluster.create();
  await makeOddDatabases(cluster);
  pra = await CommandLine.create();
  const { port, password } = cluster.clientConfig();
  superuser = {
    PG_HOST: "127.0.0.1",
    PG_PORT: String(port),
    PG_USER: "postgres",
    PG_PASSWORD: String(password),
    RESTORE_DB: TEST_DATABASE,
  };
  assert.equal((await pra.run("init", superuser)).code, 0);
});

after(async () => {
  await pra[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;

async function json(
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Answer & { readonly value: Json }> {
  const answer = await pra.startWith([...words, "--json"], { ...superuser, ...variables }).answer;
  return { ...answer, value: JSON.parse(answer.out) as Json };
}

/** Good dumps. */
async function listed(): Promise<readonly string[]> {
  const { value } = await json(["list"]);
  const clusters = value["clusters"] as readonly { readonly dumps: readonly { id: string }[] }[];
  return clusters.flatMap(({ dumps }) => dumps.map(({ id }) => id));
}

async function processes(): Promise<readonly string[]> {
  return await cluster.withClient(async (client) => {
    const found = await client.query<{ application_name: string }>(
      "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'pra%'",
    );
    return found.rows.map((row) => row.application_name);
  });
}

test("R3 a dump of all databases is listed, verified and read back, and nothing of it lies in the clear", async () => {
  const { code, value } = await json(["dump"]);
  assert.equal(code, 0);
  const databases = value["databases"] as readonly {
    name: string;
    streams: number;
    rows: number;
  }[];
  assert.deepEqual(
    databases.map(({ name }) => name),
    [ODD_DATABASE, "postgres", SHOP],
  );
  assert.equal(databases[2]?.streams, 3, "the large table has a stream of its own");
  assert.equal(databases[2]?.rows, 306_102);
  assert.deepEqual(value["globals"], { passwords: true });
  assert.equal(value["readBack"], true);
  assert.deepEqual(await listed(), [value["id"]]);
  const verified = await json(["verify", "--deep"]);
  assert.equal(verified.code, 0, verified.out);
  const files = readdirSync(pra.repository, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    const content = readFileSync(join(file.parentPath, file.name));
    assert.ok(!content.includes("PGDMP") && !content.includes("odd sch"), file.name);
  }
});

test("R3 S74 S75 a dump comes back with its rows, objects, owners, sequences and large objects, and with a report", async () => {
  const { code, value, err } = await json(["restore-db", "--database", SHOP]);
  assert.equal(code, 0, err);
  assert.deepEqual(value["findings"], []);
  assert.equal(value["rows"], 306_102);
  assert.equal(value["largeObjects"], 2);
  const report = String(value["report"]);
  assert.equal(statSync(report).mode & 0o777, 0o600);
  assert.match(readFileSync(report, "utf8"), /<html lang="en">/);
  assert.match(readFileSync(report.replace(/html$/, "md"), "utf8"), /306,102 rows/);
  await cluster.withClient(async (client) => {
    const g = await client.query('SELECT sum(g)::int AS n FROM "odd schéma"."t ""1"" = x"');
    assert.equal((g.rows as readonly { n: number }[])[0]?.n, 24_500);
    const owner = await client.query(
      "SELECT pg_get_userbyid(relowner) AS o FROM pg_class WHERE relname = 'secrets'",
    );
    assert.equal((owner.rows as readonly { o: string }[])[0]?.o, "Owner é");
  }, TEST_DATABASE);
});

test("R3 S78 a second run makes the test database anew, and --cleanup drops it and no other", async () => {
  const before = await cluster.withClient((client) =>
    client.query("SELECT datname FROM pg_database ORDER BY 1"),
  );
  const { code, value } = await json(["restore-db", "--database", SHOP, "--cleanup"]);
  assert.equal(code, 0);
  assert.equal(value["dropped"], true);
  const left = await cluster.withClient((client) =>
    client.query("SELECT datname FROM pg_database ORDER BY 1"),
  );
  const names = (rows: unknown[]): unknown[] => rows.map((row) => (row as Json)["datname"]);
  assert.deepEqual(
    names(before.rows).filter((name) => name !== TEST_DATABASE),
    names(left.rows),
  );
});

test("R3 a database named like a connection string comes back under another odd name", async () => {
  const into = `x=y 'z'`;
  const words = ["restore-db", "--database", ODD_DATABASE, "--into", into, "--cleanup"];
  const { code, value } = await json(words);
  assert.equal(code, 0);
  assert.equal((value["target"] as Json)["database"], into);
});

test("R3 production's databases, the server's own and one in use are refused, and stay", async () => {
  const refused = async (name: string): Promise<unknown> => {
    const { code, value } = await json(["restore-db", "--database", SHOP, "--into", name]);
    assert.equal(code, 3);
    return errorCodeOf(value);
  };
  assert.equal(await refused(SHOP), "RESTORE_DB_PRODUCTION");
  assert.equal(await refused("template1"), "RESTORE_DB_RESERVED");
  await cluster.withClient((client) => client.query("CREATE DATABASE other"));
  await cluster.withClient((client) => client.query("CREATE TABLE mine ()"), "other");
  assert.equal(await refused("other"), "RESTORE_DB_PRODUCTION");
  assert.equal((await json(["restore-db", "--database", SHOP])).code, 0);
  await cluster.withClient(async () => {
    const { value } = await json(["restore-db", "--database", SHOP]);
    assert.equal(errorCodeOf(value), "RESTORE_DB_BUSY");
    assert.match(String((value["error"] as Json)["message"]), /postgres \(pid \d+/);
  }, TEST_DATABASE);
  // A restored database that took another name is somebody's: its mark no longer says that it may go.
  await cluster.withClient((client) =>
    client.query(`ALTER DATABASE "${TEST_DATABASE}" RENAME TO promoted`),
  );
  assert.equal(await refused("promoted"), "RESTORE_DB_PRODUCTION");
  await cluster.withClient((client) => client.query("DROP DATABASE promoted"));
  // Nor does it of one that is configured as production's since.
  const into = ["restore-db", "--database", SHOP, "--into", TEST_DATABASE];
  assert.equal((await json(into)).code, 0);
  const served = await json(into, { PG_DATABASE: TEST_DATABASE });
  assert.equal(errorCodeOf(served.value), "RESTORE_DB_PRODUCTION");
});

test("R3 what the role may not read, may not see, or cannot get in for is refused by code, and nothing is listed", async () => {
  const known = await listed();
  const plain = { PG_USER: "plain", PG_PASSWORD: "plain word" };
  const rights = await json(["dump", "--database", SHOP], plain);
  assert.equal(errorCodeOf(rights.value), "DUMP_TABLE_RIGHTS");
  assert.match(String((rights.value["error"] as Json)["message"]), /public\.large/);
  await cluster.withClient((client) => client.query("GRANT pg_read_all_data TO plain"));
  const rows = await json(["dump", "--database", SHOP], plain);
  assert.equal(errorCodeOf(rows.value), "DUMP_ROW_SECURITY");
  assert.match(String((rows.value["error"] as Json)["message"]), /public\.secrets/);
  await cluster.withClient((client) => client.query("ALTER ROLE plain BYPASSRLS"));
  const large = await json(["dump", "--database", SHOP], plain);
  assert.equal(errorCodeOf(large.value), "DUMP_LARGE_OBJECT_RIGHTS");
  await cluster.withClient(async (client) => {
    const { rows: objects } = await client.query<{ oid: string }>(
      "SELECT oid::text FROM pg_largeobject_metadata",
    );
    for (const { oid } of objects) {
      await client.query(`GRANT SELECT ON LARGE OBJECT ${oid} TO plain`);
    }
  }, SHOP);
  const allowed = await json(["dump", "--database", SHOP, "--globals"], plain);
  assert.equal(allowed.code, 0);
  assert.deepEqual(allowed.value["globals"], { passwords: true }, "all data includes pg_authid");
  const wrong = await json(["dump"], { ...plain, PG_PASSWORD: "no" });
  assert.equal(errorCodeOf(wrong.value), "PG_PASSWORD_REFUSED");
  const missing = await json(["dump", "--database", "nowhere"]);
  assert.equal(errorCodeOf(missing.value), "PG_DATABASE_MISSING");
  const programs = await json(["dump"], { PRA_PG_BIN_DIR: pra.directory });
  assert.equal(errorCodeOf(programs.value), "DUMP_PROGRAM_MISSING");
  assert.match(String((programs.value["error"] as Json)["hint"]), /postgresql-client-15/);
  assert.deepEqual(await listed(), [...known, String(allowed.value["id"])]);
});

test("R3 a full disk, and a program killed from outside, end a dump by code; nothing is listed and nothing goes on", async () => {
  const known = await listed();
  const full = await json(["dump", "--database", SHOP], { PRA_FAILPOINT: "dump.frame:enospc" });
  assert.equal(errorCodeOf(full.value), "STORE_DISK_FULL");
  const slow = pra.start(`dump --json --database ${SHOP}`, {
    ...superuser,
    PRA_FAILPOINT: "dump.snapshot:delay=1,dump.frame:delay=300",
  });
  await cluster.withClient(async (client) => {
    for (let found = 0; found === 0;) {
      const killed = await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pra_main_dump' AND query LIKE 'COPY%'",
      );
      found = killed.rowCount ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  const gone = await slow.answer;
  assert.match(gone.out, /DUMP_SERVER_GONE|DUMP_PROGRAM_FAILED/);
  assert.deepEqual(await listed(), known);
  assert.deepEqual(await processes(), []);
});

test("R3 SIGTERM ends a dump and its programs; nothing is listed, nothing is staged, and the next one runs", async () => {
  const known = await listed();
  const slow = pra.start(`dump --database ${SHOP}`, {
    ...superuser,
    PRA_FAILPOINT: "dump.frame:delay=300",
  });
  await slow.untilSaid(/Dumping shop/);
  await new Promise((resolve) => setTimeout(resolve, 700));
  slow.child.kill("SIGTERM");
  assert.equal((await slow.answer).code, 130);
  assert.deepEqual(await listed(), known);
  assert.deepEqual(await processes(), []);
  assert.equal((await json(["dump", "--database", SHOP])).code, 0);
});

test("R3 an export opens with stock openssl, gunzip and psql's text; both kinds come back", async () => {
  const path = join(pra.directory, "x.sql.gz.enc");
  const secret = { PRA_EXPORT_PASSPHRASE: "un secret é" };
  const made = await json(["dump", "--database", SHOP, "--export", path], secret);
  assert.equal(made.code, 0, made.out);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const words = ["enc", "-d", "-aes-256-cbc", "-pbkdf2", "-in", path, "-pass", "env:SECRET"];
  const zipped = execFileSync(OPENSSL, words, {
    env: { SECRET: secret.PRA_EXPORT_PASSPHRASE },
    maxBuffer: 1 << 28,
  });
  const sql = execFileSync("gunzip", ["-c"], { input: zipped, maxBuffer: 1 << 30 });
  assert.match(sql.subarray(0, 2000).toString(), /PostgreSQL database dump/);
  const again = await json(["dump", "--database", SHOP, "--export", path], secret);
  assert.equal(errorCodeOf(again.value), "DUMP_EXPORT_EXISTS");
  const back = await json(["restore-db", "--from", path], secret);
  assert.equal(back.code, 5, "nothing is recorded to compare with");
  assert.equal(back.value["rows"], 306_102);
  const wrong = await json(["restore-db", "--from", path], { PRA_EXPORT_PASSPHRASE: "no" });
  assert.equal(errorCodeOf(wrong.value), "RESTORE_DB_PASSPHRASE");
  const bytes = readFileSync(path);
  writeFileSync(join(pra.directory, "cut.sql.gz.enc"), bytes.subarray(0, 160_000));
  writeFileSync(join(pra.directory, "foreign.sql.gz.enc"), Buffer.alloc(4096, 7));
  for (const name of ["cut", "foreign"]) {
    const file = join(pra.directory, `${name}.sql.gz.enc`);
    const refused = await json(["restore-db", "--from", file], secret);
    assert.equal(errorCodeOf(refused.value), "RESTORE_DB_FILE", name);
  }
});

test("R3 a file that would lead psql to another database is refused", async () => {
  const path = join(pra.directory, "lead.sql");
  writeFileSync(path, "CREATE TABLE a ();\n\\connect shop\nDROP TABLE large;\n");
  const { value } = await json(["restore-db", "--from", path]);
  assert.equal(errorCodeOf(value), "RESTORE_DB_FILE");
  writeFileSync(path, "CREATE TABLE a (); \\connect shop\nDROP TABLE large;\n");
  const inside = await json(["restore-db", "--from", path]);
  assert.equal(errorCodeOf(inside.value), "RESTORE_DB_FAILED");
  const left = await cluster.withClient(
    (client) => client.query("SELECT 1 FROM large LIMIT 1"),
    SHOP,
  );
  assert.equal(left.rowCount, 1);
});

test("R3 S76 the application is asked as often as configured; one that does not answer well makes exit 4", async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(asked < 3 ? 500 : 200).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const application = { APP_HEALTH_URL: `http://127.0.0.1:${port}/`, HEALTH_CHECK_INTERVAL: "1" };
  try {
    const words = ["restore-db", "--database", SHOP];
    const unwell = await json(words, { ...application, HEALTH_CHECK_RETRIES: "2" });
    assert.equal(unwell.code, 4);
    assert.equal((unwell.value["application"] as Json)["status"], 500);
    const well = await json(words, { ...application, HEALTH_CHECK_RETRIES: "2" });
    assert.equal(well.code, 0);
  } finally {
    server.close();
  }
});

test("R3 a backup at an instant comes back as that instant's database, without a dump", async () => {
  const backup = await json(["backup", "--full"]);
  assert.equal(backup.code, 0, backup.out);
  await cluster.withClient((client) => client.query("DELETE FROM refs"), SHOP);
  const id = String(backup.value["id"]);
  const { code, value, err } = await json(["restore-db", "--from", id, "--database", SHOP]);
  assert.equal(code, 0, err);
  assert.equal((value["source"] as Json)["kind"], "backup");
  assert.equal(value["rows"], 306_102);
});

test("R3 both commands speak French", async () => {
  const restored = await pra.startWith(
    [
      "restore-db",
      "--database",
      SHOP,
      "--from",
      (await listed())[0] ?? "",
      "--cleanup",
      "--lang",
      "fr",
    ],
    superuser,
  ).answer;
  assert.match(restored.out, /La base est de retour/);
  const dumped = await pra.startWith(["dump", "--lang", "fr", "--note", "é"], superuser).answer;
  assert.match(dumped.out, /Export terminé : \d+ bases/);
});
