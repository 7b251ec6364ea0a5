import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { isDrError } from "../core/errors.ts";
import { parseEnvFile } from "./env-file.ts";
import { type EnvironmentInput, readEnvironment, requireSetting } from "./environment.ts";
import { formatOrigin, maskSetting } from "./setting-values.ts";

function input(context: TestContext, envFile: string, over: Partial<EnvironmentInput> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "pra-environment-"));
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  if (envFile !== "") {
    writeFileSync(join(directory, ".env"), envFile);
  }
  return {
    variables: {},
    workingDirectory: directory,
    checkoutDirectory: "/nowhere",
    homeDirectory: "/home/dba",
    userName: "dba",
    isRoot: false,
    ...over,
  };
}

test("without anything set, the defaults hold", (context) => {
  const environment = readEnvironment(input(context, ""));
  assert.equal(environment.cluster, "main");
  assert.equal(environment.slotName, "pra_main");
  assert.equal(environment.connection.host, "localhost");
  assert.equal(environment.connection.port, 5432);
  assert.equal(environment.connection.user, "dba");
  assert.equal(environment.backupDirectory, undefined);
  assert.equal(environment.keyDirectory, "/home/dba/.config/pra");
  assert.equal(environment.stateDirectory, "/home/dba/.local/state/pra");
  assert.equal(environment.envFile, undefined);
});

test("root's own files lie in the system's folders, others follow XDG", (context) => {
  const root = readEnvironment(input(context, "", { isRoot: true }));
  assert.equal(root.keyDirectory, "/etc/pra");
  assert.equal(root.stateDirectory, "/var/lib/pra");
  const xdg = readEnvironment(input(context, "", { variables: { XDG_CONFIG_HOME: "/cfg" } }));
  assert.equal(xdg.keyDirectory, "/cfg/pra");
});

test("a flag beats the environment, which beats the file, and each value knows its origin", (context) => {
  const given = input(context, "# ours\nBACKUP_DIR=store\nPRA_CLUSTER=a\nPRA_LANG=fr\n", {
    variables: { PRA_CLUSTER: "b", PRA_LANG: "en" },
    flags: { PRA_LANG: "fr" },
  });
  const environment = readEnvironment(given);
  assert.equal(environment.backupDirectory, join(given.workingDirectory, "store"));
  assert.equal(environment.cluster, "b");
  assert.equal(environment.language, "fr");
  const origins = ["BACKUP_DIR", "PRA_CLUSTER", "PRA_LANG"] as const;
  assert.deepEqual(
    origins.map((name) => {
      const setting = environment.settings.get(name);
      return setting === undefined ? "" : formatOrigin(setting.origin);
    }),
    [`${given.workingDirectory}/.env:2`, "$PRA_CLUSTER", "--"],
  );
  assert.equal(process.env["BACKUP_DIR"], undefined);
});

test("PG_* beat DATABASE_URL, which fills the rest, and libpq's variables count last", (context) => {
  const { connection } = readEnvironment(
    input(context, "DATABASE_URL=postgresql://app:s%40@db1:6000/shop\nPG_USER=backup\n", {
      variables: { PGHOST: "db2", PGDATABASE: "other", PG_PORT: "6001" },
    }),
  );
  assert.equal(connection.host, "db1");
  assert.equal(connection.port, 6001);
  assert.equal(connection.user, "backup");
  assert.equal(connection.database, "shop");
});

