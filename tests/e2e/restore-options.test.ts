/** `pra restore` with what people ask for on the day: another place for tablespaces, another account, an address to connect to. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { present } from "../../src/core/assert.ts";
import type { SupportedMajor } from "../../src/core/pg-version.ts";
import { serverAccount } from "../../src/postgres/server-account.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import {
  type TestServer,
  freePort,
  startTestServer,
  takeOverTree,
} from "../support/test-server.ts";

/** Two libraries that can be loaded, under names of our choosing. */
async function makeLibraries(server: TestServer): Promise<string> {
  const directory = join(server.home, "libraries");
  await mkdir(directory);
  const installed = join(dirname(server.binaries.binDirectory), "lib", "postgresql");
  for (const name of ["pg_cron.so", "gone.so"]) {
    await copyFile(join(installed, "citext.so"), join(directory, name));
  }
  await takeOverTree(directory, server.account);
  return directory;
}

for (const major of [18, 15] as const satisfies readonly SupportedMajor[]) {
  test(`PostgreSQL ${major}: a copy listens where it is asked to, has its tablespace elsewhere, belongs to --owner, and loads no jobs`, async () => {
    await using server = await startTestServer({ major });
    const libraries = await makeLibraries(server);
    const old = join(server.home, "old space");
    await mkdir(old);
    await takeOverTree(old, server.account);
    const preload = `${libraries}/pg_cron.so, ${libraries}/gone.so, hstore`;
    await server.configure({ shared_preload_libraries: preload });
    await server.restart();
    await server.query(`CREATE TABLESPACE elsewhere LOCATION '${old}'`);
    await server.query(
      "CREATE TABLE t TABLESPACE elsewhere AS SELECT g FROM generate_series(1, 9000) g",
    );
    await using pra = await CommandLine.create(server);
    assert.equal((await pra.run("init")).code, 0);
    const taken = await pra.run("backup --full");
    assert.equal(taken.code, 0, taken.err);
    await rm(join(libraries, "gone.so"));
    await chmod(pra.directory, 0o755);

    const isRoot = process.getuid?.() === 0;
    const owner = await serverAccount(isRoot ? "nobody" : undefined);
    const to = join(pra.directory, "copy");
    const fresh = join(pra.directory, "new-space");
    const unknown = await pra.json(`restore --to ${to} --tablespace /nowhere=${fresh}`);
    assert.deepEqual([unknown.code, errorCodeOf(unknown.value)], [2, "RESTORE_TABLESPACE_UNKNOWN"]);
    assert.match(unknown.out, /old space/);
    const port = await freePort();
    const running = pra.startWith(
      ["restore", "--to", to, "--start", "--port", String(port), "--listen", "127.0.0.1"].concat([
        "--tablespace",
        `${old}=${fresh}`,
        "--owner",
        owner.name,
        "--json",
      ]),
    );
    const answer = await running.answer;
    assert.equal(answer.code, 0, answer.out);
    const value = JSON.parse(answer.out) as Record<string, unknown>;
    try {
      assert.deepEqual(value["leftOutLibraries"], [
        { name: `${libraries}/pg_cron.so`, reason: "job" },
        { name: `${libraries}/gone.so`, reason: "missing" },
      ]);
      assert.equal(value["connection"], `postgresql://postgres@127.0.0.1:${port}/postgres`);
      const client = new pg.Client(String(value["connection"]));
      client.on("error", () => undefined);
      await client.connect();
      const { rows } = await client.query(
        `SELECT count(*)::int AS rows, current_setting('shared_preload_libraries') AS loaded,
          (SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'elsewhere') AS place
        FROM t`,
      );
      await client.end();
      assert.deepEqual(rows, [{ rows: 9000, loaded: "hstore", place: fresh }]);
      for (const path of [to, join(to, "PG_VERSION"), join(to, "global", "pg_control"), fresh]) {
        assert.equal((await stat(path)).uid, owner.uid, path);
      }
      const [catalogue] = await readdir(fresh);
      assert.match(present(catalogue, "the tablespace holds a directory"), /^PG_/);
      assert.equal((await stat(join(fresh, catalogue ?? ""))).uid, owner.uid);
      const conf = await readFile(join(to, "postgresql.auto.conf"), "utf8");
      assert.match(conf, /^listen_addresses = ''$/m, "a start by hand does not listen");
    } finally {
      const stopped = await pra.run(`stop ${to}${major === 18 ? " --mode immediate" : ""}`);
      assert.equal(stopped.code, 0, stopped.err);
      assert.equal(existsSync(String(value["socketDirectory"])), false);
    }
    assert.equal(await server.value("SELECT count(*) FROM t"), "9000", "the source is untouched");
  });
}
