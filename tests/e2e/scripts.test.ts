/**
 * The operating scripts as cron starts them: hardly any environment, another directory, through a link, and a `.env` that a shell would
 * choke on. They run in a copy of the checkout, because `quickstart.sh` may install what is missing there.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { cron, installationIn, operatingScripts } from "../support/installation.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scripts = operatingScripts;

let server: TestServer;
before(async () => {
  server = await startTestServer({
    major: 18,
    tcp: true,
    initdbArguments: ["--auth-host=scram-sha-256"],
  });
  await server.query(
    `CREATE ROLE "akig backup" LOGIN REPLICATION PASSWORD 'a $(touch owned) "b" #c \\ 9f3c7a1e';
     GRANT pg_monitor TO "akig backup"`,
  );
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

/** An installation whose `.env` a shell would choke on: CRLF, quotes, `$(...)` and `#` in it. */
function installation(context: TestContext, extra: readonly string[] = []): string {
  return installationIn(context, [
    "# la configuration d'essai",
    "PG_HOST=127.0.0.1",
    `PG_PORT=${server.port}`,
    "PG_USER='akig backup'",
    `PG_PASSWORD='a $(touch owned) "b" #c \\ 9f3c7a1e'`,
    "PG_SSLMODE=disable",
    'BACKUP_DIR="../the $(touch owned) store # é"',
    "PRA_KEY_FILE=../pra.key",
    "PRA_STATE_DIR=../state",
    "MIN_FREE_GB=0",
    ...extra,
  ]);
}

function touched(folder: string): boolean {
  return [folder, dirname(folder), "/", process.cwd()].some((place) =>
    existsSync(join(place, "owned")),
  );
}

/** Without it `status` is red: nobody has proved that the recovery key opens the repository. */
async function proveKey(folder: string): Promise<void> {
  const file = join(dirname(folder), "pra.recovery");
  const { code, err } = await cron(join(folder, "pra"), [
    "key",
    "check",
    "--recovery-key-file",
    file,
  ]);
  assert.equal(code, 0, err);
}

test("R14 the scripts are executable by everyone and writable by their owner alone", () => {
  for (const name of scripts) {
    assert.equal(statSync(join(root, name)).mode & 0o777, 0o755, name);
    assert.match(readFileSync(join(root, name), "utf8"), /^#!\/bin\/sh\n/);
  }
});

test("R1 R2 R4 R5 backup.sh, status.sh and quickstart.sh daily work from cron, from anywhere, through a link, and run nothing of .env", async (context) => {
  const folder = installation(context);
  const elsewhere = dirname(folder);
  for (const name of scripts) {
    symlinkSync(`le dossier/${name}`, join(elsewhere, `link-${name}`));
  }
  assert.equal((await cron(join(folder, "pra"), ["init"])).code, 0);

  const early = await cron(join(folder, "status.sh"));
  assert.equal(early.code, 4);
  assert.match(early.out, /✗ newest backup +there is none\n +→ pra backup --full\n/);
  assert.match(early.out, /checks failed ✗: recovery key, newest backup, exposure\n$/);

  const full = await cron(join(elsewhere, "link-backup.sh"), ["--full"]);
  assert.equal(full.code, 0, full.err);
  const path = /Path +(.*)\n/.exec(full.out)?.[1] ?? "";
  assert.ok(path.startsWith(join(elsewhere, "the $(touch owned) store # é/")), full.out);
  assert.ok(existsSync(path), path);
  assert.match(full.out, /Size +\d+(\.\d+)? MiB/);
  const more = await cron(join(folder, "backup.sh"), ["--incremental", "--json"], { cwd: "/tmp" });
  assert.equal(more.code, 0, more.err);
  const made = JSON.parse(more.out) as { kind: string; storedBytes: number };
  assert.equal(made.kind, "incremental");
  await proveKey(folder);

  for (const lang of ["en", "fr"]) {
    const status = await cron(join(elsewhere, "link-status.sh"), ["--lang", lang]);
    assert.equal(status.code, 0, status.out);
    assert.match(status.out, /\nAll checks passed ✓\n$/);
  }
  const daily = await cron(join(elsewhere, "link-quickstart.sh"), ["daily", "--lang", "fr"]);
  assert.equal(daily.code, 0, daily.err);
  assert.match(daily.out, /dernière sauvegarde +finie il y a/);
  assert.match(daily.out, /\nAll checks passed ✓\n$/);
  assert.equal(touched(folder), false);
});

test("R4 status --json has the contract's keys, --nagios one line and the convention's codes", async (context) => {
  const folder = installation(context);
  const none = await cron(join(folder, "status.sh"), ["--nagios"]);
  assert.equal(none.code, 2);
  assert.match(none.out, /^PRA CRITICAL - repository: [^;]*\n$/);
  await cron(join(folder, "pra"), ["init"]);
  await cron(join(folder, "backup.sh"), ["--full"]);
  await proveKey(folder);
  const { code, out } = await cron(join(folder, "status.sh"), ["--json"]);
  assert.equal(code, 0);
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Record<string, unknown>[] };
  assert.equal(ok, true);
  assert.ok(checks.length >= 9, out);
  for (const check of checks) {
    assert.deepEqual(Object.keys(check), "id ok severity summary hint value unit".split(" "));
  }
  const line = await cron(join(folder, "status.sh"), ["--nagios"]);
  assert.equal(line.code, 1);
  assert.match(line.out, /^PRA WARNING - receiver: none runs.*; last proof: .*\n$/);
  const wrong = await cron(join(folder, "status.sh"), ["--nagios"], { env: { PG_PORT: "x" } });
  assert.equal(wrong.code, 3);
  assert.match(wrong.out, /^PRA UNKNOWN - .*PG_PORT/);
});

