import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isDrError } from "../core/errors.ts";
import { connectionSettings } from "./connection-settings.ts";
import { passwordIn, withPasswordFile } from "./password-file.ts";

const question = { host: "db1", port: 5432, databases: ["app", "replication"], user: "pra" };

test("the first matching line of a password file wins, with wildcards and escapes", () => {
  const content = [
    "# a comment",
    "db2:*:*:pra:wrong-host",
    "db1:5433:*:pra:wrong-port",
    "db1:5432:other:pra:wrong-database",
    "db1:5432:*:pra:a\\:b\\\\c:d",
    "*:*:*:*:later",
  ].join("\n");
  assert.equal(passwordIn(content, question), "a:b\\c:d");
  assert.equal(passwordIn(content, { ...question, host: "db9" }), "later");
});

test("a line for the database replication matches, and localhost stands for a socket", () => {
  assert.equal(passwordIn("db1:5432:replication:pra:x", question), "x");
  assert.equal(
    passwordIn("localhost:5432:app:pra:x", { ...question, host: "/run/postgresql" }),
    "x",
  );
});

test("lines with too few fields or nothing that matches give no password", () => {
  assert.equal(passwordIn("db1:5432:app:pra", question), undefined);
  assert.equal(passwordIn("", question), undefined);
  assert.equal(passwordIn("db1:5432:app:other:x", question), undefined);
});

test("a password file readable by others is refused with CONFIG_PASSFILE_RIGHTS, a missing one passed over", async (t) => {
  const directory = await mkdtemp("/tmp/pra-test-");
  t.after(async () => {
    await rm(directory, { recursive: true });
  });
  const path = join(directory, "pgpass");
  const { signal } = new AbortController();
  const settings = connectionSettings(
    { PG_HOST: "db1", PG_USER: "pra", PGPASSFILE: path },
    { account: { user: "x", home: undefined } },
  );
  assert.equal((await withPasswordFile(settings, { signal })).password, undefined);
  await writeFile(path, "db1:*:*:pra:secret\n", { mode: 0o600 });
  const found = await withPasswordFile(settings, { signal });
  assert.equal(found.password?.reveal(), "secret");
  assert.equal(found.origins.password, path);
  await chmod(path, 0o640);
  await assert.rejects(
    withPasswordFile(settings, { signal }),
    (error: unknown) =>
      isDrError(error, "CONFIG_PASSFILE_RIGHTS") && error.hint.includes(`chmod 600 ${path}`),
  );
});
