/**
 * A cluster whose WAL needs a library's resource manager is not restored, and not judged, where that library may be missing. No package
 * brings such a library, so the server is made to say that it has one.
 */
import assert from "node:assert/strict";
import { chmod, copyFile, mkdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { startTestServer, takeOverTree } from "../support/test-server.ts";

/** Found before the real one by whoever has the schema in front. */
const MANAGERS = `CREATE SCHEMA front;
  CREATE FUNCTION front.pg_get_wal_resource_managers(OUT rm_id int, OUT rm_name text, OUT rm_builtin bool)
    RETURNS SETOF record LANGUAGE sql AS $$ VALUES (0, 'XLOG', true), (128, 'example rows', false) $$;
  ALTER ROLE postgres SET search_path = front, pg_catalog, public`;

test("L51 WAL that needs a library's resource manager is refused before anything is written where the library is missing, and unfit for a proof", async () => {
  await using server = await startTestServer({ major: 18 });
  const libraries = join(server.home, "libraries");
  const library = join(libraries, "rows.so");
  await mkdir(libraries);
  const installed = join(dirname(server.binaries.binDirectory), "lib", "postgresql");
  await copyFile(join(installed, "citext.so"), library);
  await takeOverTree(libraries, server.account);
  await server.configure({ shared_preload_libraries: `${library}, hstore` });
  await server.restart();
  await server.query(MANAGERS);
  await using pra = await CommandLine.create(server);
  await chmod(pra.directory, 0o755);
  assert.equal((await pra.run("init")).code, 0);
  const taken = await pra.run("backup --full");
  assert.equal(taken.code, 0, taken.err);
  const proved = await pra.json("prove --latest");
  assert.equal(proved.value["verdict"], "proved", proved.out);

  await rm(library);
  const to = join(pra.directory, "copy");
  for (const words of [`restore --to ${to}`, `restore --to ${to} --start`]) {
    const refused = await pra.json(words, { PRA_PG_BIN_DIR: server.binaries.binDirectory });
    assert.equal(refused.code, 3, refused.out);
    assert.equal(errorCodeOf(refused.value), "RESTORE_RESOURCE_MANAGER_MISSING");
    assert.match(refused.out, /example rows/);
    assert.ok(refused.out.includes(library));
    await assert.rejects(stat(to), { code: "ENOENT" });
  }
  const unfit = await pra.json("prove --latest");
  assert.equal(unfit.code, 4);
  assert.equal(unfit.value["verdict"], "unfit");
  const [finding] = unfit.value["unfit"] as { kind: string; name: string }[];
  assert.deepEqual([finding?.kind, finding?.name], ["library", library]);
});
