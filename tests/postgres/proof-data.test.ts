/**
 * Levels 4 and 5 of a proof on a real server: what `pra.yaml` asserts of the data and of the application. An assertion reads and does
 * nothing else, whatever is written in it; the application gets the throw-away server and nothing of production.
 */
import assert from "node:assert/strict";
import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

type Shown = Record<string, unknown>;

type Asserted = {
  readonly name: string;
  readonly ok: boolean;
  readonly outcome: string;
  readonly value: string | null;
  readonly message: string | null;
};

const PASSWORD = "Tr0ub4dor-and-three";
/** What an assertion that reaches a program would write. */
const ESCAPED = `/tmp/pra-escaped-${process.pid}`;

/** Rows that a report must count, whatever policies hide them; and every way out that a database may know. */
function schema(server: TestServer): string {
  const { socketDirectory, port } = server;
  return `
  CREATE SCHEMA shop;
  CREATE TABLE shop.orders (id int PRIMARY KEY, paid numeric(12, 2) NOT NULL);
  INSERT INTO shop.orders SELECT g, 1.10 FROM generate_series(1, 1000) g;
  ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
  CREATE TABLE shop.empty (id int);
  GRANT ALL ON shop.empty TO PUBLIC;
  CREATE SEQUENCE shop.numbers;
  GRANT ALL ON SEQUENCE shop.numbers TO PUBLIC;
  CREATE FUNCTION shop.stubborn() RETURNS bool LANGUAGE plpgsql AS $$
    BEGIN
      LOOP
        BEGIN
          PERFORM pg_sleep(60);
        EXCEPTION WHEN query_canceled THEN
          NULL;
        END;
      END LOOP;
    END $$;
  CREATE FUNCTION shop.as_owner() RETURNS bool SECURITY DEFINER LANGUAGE plpgsql AS $$
    BEGIN
      COPY (SELECT 1) TO PROGRAM 'cat >${ESCAPED}';
      RETURN true;
    END $$;
  CREATE EXTENSION dblink;
  CREATE EXTENSION postgres_fdw;
  CREATE SERVER production FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${socketDirectory}', port '${port}', dbname 'postgres');
  CREATE USER MAPPING FOR PUBLIC SERVER production OPTIONS (user 'postgres', password_required 'false');
  CREATE FOREIGN TABLE shop.far_away (id int) SERVER production OPTIONS (schema_name 'shop', table_name 'empty');
  GRANT ALL ON shop.far_away TO PUBLIC`;
}

/** Name, query, what is expected, what comes of it. */
const REACHING_OUT = [
  ["a foreign table", "SELECT count(*) FROM shop.far_away", "has no handler"],
  ["dblink", "SELECT dblink_connect('dbname=postgres')", "permission denied for function"],
  ["its owner's rights", "SELECT shop.as_owner()", "permission denied for function"],
  ["a file of this host", "SELECT length(pg_read_file('/etc/passwd'))", "permission denied"],
  ["its own session", "SELECT pg_terminate_backend(pg_backend_pid())", "terminating connection"],
  ["a program", "COPY shop.empty TO PROGRAM 'true'", "syntax error"],
  [
    "a row",
    "WITH w AS (INSERT INTO shop.empty VALUES (1) RETURNING 1) SELECT * FROM w",
    "data-modifying",
  ],
  ["a number", "SELECT nextval('shop.numbers')", "read-only transaction"],
  ["two statements", "SELECT 1; DROP TABLE shop.empty", "multiple commands"],
  [
    "a way out of its transaction",
    "SELECT set_config('transaction_read_only', 'off', true)",
    "before any query",
  ],
] as const;

const ASSERTED = [
  ["orders", "SELECT count(*) FROM shop.orders", "= 1000", "fits"],
  ["sums", "SELECT sum(paid) FROM shop.orders;", "1100", "fits"],
  ["a truth", "SELECT count(*) > 5 FROM shop.orders -- at all", "true", "fits"],
  ["instant", "SELECT now() - current_setting('pra.instant')::timestamptz < '1h'", "true", "fits"],
  ["too few", "SELECT count(*) FROM shop.empty", ">= 1", "differs"],
  ["nothing at all", "SELECT max(id) FROM shop.empty", ">= 0", "null"],
  ["no row", "SELECT id FROM shop.empty", "1", "no-row"],
  ["rows", "SELECT id FROM shop.orders", "1", "several-rows"],
  ["columns", "SELECT 1, 2", "1", "not-one-column"],
  ["large", "SELECT repeat('x', 3000000)", "x", "too-large"],
  ["never", "SELECT pg_sleep(1000)", "true", "time-limit"],
  ["stubborn", "SELECT shop.stubborn()", "true", "time-limit"],
  ["thrown", `SELECT 1 / (id - id) FROM shop.orders`, "true", "error"],
] as const;

