/** The `.env` in the repository: who may write and read it, when it is written anew, and how hosts are compared without showing it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { type Adapters, compose } from "../../src/app/compose.ts";
import {
  compareConfiguration,
  compareSettings,
  keepSettings,
  saveConfiguration,
  saveSettings,
} from "../../src/app/config-save.ts";
import { createRepository } from "../../src/app/create-repository.ts";
import { type Environment, readEnvironment } from "../../src/app/environment.ts";
import { openRepository } from "../../src/app/repository-access.ts";
import { isDrError } from "../../src/core/errors.ts";
import { listSettings, readSettings } from "../../src/repository/saved-settings.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { checkDocuments } from "../../src/repository/verify/check-documents.ts";
import { DamageLog } from "../../src/repository/verify/damage.ts";

const { signal } = new AbortController();

type Host = { readonly adapters: Adapters; write(text: string): void; environment(): Environment };

/** A host with its own `.env`, on the repository and key of the test. */
function host(directory: string, name: string): Host {
  const base = compose();
  const self = { ...base.observer.self, machine: `machine-${name}`, host: name };
  const path = join(directory, `${name}.env`);
  return {
    adapters: { ...base, observer: { ...base.observer, self } },
    write: (text) => {
      const common = `BACKUP_DIR=${directory}/store\nPRA_KEY_FILE=${directory}/k.key\n`;
      writeFileSync(path, `${common}${text}`);
    },
    environment: () =>
      readEnvironment({
        variables: {},
        workingDirectory: directory,
        checkoutDirectory: directory,
        homeDirectory: directory,
        userName: "dba",
        isRoot: false,
        envFile: path,
      }),
  };
}

async function twoHosts(context: TestContext): Promise<{ a: Host; b: Host; directory: string }> {
  const directory = mkdtempSync("/tmp/pra-settings-");
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  const a = host(directory, "alpha");
  const b = host(directory, "beta");
  a.write("PG_PASSWORD=hunter2-hunter2\nRETENTION_DAYS=30\n");
  const options = { encryption: "on", recoveryKey: "write", signal } as const;
  const made = await createRepository(a.adapters, a.environment(), options);
  assert.equal(made.settingsFailure, undefined);
  return { a, b, directory };
}

test("R12 init keeps the .env sealed; it is written anew when a setting changed, and not for a comment", async (context) => {
  const { a, directory } = await twoHosts(context);
  const save = (): ReturnType<typeof saveConfiguration> =>
    saveConfiguration(a.adapters, a.environment(), { signal });
  assert.deepEqual([(await save()).kind, (await save()).number], ["unchanged", 1]);
  a.write("# a comment\nRETENTION_DAYS='30'\r\nPG_PASSWORD=hunter2-hunter2\nPRA_STATE_DIR=/x\n");
  assert.equal((await save()).kind, "unchanged");
  a.write("PG_PASSWORD=hunter3-hunter3\nRETENTION_DAYS=30\n");
  const again = await save();
  assert.deepEqual([again.kind, again.number], ["saved", 2]);
  const { sealed } = await openRepository(a.adapters, a.environment(), { signal });
  const [saved] = await listSettings(sealed, { signal });
  assert.ok(saved !== undefined);
  const { text, host: name } = await readSettings(sealed, saved, { signal });
  assert.equal(name, "alpha");
  assert.equal(text, readFileSync(join(directory, "alpha.env"), "utf8"));
  const files = readdirSync(join(directory, "store", "settings"), { recursive: true });
  const bytes = files
    .filter((one) => /\d{8}$/.test(String(one)))
    .map((one) => readFileSync(join(directory, "store", "settings", String(one)), "latin1"));
  assert.equal(bytes.length, 2);
  assert.ok(bytes.every((one) => !/hunter|alpha|RETENTION/.test(one)));
});

test("R12 hosts are compared by keyed hash; names that differ are told with the private key, values never", async (context) => {
  const { a, b } = await twoHosts(context);
  b.write("RETENTION_DAYS=7\nPG_PASSWORD=hunter2-hunter2\nPG_PORT=5433\n");
  await saveConfiguration(b.adapters, b.environment(), { signal });
  const differing = await compareConfiguration(a.adapters, a.environment(), { signal });
  assert.deepEqual([differing.same, differing.saved], [false, true]);
  const other = differing.hosts.find(({ isThisHost }) => !isThisHost);
  assert.deepEqual([other?.host, other?.names], ["beta", ["RETENTION_DAYS", "PG_PORT"]]);
  assert.ok(!JSON.stringify(differing).includes("hunter2"));
  b.write("RETENTION_DAYS=30\nPG_PASSWORD=hunter2-hunter2\nPRA_PG_BIN_DIR=/elsewhere\n");
  await saveConfiguration(b.adapters, b.environment(), { signal });
  const same = await compareConfiguration(b.adapters, b.environment(), { signal });
  assert.deepEqual([same.same, same.saved, same.hosts.length], [true, true, 2]);
});

test("R12 a host without the private side saves and compares, and cannot read what was saved", async (context) => {
  const { a, b } = await twoHosts(context);
  b.write("PG_PASSWORD=other-other\n");
  const { sealed } = await openRepository(a.adapters, a.environment(), { signal });
  const { private: _private, ...ring } = sealed.ring;
  const { clock, random } = b.adapters;
  const half = new SealedStore({ store: sealed.store, ring, clock, random });
  const saved = await saveSettings(b.adapters, b.environment(), { sealed: half, signal });
  assert.equal(saved.kind, "saved");
  const compared = await compareSettings(b.adapters, b.environment(), { sealed: half, signal });
  assert.deepEqual(
    compared.hosts
      .toSorted((one, other) => Number(one.isThisHost) - Number(other.isThisHost))
      .map(({ isThisHost, same, names }) => [isThisHost, same, names]),
    [
      [false, false, undefined],
      [true, true, undefined],
    ],
  );
  for (const store of [half, sealed]) {
    const log = new DamageLog();
    const { unknown } = await checkDocuments(store, { log, deep: true, signal });
    assert.deepEqual([unknown, log.damage], [[], []]);
  }
  const [one] = await listSettings(half, { signal });
  assert.ok(one !== undefined);
  await assert.rejects(readSettings(half, one, { signal }), (error) =>
    isDrError(error, "KEY_PRIVATE_MISSING"),
  );
});

test("R12 without a .env nothing is kept and nothing fails; a .env that cannot be read is told", async (context) => {
  const { a, directory } = await twoHosts(context);
  const environment = a.environment();
  const { sealed } = await openRepository(a.adapters, environment, { signal });
  const none = { ...environment, envFile: undefined };
  assert.equal(await keepSettings(a.adapters, none, { sealed, signal }), undefined);
  await assert.rejects(saveConfiguration(a.adapters, none, { signal }), (error) =>
    isDrError(error, "CONFIG_NO_ENV_FILE"),
  );
  writeFileSync(join(directory, "alpha.env"), `#${"x".repeat(300_000)}`);
  const failure = await keepSettings(a.adapters, environment, { sealed, signal });
  assert.equal(failure?.code, "CONFIG_ENV_FILE_LARGE");
});