const refusals = [
  ["CONFIG_ENV_SYNTAX", "PG_HOST=a\nBACKUP-DIR=/x\n", /\.env, line 2: "BACKUP-DIR=…"/],
  ["CONFIG_ENV_SYNTAX", 'PG_PASSWORD="open\nPG_HOST=a\n', /line 1: "PG_PASSWORD=…"/],
  ["CONFIG_ENV_DUPLICATE", "PG_HOST=a\n\nPG_HOST=b\n", /line 3: PG_HOST was already set in line 1/],
  ["CONFIG_PORT", "\nPG_PORT=54a\n", /PG_PORT, .*\.env:2.*54a/],
  ["CONFIG_CLUSTER_NAME", "PRA_CLUSTER=Prod-1\n", /"Prod-1" \(.*\.env:1\)/],
  ["CONFIG_LANGUAGE", "PRA_LANG=de\n", /"de"/],
  ["CONFIG_PATH", "BACKUP_DIR=' '\n", /BACKUP_DIR is " "/],
  ["CONFIG_NUMBER", "RETENTION_DAYS=0\n", /RETENTION_DAYS is "0" \(.*\.env:1\).* 1 .* 36500/],
  [
    "CONFIG_NUMBER",
    "#\nPRA_RETENTION_MIN_BACKUPS=0\n",
    /PRA_RETENTION_MIN_BACKUPS is "0" \(.*\.env:2\).* 1 .* 1000/,
  ],
  ["CONFIG_NUMBER", "HEALTH_CHECK_INTERVAL=10s\n", /"10s"/],
  ["CONFIG_CHOICE", "\nBACKUP_METHOD=all\n", /"all" \(.*\.env:2\)/],
  ["CONFIG_HOST", "APP_HOST=https://app\n", /APP_HOST is "https:\/\/app"/],
  ["CONFIG_WEB_ADDRESS", "APP_HEALTH_URL=app/health\n", /APP_HEALTH_URL is "\*\*\*"/],
  ["CONFIG_MAIL_ADDRESS", "ALERT_EMAIL=a@b.fr, dba\n", /"a@b\.fr, dba"/],
  ["CONFIG_PHONE_NUMBER", "ALERT_SMS=0612345678\n", /"0612345678"/],
  ["CONFIG_DATABASE_NAME", `RESTORE_DB=${"é".repeat(32)}\n`, /RESTORE_DB/],
] as const;

for (const [code, content, message] of refusals) {
  test(`${JSON.stringify(content)} is refused with ${code}, its place and value`, (context) => {
    assert.throws(
      () => readEnvironment(input(context, content)),
      (error) => isDrError(error, code) && message.test(error.message),
    );
  });
}

test("what WAL and restores do not use stops nobody who must go on; what they use does", (context) => {
  const file = "RETENTION_DAYS=soon\nHEALTH_CHECK_RETRIES=-1\nPG_HOST=db\nMIN_FREE_GB=5\n";
  assert.throws(
    () => readEnvironment(input(context, file)),
    (error) => isDrError(error, "CONFIG_NUMBER"),
  );
  const environment = readEnvironment(input(context, file, { strict: false }));
  assert.deepEqual(
    environment.passedOver.map(
      ({ message }) => /RETENTION_DAYS|HEALTH_CHECK_RETRIES/.exec(message)?.[0],
    ),
    ["RETENTION_DAYS", "HEALTH_CHECK_RETRIES"],
  );
  assert.equal(environment.retention.days, 30, "what holds when nobody sets it");
  assert.equal(environment.connection.host, "db");
  assert.equal(environment.freeBytesMin, 5e9);
  for (const vital of ["PG_PORT=many\n", "PRA_CLUSTER=A B\n"]) {
    assert.throws(() => readEnvironment(input(context, vital, { strict: false })), vital);
  }
});

test("a file named by --env-file must exist", (context) => {
  assert.throws(
    () => readEnvironment(input(context, "", { envFile: "missing.env" })),
    (error) => isDrError(error, "CONFIG_ENV_FILE_UNREADABLE"),
  );
});

test("a needed setting that nobody set is refused with CONFIG_MISSING", () => {
  assert.equal(requireSetting("x", "BACKUP_DIR"), "x");
  assert.throws(
    () => requireSetting(undefined, "BACKUP_DIR"),
    (error) => isDrError(error, "CONFIG_MISSING") && error.message.includes("BACKUP_DIR"),
  );
});