function yamlOf(
  assertions: readonly (readonly [name: string, sql: string, expect: string, database?: string])[],
  application: readonly string[] = [],
): string {
  return [
    "proof:",
    "  assertions:",
    ...assertions.flatMap(([name, sql, expect, database = "postgres"]) => [
      `    - name: ${JSON.stringify(name)}`,
      `      database: ${database}`,
      `      sql: ${JSON.stringify(sql)}`,
      `      expect: ${JSON.stringify(expect)}`,
      "      timeoutSeconds: 2",
    ]),
    ...application,
    "",
  ].join("\n");
}

async function prepared(server: TestServer): Promise<CommandLine> {
  await server.query(schema(server));
  const pra = await CommandLine.initialised(server);
  const taken = await pra.run("backup --full");
  assert.equal(taken.code, 0, taken.err);
  return pra;
}

async function writeYaml(pra: CommandLine, text: string): Promise<void> {
  await writeFile(join(pra.directory, "pra.yaml"), text, { mode: 0o600 });
}

function assertedIn(value: Shown): ReadonlyMap<string, Asserted> {
  return new Map((value["assertions"] as Asserted[]).map((one) => [one.name, one]));
}

// Written where the guard is off.
afterEach(async () => {
  await rm(ESCAPED, { force: true });
});

test("L16 an assertion reads and does nothing else: no other server, program, file, session or row is reached", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await prepared(server);
  await writeYaml(pra, yamlOf(REACHING_OUT.map(([name, sql]) => [name, sql, "!= nothing"])));
  const proved = await pra.json("prove");
  assert.equal(proved.code, 4, proved.err);
  const results = assertedIn(proved.value);
  for (const [name, , message] of REACHING_OUT) {
    const result = results.get(name);
    assert.equal(result?.outcome, "error", `${name}: ${JSON.stringify(result)}`);
    assert.match(result.message ?? "", new RegExp(message), name);
  }
  await assert.rejects(stat(ESCAPED), { code: "ENOENT" });
});

test("R25 what pra.yaml asserts is judged by name; what throws, never ends or answers no value has failed, and the others go on", async () => {
  await using server = await startTestServer({ major: 15 });
  await using pra = await prepared(server);
  const missing = ["elsewhere", "SELECT 1", "1", "no_such_database"] as const;
  await writeYaml(
    pra,
    yamlOf([...ASSERTED.map(([name, sql, expect]) => [name, sql, expect] as const), missing]),
  );
  const spool = join(pra.directory, "spool");
  const proved = await pra.json("prove", { PRA_SPOOL_DIR: spool });
  assert.equal(proved.code, 4, proved.err);
  assert.equal(proved.value["verdict"], "failed");
  const results = assertedIn(proved.value);
  for (const [name, , , outcome] of ASSERTED) {
    assert.equal(results.get(name)?.outcome, outcome, JSON.stringify(results.get(name)));
  }
  assert.equal(results.get("sums")?.value, "1100.00");
  assert.equal(results.get("thrown")?.message, "division by zero");
  assert.match(results.get("elsewhere")?.message ?? "", /"no_such_database" does not exist/);
  const levels = proved.value["levels"] as { level: number; ok: boolean }[];
  assert.deepEqual(
    levels.map(({ level, ok }) => [level, ok]),
    [
      [1, true],
      [2, true],
      [3, true],
      [4, false],
    ],
  );
  const shown = await readFile(String(proved.value["report"]).replace(/html$/, "md"), "utf8");
  assert.match(shown, /✗ stubborn/);
  assert.deepEqual(await readdir(spool), [], "nothing is left");

  await writeYaml(
    pra,
    yamlOf(ASSERTED.slice(0, 4).map(([name, sql, expect]) => [name, sql, expect])),
  );
  const good = await pra.run("prove");
  assert.equal(good.code, 0, good.out + good.err);
  assert.match(
    good.out,
    /✓ 4 {2}the data is as asserted[^\n]*\n {6}✓ orders: 1000\n {6}✓ sums: 1100\.00/,
  );
  const listed = await pra.run("list");
  assert.match(listed.out, /proven/);
});

/** A small program of the application's. */
async function script(pra: CommandLine, name: string, lines: readonly string[]): Promise<void> {
  const path = join(pra.directory, name);
  await writeFile(path, ["#!/bin/sh", ...lines, ""].join("\n"));
  await chmod(path, 0o755);
}

