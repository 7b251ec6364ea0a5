import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { errorText, isDrError } from "../core/errors.ts";
import { configureFailpoints } from "../core/failpoint.ts";
import { createDirectories } from "./directories.ts";
import { configureFailpointsFrom, processFailpointEffects } from "./failpoint-effects.ts";
import { fileError } from "./file-error.ts";
import { type DurableWriteResult, writeDurably } from "./write-durably.ts";

const { signal } = new AbortController();
let directory = "";

before(async () => {
  configureFailpointsFrom(process.env);
  directory = await mkdtemp(join(tmpdir(), "pra-write-durably-"));
});
afterEach(() => configureFailpointsFrom(process.env));
after(async () => {
  await rm(directory, { recursive: true });
});

function fail(failpoints: string): void {
  configureFailpoints({
    failpoints,
    guardsOff: process.env["PRA_GUARD_OFF"],
    effects: processFailpointEffects(),
  });
}

async function write(name: string, text: string): Promise<DurableWriteResult> {
  const parts = [Buffer.from(text)];
  return await writeDurably({ finalPath: join(directory, name), parts, group: "RESTORE", signal });
}

test("a file is created once, is the same twice, and is never replaced", async () => {
  assert.equal(await write("file", "content"), "created");
  assert.equal(await write("file", "content"), "identical");
  assert.equal(await write("file", "CONTENT"), "conflict");
  assert.equal(await write("file", "content and more"), "conflict");
  assert.equal(await readFile(join(directory, "file"), "utf8"), "content");
  assert.equal((await stat(join(directory, "file"))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(directory), ["file"]);
});

test("a symbolic link under the final name is neither followed nor replaced", async () => {
  await symlink(join(directory, "elsewhere"), join(directory, "link"));
  await assert.rejects(write("link", "x"), (error) => isDrError(error, "RESTORE_FILE_IO"));
  await assert.rejects(stat(join(directory, "elsewhere")));
});

for (const step of ["files.open-temporary", "files.write", "files.fsync", "files.link"]) {
  test(`a failure at ${step} leaves neither the file nor a temporary one`, async () => {
    const name = `failed-${step}`;
    const beforehand = await readdir(directory);
    fail(`${step}:error`);
    await assert.rejects(write(name, "x"), (error) => isDrError(error, "RESTORE_FILE_IO"));
    fail(`${step}:enospc`);
    await assert.rejects(
      write(name, "x"),
      (error) =>
        isDrError(error, "RESTORE_DISK_FULL") &&
        error.hint.includes(name) &&
        /\(\d+ bytes are free\)/.test(error.hint) &&
        errorText(error, "fr").message.startsWith("plus d'espace pour écrire"),
    );
    assert.deepEqual(await readdir(directory), beforehand);
  });
}

test("L8 a failed sync of the directory fails the write; the file, whole, may stay", async () => {
  fail("files.fsync-directory:error");
  await assert.rejects(write("unsynced", "x"), (error) => isDrError(error, "RESTORE_FILE_IO"));
  configureFailpointsFrom(process.env);
  assert.equal(await write("unsynced", "x"), "identical");
});

test("an aborted write rejects with the signal's reason and leaves nothing", async () => {
  const reason = new Error("stop");
  const finalPath = join(directory, "aborted");
  const parts = [Buffer.from("x")];
  const aborted = AbortSignal.abort(reason);
  await assert.rejects(
    writeDurably({ finalPath, parts, group: "STORE", signal: aborted }),
    (error) => error === reason,
  );
  await assert.rejects(stat(finalPath));
});

test("a quota and a file size limit count as a full disk", () => {
  for (const code of ["ENOSPC", "EDQUOT", "EFBIG"]) {
    const cause = Object.assign(new Error(code), { code });
    const context = { group: "STORE", operation: "write", path: join(directory, "a/b/c") } as const;
    const error = fileError(cause, context);
    assert.ok(isDrError(error, "STORE_DISK_FULL"));
    assert.ok(Number(error.details["freeBytes"]) > 0);
    assert.equal(error.cause, cause);
  }
});

test("directories are created with their mode, and a file in the way is refused", async () => {
  const path = join(directory, "one/two/three");
  await createDirectories(path, { group: "RESTORE", signal, mode: 0o750 });
  assert.equal((await stat(path)).mode & 0o777, 0o750);
  await createDirectories(path, { group: "RESTORE", signal });
  await writeFile(join(directory, "in-the-way"), "");
  for (const name of ["in-the-way", "in-the-way/below"]) {
    await assert.rejects(
      createDirectories(join(directory, name), { group: "RESTORE", signal }),
      (error) => isDrError(error, "RESTORE_FILE_IO"),
    );
  }
});

test("L8 each new directory's parent is synced", async () => {
  const hits: string[] = [];
  configureFailpoints({
    failpoints: "",
    guardsOff: process.env["PRA_GUARD_OFF"],
    effects: { ...processFailpointEffects(), record: (name) => hits.push(name) },
  });
  await mkdir(join(directory, "base"));
  await createDirectories(join(directory, "base/a/b"), { group: "RESTORE", signal });
  // base for a, and a for b.
  assert.equal(hits.filter((name) => name === "files.fsync-directory").length, 2);
});
