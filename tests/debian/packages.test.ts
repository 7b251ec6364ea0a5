/** What this group of tests stands on; a machine without it fails here, and nothing is passed over. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
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

for (const [program, words, says] of [
  ["crontab", ["-V"], /./],
  ["cron", ["-V"], /./],
  ["logrotate", ["--version"], /^logrotate 3\./],
  ["prometheus", ["--version"], /^prometheus, version 2\./],
  ["prometheus-node-exporter", ["--version"], /^node_exporter, version 1\./],
  ["/usr/bin/python3", ["--version"], /^Python 3\.\d+/],
  ["promtool", ["--version"], /^promtool, version 2\./],
  ["systemd-analyze", ["--version"], /^systemd \d+/],
  ["unshare", ["--version"], /util-linux/],
] as const) {
  test(`Debian's ${program} runs`, () => {
    const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8" });
    assert.notEqual(status, null);
    assert.match(stdout + stderr, says);
  });
}