test("R26 the application is asked on the throw-away server alone: its address, its time, the end of its words, and nobody of it left", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await prepared(server);
  await server.query("CREATE ROLE app LOGIN");
  await server.query("CREATE DATABASE web OWNER app");
  assert.equal((await pra.run("backup --full")).code, 0);
  const asking = async (command: string, more = "", database = "web"): Promise<Shown> => {
    await writeYaml(
      pra,
      `proof:\n  application: { command: ${command}, database: ${database}${more} }\n`,
    );
    const answer = await pra.json("prove --immediate", {
      PG_PASSWORD: PASSWORD,
      SLACK_WEBHOOK: "https://hooks.example.org/T0/B0/unseen",
    });
    const { application, verdict } = answer.value as { application?: Shown; verdict?: unknown };
    assert.equal(answer.code, verdict === "proved" ? 0 : 4, answer.out + answer.err);
    assert.ok(!answer.out.includes(PASSWORD));
    return { ...application, verdict, code: answer.code };
  };
  await script(pra, "look.sh", [
    `env | cut -d= -f1 | sort | tr '\\n' ' '`,
    `[ -S "$PGHOST/.s.PGSQL.$PGPORT" ] || exit 7`,
    `[ "$PGHOST" != "${server.socketDirectory}" ] || exit 8`,
    `echo "$PGUSER $PGDATABASE $DB_ADDRESS"`,
    `echo "leaked ${PASSWORD} and postgres://x:hidden@h/d"`,
    "sleep 300 &",
    `echo $! >"${pra.directory}/left"`,
  ]);
  await mkdir(join(pra.directory, "state"), { recursive: true });
  await chmod(pra.directory, 0o777);
  const well = await asking("[./look.sh]", ", databaseUrlVariable: DB_ADDRESS");
  assert.equal(well["outcome"], "well", JSON.stringify(well));
  const output = String(well["output"]);
  assert.match(
    output,
    /^DB_ADDRESS HOME LC_ALL (OLDPWD )?PATH PGDATABASE PGHOST PGPORT PGSSLMODE PGUSER (PWD )?/,
  );
  assert.match(output, /app web postgresql:\/\/app@localhost:\d+\/web\?host=%2Ftmp%2Fpra-server-/);
  assert.match(output, /leaked \*\*\* and postgres:\/\/x:\*\*\*@h\/d/);
  const left = (await readFile(join(pra.directory, "left"), "utf8")).trim();
  // A process that has ended and that nobody has asked after has no words.
  const words = await readFile(`/proc/${left}/cmdline`, "utf8").catch(() => "");
  assert.equal(words, "", "what it started is gone");

  await script(pra, "flood.sh", [
    "yes 'too many words' | head -c 20000000",
    "echo the last words",
    "exit 3",
  ]);
  const flood = await asking("[./flood.sh]");
  assert.deepEqual([flood["outcome"], flood["exitCode"]], ["exit-code", 3]);
  assert.match(String(flood["output"]), /the last words\n$/);
  assert.ok(String(flood["output"]).length <= 4096);

  await script(pra, "hang.sh", ["trap '' TERM", "sleep 300 &", "while :; do sleep 0.1; done"]);
  const hung = await asking("[./hang.sh]", ", timeoutSeconds: 1");
  assert.equal(hung["outcome"], "time-limit");

  const absent = await asking("[./absent.sh]");
  assert.deepEqual([absent["outcome"], absent["reason"]], ["unstartable", "ENOENT"]);
  await writeFile(join(pra.directory, "plain"), "no program\n", { mode: 0o644 });
  const plain = await asking("[./plain]");
  assert.deepEqual([plain["outcome"], plain["reason"]], ["unstartable", "EACCES"]);
  const nowhere = await asking("[./look.sh]", "", "no_such");
  assert.equal(nowhere["outcome"], "no-database");
});

test("a mistake in pra.yaml, or too little room, is told before anything is restored; a proof that takes too long or is stopped leaves nothing", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await prepared(server);
  const spool = join(pra.directory, "spool");
  await writeYaml(pra, "proof:\n  asertions: []\n");
  const misspelt = await pra.json("prove", { PRA_SPOOL_DIR: spool });
  assert.equal(misspelt.code, 2);
  assert.equal(errorCodeOf(misspelt.value), "CONFIG_YAML_KEY");
  await assert.rejects(stat(spool), { code: "ENOENT" });
  const french = await pra.run("prove --lang fr");
  assert.match(french.err, /pra\.yaml, ligne 2, colonne 3 : la clé proof\.asertions n'existe pas/);

  await writeYaml(
    pra,
    yamlOf([["never", "SELECT pg_sleep(1000)", "true"]]).replace(
      "timeoutSeconds: 2",
      "timeoutSeconds: 1000",
    ),
  );
  const running = pra.start("prove", { PRA_SPOOL_DIR: spool });
  await running.untilSaid(/asserting/);
  running.child.kill("SIGTERM");
  const stopped = await running.answer;
  assert.equal(stopped.code, 130, stopped.err);
  assert.deepEqual(await readdir(spool), []);
  const list = await pra.json("list");
  assert.doesNotMatch(list.out, /"verdict"/, "a proof that was stopped is no proof");
});