test("R5 quickstart.sh test-restore proves the newest backup and keeps the report", async (context) => {
  const folder = installation(context);
  await cron(join(folder, "pra"), ["init"]);
  const none = await cron(join(folder, "quickstart.sh"), ["test-restore"]);
  assert.equal(none.code, 3);
  await cron(join(folder, "backup.sh"), ["--full"]);
  const proof = await cron(join(folder, "quickstart.sh"), ["test-restore"]);
  assert.equal(proof.code, 0, proof.err);
  const reports = join(dirname(folder), "state", "reports");
  const [name = ""] = readdirSync(reports).filter((each) => each.endsWith(".html"));
  assert.ok(proof.out.includes(join(reports, name)), proof.out);
  assert.match(readFileSync(join(reports, name), "utf8"), /✓ PROVED/);
  assert.match(readFileSync(join(reports, name.replace(/html$/, "md")), "utf8"), /✓ PROVED/);
  const facts: unknown = JSON.parse(
    readFileSync(join(reports, name.replace(/html$/, "json")), "utf8"),
  );
  assert.equal((facts as { readonly rto: { readonly met: unknown } }).rto.met, true);
  const status = await cron(join(folder, "status.sh"));
  assert.match(status.out, /✓ last proof +proven/);
  rmSync(reports, { recursive: true });
  writeFileSync(reports, "no folder");
  const unwritten = await cron(join(folder, "quickstart.sh"), ["test-restore"]);
  assert.equal(unwritten.code, 5, "the verdict stands, and a warning with it");
  assert.match(unwritten.out, /PROVED[^]*Report +could not be written: /);
});

test("R1 a failing backup.sh says why and is not zero: a wrong password, a missing .env value, an unknown method", async (context) => {
  const folder = installation(context);
  await cron(join(folder, "pra"), ["init"]);
  const wrong = await cron(join(folder, "backup.sh"), ["--full"], { env: { PG_PASSWORD: "nope" } });
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /refused the password/);
  const method = await cron(join(folder, "backup.sh"), ["--full"], {
    env: { BACKUP_METHOD: "all" },
  });
  assert.equal(method.code, 2);
  assert.match(method.err, /BACKUP_METHOD is "all"/);
  const target = await cron(join(folder, "restore_run.sh"), ["--lang", "fr"]);
  assert.equal(target.code, 2);
  assert.match(target.err, /RESTORE_DB n'est pas fixé/);
});
