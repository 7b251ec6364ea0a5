/** `pra restore` with what people ask for on the day: another place for tablespaces, another account, an address to connect to. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
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

/** A file system of its own; undefined without the right to mount one. */
async function smallVolume(
  directory: string,
  size: string,
): Promise<(AsyncDisposable & { readonly grow: (size: string) => void }) | undefined> {
  await mkdir(directory);
  const mount = (...options: readonly string[]): unknown =>
    execFileSync("mount", ["-t", "tmpfs", "-o", options.join(","), "tmpfs", directory], {
      stdio: "ignore",
    });
  try {
    mount(`size=${size}`, "mode=755");
  } catch {
    return undefined;
  }
  return {
    grow: (wanted) => mount("remount", `size=${wanted}`),
    [Symbol.asyncDispose]: () => {
      execFileSync("umount", [directory]);
      return Promise.resolve();
    },
  };
}

test("R3 a restore that does not fit is refused before anything is written, each file system by what comes to it; what makes way counts", async (t) => {
  await using server = await startTestServer({ major: 18 });
  const old = join(server.home, "space");
  await mkdir(old);
  await takeOverTree(old, server.account);
  await server.query(`CREATE TABLESPACE apart LOCATION '${old}'`);
  await server.query(
    "CREATE TABLE t TABLESPACE apart AS SELECT g, md5(g::text) AS v FROM generate_series(1, 40000) g",
  );
  await using pra = await CommandLine.initialised(server);
  assert.equal((await pra.run("backup --full")).code, 0);
  const [one, two] = [join(pra.directory, "one"), join(pra.directory, "two")];
  await using data = await smallVolume(one, "8m");
  await using space = await smallVolume(two, "1m");
  if (data === undefined || space === undefined) {
    t.diagnostic("no right to mount here: the rules alone are tested");
    return;
  }
  const to = join(one, "copy");
  const words = `restore --to ${to} --tablespace ${old}=${join(two, "apart")}`;
  const refused = async (more: string): Promise<Readonly<Record<string, unknown>>> => {
    const { code, value, out } = await pra.json(`${words}${more}`);
    assert.deepEqual([code, errorCodeOf(value)], [3, "RESTORE_ROOM"], out);
    return (value["error"] as { readonly details: Readonly<Record<string, unknown>> }).details;
  };
  const first = await refused("");
  assert.deepEqual([first["command"], first["directory"]], ["pra restore", to]);
  const neededMib = Number(first["neededMib"]);
  data.grow(`${neededMib + 8}m`);
  assert.equal((await refused(""))["directory"], join(two, "apart"));
  assert.deepEqual([await readdir(one), await readdir(two)], [[], []], "nothing was written");
  space.grow("8m");
  const done = await pra.run(`${words} --lang fr`);
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, /! Peu de place dans .*one\/copy : /);
  // Less is free now than a restore takes; but it takes the place of what is there.
  await rm(join(to, "PG_VERSION"));
  await writeFile(join(to, "PG_VERSION"), "18\n");
  const over = await pra.json(`${words} --delta --confirm copy`);
  assert.equal(over.code, 0, over.out);
  assert.ok(Number(over.value["keptBytes"]) > 8 * 1024 * 1024);
});

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
