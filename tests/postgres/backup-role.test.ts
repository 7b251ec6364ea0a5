/**
 * The role that `pra role sql --apply` makes, on every major: with it a backup, WAL and a check succeed, and what was not
 * asked for is refused by the server.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { supportedMajors } from "../../src/core/pg-version.ts";
import { CommandLine } from "../support/command-line.ts";
import { startTestServer } from "../support/test-server.ts";

const ROLE = `akig "backup" d'été $do$`;
const PASSWORD = `it's 9f3c7a1e\\5b8d "2f60" é`;

type Check = { readonly id: string; readonly ok: boolean; readonly severity: string };

for (const major of supportedMajors) {
  test(`R13 on ${major} a role made by role sql takes a backup and receives WAL, and may nothing that was not asked`, async () => {
    await using server = await startTestServer({
      major,
      tcp: true,
      initdbArguments: ["--auth-host=scram-sha-256"],
      settings: { log_statement: "all" },
    });
    await server.query("CREATE TABLE secret AS SELECT 1 AS id");
    await using pra = await CommandLine.create(server);
    const as = {
      PG_HOST: "127.0.0.1",
      PG_USER: ROLE,
      PG_PASSWORD: PASSWORD,
      PG_SSLMODE: "disable",
    };
    const early = await pra.json("role sql", as);
    assert.equal(early.code, 0, early.out);
    assert.equal(early.value["applied"], false);

    const overSocket = { ...as, PG_HOST: server.socketDirectory };
    const made = await pra.json("role sql --apply --as postgres", overSocket);
    assert.equal(made.code, 0, made.out);
    assert.deepEqual([made.value["major"], made.value["passwordSet"]], [major, true]);
    assert.ok(!`${made.out}${made.err}`.includes("SCRAM"));
    const again = await pra.run("role sql --apply --as postgres --lang fr", overSocket);
    assert.equal(again.code, 0, again.err);
    assert.match(again.out, /^Fait : le rôle akig "backup"/);

    assert.equal((await pra.run("init", as)).code, 0);
    const check = await pra.json("check", as);
    const { checks } = check.value as { checks: readonly Check[] };
    const byId = new Map(checks.map((one) => [one.id, one]));
    for (const id of [
      "server",
      "replication-right",
      "replication-connection",
      "visible-settings",
    ]) {
      assert.equal(byId.get(id)?.severity, "info", `${id}: ${check.out}`);
    }
    const backup = await pra.run("backup --full", as);
    assert.equal(backup.code, 0, backup.err);
    const receiver = pra.start("wal receive", as);
    await server.query("INSERT INTO secret VALUES (2); SELECT pg_switch_wal()");
    for (let left = 100; ; left -= 1) {
      const { value } = await pra.json("wal status", as);
      if (value["lagBytes"] === 0) {
        break;
      }
      assert.ok(left > 0, JSON.stringify(value));
    }
    receiver.child.kill("SIGTERM");
    await receiver.answer;

    const [row] = (
      await server.query(
        `SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication, rolcanlogin,
           has_table_privilege(oid, 'secret', 'SELECT') AS reads,
           pg_has_role(oid, 'pg_read_all_data', 'member') AS reads_all,
           has_function_privilege(oid, 'pg_switch_wal()', 'EXECUTE') AS switches,
           has_function_privilege(oid, 'pg_read_file(text)', 'EXECUTE') AS reads_files
         FROM pg_roles WHERE rolname = $1`,
        { values: [ROLE] },
      )
    ).rows;
    const { rolreplication, rolcanlogin, ...rest } = row ?? {};
    assert.deepEqual([rolreplication, rolcanlogin], [true, true]);
    assert.deepEqual(new Set(Object.values(rest)), new Set([false]), JSON.stringify(rest));
    const log = await readFile(join(server.home, "server.log"), "utf8");
    assert.ok(
      !log.includes("9f3c7a1e") && !log.includes("SCRAM-SHA-256$"),
      "no password in the log",
    );

    const wide = await pra.run(
      "role sql --apply --as postgres --for stream,dumps,restores,local",
      overSocket,
    );
    assert.equal(wide.code, 0, wide.err);
    const granted = await server.query(
      `SELECT rolcreatedb AND pg_has_role(oid, 'pg_read_all_data', 'member')
         AND has_function_privilege(oid, 'pg_create_restore_point(text)', 'EXECUTE')
         AND has_function_privilege(oid, '${major >= 15 ? "pg_backup_start(text,boolean)" : "pg_start_backup(text,boolean,boolean)"}', 'EXECUTE')
         AS everything FROM pg_roles WHERE rolname = $1`,
      { values: [ROLE] },
    );
    assert.equal(granted.rows[0]?.["everything"], true);

    const superuser = await pra.json("role sql --apply --as postgres --role postgres", overSocket);
    assert.match(superuser.out, /PG_ROLE_SUPERUSER/);
  });
}
