/**
 * `pra key` as people use it, without a server: every wrong secret and its word, ways added and removed, rotations killed and doubled,
 * hosts with other keys, and a search for secrets in everything that was printed or lies in the repository.
 */
import assert from "node:assert/strict";
import { chmod, copyFile, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";

type Slot = { readonly slot: string; readonly method: string; readonly checkedAt: string | null };
type Generation = { readonly generation: number; readonly root: string; readonly slots: Slot[] };

async function initialised(mode = ""): Promise<CommandLine> {
  const pra = await CommandLine.create();
  const { code, err } = await pra.run(`init${mode}`);
  assert.equal(code, 0, err);
  return pra;
}

async function generations(
  pra: CommandLine,
  variables?: Record<string, string>,
): Promise<readonly Generation[]> {
  const { code, out, value } = await pra.json("key list", variables);
  assert.equal(code, 0, out);
  return value["generations"] as Generation[];
}

async function file(pra: CommandLine, name: string, content: string): Promise<string> {
  const path = join(pra.directory, name);
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

/** Runs, and wants this code of error. */
async function refused(
  pra: CommandLine,
  words: string,
  code: string,
  variables?: Record<string, string>,
): Promise<void> {
  const answer = await pra.json(words, variables);
  assert.equal(errorCodeOf(answer.value), code, answer.out);
  assert.notEqual(answer.code, 0);
}

async function good(
  pra: CommandLine,
  words: string,
  variables?: Record<string, string>,
): Promise<Record<string, unknown>> {
  const answer = await pra.json(words, variables);
  assert.equal(answer.code, 0, `${words}: ${answer.out}`);
  return answer.value;
}

test("L41 R15 key check proves the printed key, and names each way in which it can be wrong", async () => {
  await using pra = await initialised();
  const recovery = join(pra.directory, "pra.recovery");
  const key = (await readFile(recovery, "utf8")).trim();
  const check = "key check --recovery-key-file";
  await refused(pra, "key check", "KEY_NO_TERMINAL");
  const wrongCharacter = `${key.startsWith("A") ? "B" : "A"}${key.slice(1)}`;
  const typo = await file(pra, "typo", wrongCharacter);
  await refused(pra, `${check} ${typo}`, "KEY_RECOVERY_MISTYPED");
  await refused(pra, `${check} ${await file(pra, "cut", key.slice(8))}`, "KEY_RECOVERY_LENGTH");
  const never = await file(pra, "never", `U${key.slice(1)}`);
  await refused(pra, `${check} ${never}`, "KEY_RECOVERY_CHARACTER");
  await using other = await initialised();
  await refused(pra, `${check} ${join(other.directory, "pra.recovery")}`, "KEY_RECOVERY_WRONG");
  await refused(pra, `${check} ${join(pra.directory, "absent")}`, "KEY_SECRET_FILE");
  const open = await file(pra, "open", key);
  await chmod(open, 0o644);
  await refused(pra, `${check} ${open}`, "KEY_SECRET_FILE");
  await refused(pra, "key list", "KEY_OTHER_REPOSITORY", { PRA_KEY_FILE: other.keyFile });
  assert.equal((await generations(pra))[0]?.slots[0]?.checkedAt, null);
  const done = await good(pra, `${check} ${recovery}`);
  assert.deepEqual([done["slot"], done["recorded"], done["backup"]], ["recovery", true, null]);
  assert.notEqual((await generations(pra))[0]?.slots[0]?.checkedAt, null);
  const french = await pra.run(`${check} ${typo} --lang fr`);
  assert.match(french.err, /caractères de contrôle/);
});

test("L41 the last way to open is never removed, nor one while no other was proved; a removed slot opens nothing", async () => {
  await using pra = await initialised();
  const first = join(pra.directory, "pra.recovery");
  await refused(pra, "key remove recovery", "KEY_SLOT_LAST");
  await refused(pra, "key remove recovery --unchecked", "KEY_SLOT_LAST");
  const added = await good(pra, "key add --recovery --label safe");
  const slot = String(added["slot"]);
  const second = String(added["recoveryKeyFile"]);
  assert.equal((await stat(second)).mode & 0o777, 0o600);
  await refused(pra, "key remove recovery", "KEY_SLOT_UNCHECKED");
  await good(pra, `key check --recovery-key-file ${second}`);
  await refused(pra, "key remove nothing", "KEY_SLOT_UNKNOWN");
  const killed = await pra.run("key remove recovery", { PRA_FAILPOINT: "key.delete-slot:kill" });
  assert.equal(killed.code, null, killed.err);
  const removed = await good(pra, "key remove recovery");
  assert.equal(removed["left"], 1);
  await refused(pra, `key check --recovery-key-file ${first}`, "KEY_RECOVERY_WRONG");
  await good(pra, `key check --recovery-key-file ${second}`);
  await refused(pra, `key remove ${slot}`, "KEY_SLOT_LAST");
});

test("R15 a passphrase and a recipient open the repository; a recipient only with the root that was noted", async () => {
  await using pra = await initialised();
  const phrase = await file(pra, "phrase", "correct horse battery staple\n");
  await refused(
    pra,
    `key add --passphrase-file ${await file(pra, "p", "short")}`,
    "KEY_PASSPHRASE_SHORT",
  );
  await good(pra, `key add --passphrase-file ${phrase} --label dba`);
  await good(pra, `key check --passphrase-file ${phrase}`);
  const wrong = await file(pra, "wrong", "correct horse battery stable\n");
  await refused(pra, `key check --passphrase-file ${wrong}`, "KEY_PASSPHRASE_WRONG");
  const secret = join(pra.directory, "audit.secret");
  const { publicKey } = await good(pra, `key recipient ${secret}`);
  await refused(pra, `key recipient ${secret}`, "KEY_FILE_EXISTS");
  await refused(pra, `key add --recipient ${String(publicKey)}x`, "KEY_RECIPIENT_INVALID");
  await refused(pra, `key check --recipient-key ${secret} --root 0`, "KEY_RECIPIENT_WRONG");
  const added = await good(pra, `key add --recipient ${String(publicKey)} --label audit`);
  await refused(pra, `key check --recipient-key ${secret}`, "KEY_ROOT_UNKNOWN");
  const [newest] = await generations(pra);
  assert.equal(added["root"], newest?.root);
  await good(pra, `key check --recipient-key ${secret} --root ${newest?.root}`);
  await refused(pra, "key add", "USAGE_MISSING_OPTION");
  await refused(pra, "key add --recovery --passphrase", "USAGE_CONFLICT");
});

test("L41 a recipient's key does not open a repository that another root signed, however well the slot opens", async () => {
  await using pra = await initialised();
  const secret = join(pra.directory, "audit.secret");
  const { publicKey } = await good(pra, `key recipient ${secret}`);
  await good(pra, `key add --recipient ${String(publicKey)}`);
  const wrong = "0123-4567-89ab-cdef-0123-4567-89ab-cdef";
  const host = { PRA_KEY_FILE: join(pra.directory, "new.key") };
  await refused(
    pra,
    `key recover --recipient-key ${secret} --root ${wrong}`,
    "KEY_ROOT_DIFFERS",
    host,
  );
  await assert.rejects(stat(host.PRA_KEY_FILE), { code: "ENOENT" });
});

const steps = ["key.write-next", "key.put-slot", "key.format", "key.replace-file"] as const;
for (const kind of ["rotate", "encrypt"] as const) {
  for (const step of steps) {
    test(`L41 key ${kind} killed at ${step} is simply run again: one new generation, and its recovery key opens everything`, async () => {
      await using pra = await initialised(kind === "encrypt" ? " --encryption none" : "");
      const recovery = join(pra.directory, "pra.generation-2.recovery");
      const killed = await pra.run(`key ${kind}`, { PRA_FAILPOINT: `${step}:kill` });
      assert.equal(killed.code, null, killed.err);
      if (step === "key.replace-file") {
        await refused(
          pra,
          "key list",
          kind === "rotate" ? "KEY_ROTATION_UNFINISHED" : "KEY_FILE_MISSING",
        );
      } else {
        assert.equal((await generations(pra)).length, 1, "nothing counts before the format object");
      }
      const again = await good(pra, `key ${kind}`);
      assert.equal(again["generation"], 2);
      await good(pra, `key check --recovery-key-file ${recovery}`);
      const [newest, first] = await generations(pra);
      assert.deepEqual([newest?.generation, first?.generation], [2, 1]);
      assert.equal(newest?.slots.length, 1, "no slot whose key nobody has");
      assert.ok(!(await readdir(pra.directory)).includes("pra.key.next"));
      // All of it from the sheet alone, older generation included.
      const host = { PRA_KEY_FILE: join(pra.directory, "new.key") };
      await good(pra, `key recover --recovery-key-file ${recovery}`, host);
      await good(pra, "verify --deep", host);
    });
  }
}

test("L41 a host whose key file is older is refused by name, and works again with the file exported for it", async () => {
  await using pra = await initialised();
  const host = { PRA_KEY_FILE: join(pra.directory, "host.key") };
  const exported = join(pra.directory, "for-host");
  await good(pra, `key export --public ${exported}`);
  assert.equal((await stat(exported)).mode & 0o777, 0o600);
  await good(pra, `key import ${exported}`, host);
  await good(pra, "list", host);
  await good(pra, "key rotate");
  await refused(pra, "list", "KEY_GENERATION_BEHIND", host);
  await refused(pra, "backup", "KEY_GENERATION_BEHIND", host);
  await refused(pra, `key import ${exported}`, "KEY_GENERATION_BEHIND", host);
  const fresh = join(pra.directory, "for-host-2");
  await good(pra, `key export --public ${fresh}`);
  const taken = await good(pra, `key import ${fresh}`, host);
  assert.deepEqual([taken["replaced"], taken["private"], taken["generation"]], [true, false, 2]);
  await good(pra, "list", host);
  await refused(pra, "key rotate", "KEY_PRIVATE_MISSING", host);
  await refused(pra, "key add --recovery", "KEY_PRIVATE_MISSING", host);
  await refused(
    pra,
    `key export --public ${join(pra.directory, "x")}`,
    "KEY_PRIVATE_MISSING",
    host,
  );
  const [newest] = await generations(pra, host);
  assert.equal(newest?.generation, 2);
  // The full key file never gives way to one that holds less.
  await refused(pra, `key import ${fresh}`, "KEY_IMPORT_LOSES");
});

test("L41 an old copy of the repository is told by a newer key file", async () => {
  await using pra = await initialised();
  await good(pra, "key rotate");
  await rm(join(pra.repository, "format", "00000002"));
  await refused(pra, "list", "KEY_GENERATION_AHEAD");
});

test("L41 of two hosts that rotate at once one makes the generation; the other's keys count for nothing", async () => {
  await using pra = await initialised();
  const other = { PRA_KEY_FILE: join(pra.directory, "other.key") };
  await copyFile(pra.keyFile, other.PRA_KEY_FILE);
  const slow = pra.start("key rotate --json", { ...other, PRA_FAILPOINT: "key.format:kill" });
  assert.equal((await slow.answer).code, null);
  await good(pra, "key rotate");
  await refused(pra, "key rotate", "KEY_ROTATED_MEANWHILE", other);
  await refused(pra, "key rotate", "KEY_GENERATION_BEHIND", other);
  await refused(pra, "list", "KEY_GENERATION_BEHIND", other);
  const recovery = join(pra.directory, "pra.generation-2.recovery");
  await good(pra, `key check --recovery-key-file ${recovery}`);
  await good(pra, `key recover --recovery-key-file ${recovery}`, other);
  await good(pra, "verify --deep", other);
});

test("L41 three generations: each sheet is named for what it is, and the newest opens all", async () => {
  await using pra = await initialised();
  await good(pra, "key rotate");
  await good(pra, "key rotate");
  const sheet = (name: string): string =>
    `key check --recovery-key-file ${join(pra.directory, name)}`;
  await refused(pra, sheet("pra.recovery"), "KEY_RECOVERY_OLD");
  await refused(pra, sheet("pra.generation-2.recovery"), "KEY_RECOVERY_OLD");
  await good(pra, sheet("pra.generation-3.recovery"));
  const all = await generations(pra);
  assert.deepEqual(
    all.map(({ generation }) => generation),
    [3, 2, 1],
  );
  const later = all[2]?.slots.find(({ method }) => method === "later")?.slot ?? "";
  await refused(pra, `key remove ${later}`, "KEY_SLOT_KEEPS_OLDER");
  // An old sheet may go: the newer keys open that generation.
  await good(pra, "key remove recovery");
  const host = { PRA_KEY_FILE: join(pra.directory, "new.key") };
  const newest = join(pra.directory, "pra.generation-3.recovery");
  await good(pra, `key recover --recovery-key-file ${newest}`, host);
  assert.equal((await generations(pra, host)).length, 3);
});

test("R15 a repository without encryption has no keys to prove, add or rotate; with it, none to encrypt", async () => {
  await using pra = await initialised(" --encryption none");
  const recovery = await file(
    pra,
    "any",
    "000G40R-40M30E2-09185GR-38E1W81-24GK2GA-HC5RR34-D1P70X3-RFT5WF7",
  );
  for (const words of [
    `key check --recovery-key-file ${recovery}`,
    "key add --recovery",
    "key rotate",
  ]) {
    await refused(pra, words, "KEY_NOT_ENCRYPTED");
  }
  await refused(pra, "key encrypt", "KEY_FILE_INSIDE", {
    PRA_KEY_FILE: join(pra.repository, "pra.key"),
  });
  await good(pra, "key encrypt");
  await refused(pra, "key encrypt", "KEY_ALREADY_ENCRYPTED");
  await refused(pra, "list", "KEY_FILE_MISSING", { PRA_KEY_FILE: join(pra.directory, "none") });
});

test("L54 no secret is printed, recorded or laid into the repository by any of it", async () => {
  await using pra = await initialised();
  const recovery = join(pra.directory, "pra.recovery");
  const phrase = await file(pra, "phrase", "correct horse battery staple\n");
  const secret = join(pra.directory, "audit.secret");
  const outputs: string[] = [];
  const run = async (words: string): Promise<void> => {
    for (const end of ["", " --json", " --lang fr"]) {
      const { out, err } = await pra.run(`${words}${end}`);
      outputs.push(out, err);
    }
  };
  await run(`key recipient ${secret}`);
  await run(`key add --passphrase-file ${phrase}`);
  await run("key add --recovery");
  await run(`key check --recovery-key-file ${recovery}`);
  await run(`key check --passphrase-file ${phrase}`);
  await run(`key check --recovery-key-file ${phrase}`);
  await run("key rotate");
  await run("key list");
  await run(`key export --public ${join(pra.directory, "host")}`);
  await run("key remove recovery");
  const ring = JSON.parse(await readFile(pra.keyFile, "utf8")) as {
    readonly metadataKey: string;
    readonly private: Record<string, string>;
    readonly writer: { readonly privateKey: string };
    readonly earlier: readonly { readonly private: Record<string, string> }[];
  };
  const names = (await readdir(pra.directory)).filter((name) => /recovery|secret/.test(name));
  const sheets = await Promise.all(
    names.map(async (name) => (await readFile(join(pra.directory, name), "utf8")).trim()),
  );
  assert.ok(sheets.length >= 6, "sheets of every kind");
  const keys = [
    ring.metadataKey,
    ring.writer.privateKey,
    ...Object.values(ring.private),
    ...ring.earlier.flatMap((keysOf) => Object.values(keysOf.private)),
  ];
  const planted = [
    "correct horse",
    ...sheets.map((sheet) => sheet.slice(0, 30)),
    ...sheets.map((sheet) => sheet.slice(-20)),
    ...keys,
    ...keys.map((key) => Buffer.from(key, "base64").toString("hex")),
  ];
  const printed = outputs.join("\n");
  for (const text of planted) {
    assert.ok(!printed.includes(text), "a secret was printed");
  }
  const stored = await readdir(pra.repository, { recursive: true, withFileTypes: true });
  for (const entry of stored.filter((one) => one.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const text of planted) {
      assert.ok(!bytes.includes(text), entry.name);
    }
    for (const key of keys) {
      assert.ok(!bytes.includes(Buffer.from(key, "base64")), entry.name);
    }
  }
});

test("L41 add, remove and recover killed at their steps leave what was there, and are simply run again", async () => {
  await using pra = await initialised();
  const killed = async (words: string, step: string, variables = {}): Promise<void> => {
    const answer = await pra.run(words, { ...variables, PRA_FAILPOINT: `${step}:kill` });
    assert.equal(answer.code, null, answer.err);
  };
  await killed("key add --recovery", "key.put-slot");
  assert.equal((await generations(pra))[0]?.slots.length, 1, "a sheet without a slot is no way");
  const added = await good(pra, "key add --recovery");
  await good(pra, `key check --recovery-key-file ${String(added["recoveryKeyFile"])}`);
  await killed("key remove recovery", "key.delete-slot");
  assert.equal((await generations(pra))[0]?.slots.length, 2);
  await good(pra, "key remove recovery");
  const host = { PRA_KEY_FILE: join(pra.directory, "host.key") };
  const recover = `key recover --recovery-key-file ${String(added["recoveryKeyFile"])}`;
  await good(pra, recover, host);
  await killed(recover, "key.replace-file", host);
  await good(pra, "list", host);
  await good(pra, recover, host);
  await good(pra, "list", host);
});
