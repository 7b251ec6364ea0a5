/** What this group of tests stands on; a machine without it fails here, and nothing is passed over. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const bin = "/usr/lib/postgresql/15/bin";

for (const program of [
  "initdb",
  "pg_ctl",
  "pg_basebackup",
  "pg_receivewal",
  "pg_waldump",
  "pg_verifybackup",
  "pg_amcheck",
  "pg_dump",
]) {
  test(`Debian's ${program} of PostgreSQL 15 runs`, () => {
    const version = execFileSync(`${bin}/${program}`, ["--version"], { encoding: "utf8" });
    assert.match(version, new RegExp(`^${program} \\(PostgreSQL\\) 15\\.\\d+`));
  });
}