test("L54 a password is masked where a setting is shown, and absent from every error", (context) => {
  assert.equal(maskSetting("PG_PASSWORD", "hunter2"), "***");
  assert.equal(
    maskSetting("DATABASE_URL", "postgresql://app:hunter2@db1/shop?sslmode=require"),
    "postgresql://app:***@db1/shop?***",
  );
  assert.equal(maskSetting("DATABASE_URL", "postgresql://a:hun/ter2@db"), "postgresql://***");
  for (const content of [
    "DATABASE_URL=mysql://app:hunter2@db1/shop\n",
    "DATABASE_URL=postgresql://app:hunter2@db1:x/shop\n",
    "hunter2\n",
    "PG PASSWORD=hunter2\n",
  ]) {
    assert.throws(
      () => readEnvironment(input(context, content)),
      (error) => isDrError(error) && !tellsAll(error).includes("hunter2"),
    );
  }
});

test("L54 of a webhook and a health address only what is no secret is shown", () => {
  const webhook = "https://hooks.slack.com/services/T0/B0/hunter2";
  assert.equal(maskSetting("SLACK_WEBHOOK", webhook), "https://hooks.slack.com/***");
  assert.equal(maskSetting("SLACK_WEBHOOK", "hunter2"), "***");
  assert.equal(
    maskSetting("APP_HEALTH_URL", "https://me:hunter2@app/health?token=hunter2"),
    "https://me:***@app/health?***",
  );
});

test("settings for the application, alerts, restores and storage have their defaults and their types", (context) => {
  const none = readEnvironment(input(context, ""));
  assert.deepEqual(
    [none.backupMethod, none.freeBytesMin, none.retention.days, none.alerts.mailTo],
    ["physical", 100e9, 30, []],
  );
  assert.deepEqual(
    [none.application.healthRetries, none.application.healthIntervalMs],
    [5, 10_000],
  );
  const set = readEnvironment(
    input(
      context,
      "APP_PORT=8443\nALERT_EMAIL=a@b.fr,c@d.fr\nRESTORE_DB=akig restore\nMIN_FREE_GB=0\nBACKUP_METHOD=both\nPRA_BACKUP_RATE=50\n",
    ),
  );
  assert.deepEqual(
    [set.application.port, set.alerts.mailTo, set.restore.database, set.freeBytesMin],
    [8443, ["a@b.fr", "c@d.fr"], "akig restore", 0],
  );
  assert.equal(set.backupMethod, "both");
  assert.equal(none.backupKibPerSecondMax, undefined, "as fast as it goes");
  assert.equal(set.backupKibPerSecondMax, 51_200);
});

test("a name that looks like a setting is told with its place and what was meant; others are not", (context) => {
  const environment = readEnvironment(
    input(context, "PG_PASWORD=x\nPRA_COLOUR=1\nNODE_ENV=production\nBACKUPDIR=/x\n", {
      variables: { PRA_KEYFILE: "/k", PGHOST: "db", PGPORT: "1", PATH: "/bin", PRA_GUARD_OFF: "" },
    }),
  );
  assert.deepEqual(
    environment
      .findUnknown()
      .map(({ name, origin, meant }) => [name, formatOrigin(origin).replace(/.*\//, ""), meant]),
    [
      ["PG_PASWORD", ".env:1", "PG_PASSWORD"],
      ["PRA_COLOUR", ".env:2", undefined],
      ["BACKUPDIR", ".env:4", "BACKUP_DIR"],
      ["PRA_KEYFILE", "$PRA_KEYFILE", "PRA_KEY_FILE"],
    ],
  );
});

function tellsAll(error: Error): string {
  return `${error.message} ${JSON.stringify(error)} ${String(error.cause)} ${error.stack}`;
}

test("values with quotes, comments, several lines and a byte order mark are read as Node reads them", () => {
  const content = "\uFEFFexport A='x # y' # note\nB=\"one\ntwo\"\nC=plain # note\r\nD=\n";
  const values = parseEnvFile(content, ".env");
  assert.deepEqual(
    [...values],
    [
      ["A", { value: "x # y", line: 1 }],
      ["B", { value: "one\ntwo", line: 2 }],
      ["C", { value: "plain", line: 4 }],
      ["D", { value: "", line: 5 }],
    ],
  );
});
