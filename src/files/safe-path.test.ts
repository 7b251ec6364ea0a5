import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { errorText, isDrError } from "../core/errors.ts";
import { joinBelow, safePathBelow } from "./safe-path.ts";

let root = "";

before(async () => {
  root = await mkdtemp(join(tmpdir(), "pra-safe-path-"));
  await mkdir(join(root, "base/1"), { recursive: true });
  await writeFile(join(root, "file"), "");
  await symlink("/etc", join(root, "link"));
  await symlink("/nowhere", join(root, "dangling"));
});
after(async () => {
  await rm(root, { recursive: true });
});

function refusedFor(reason: string): (error: unknown) => boolean {
  return (error) =>
    isDrError(error, "RESTORE_UNSAFE_PATH") &&
    error.details["reason"] === reason &&
    error.hint.startsWith("Nothing was written there.") &&
    errorText(error, "fr").message.includes("est refusé sous");
}

const refused: readonly (readonly [string, string])[] = [
  ["/etc/passwd", "absolute"],
  ["../x", `".."`],
  ["base/../../x", `".."`],
  ["base/..", `".."`],
  ["./x", `"."`],
  ["", `""`],
  ["base//x", `""`],
  ["base/", `""`],
  ["a\0b", "NUL"],
];
for (const [path, reason] of refused) {
  test(`the name ${JSON.stringify(path)} is refused with RESTORE_UNSAFE_PATH`, () => {
    assert.throws(() => joinBelow(root, path), refusedFor(reason));
    assert.throws(() => safePathBelow(root, path), refusedFor(reason));
  });
}

test("a symbolic link is refused wherever it stands, dangling or not", () => {
  for (const path of ["link", "link/passwd", "dangling", "dangling/x"]) {
    assert.throws(() => safePathBelow(root, path), refusedFor("symlink"));
  }
});

test("a file is no directory", () => {
  assert.throws(() => safePathBelow(root, "file/x"), refusedFor("ENOTDIR"));
  assert.equal(safePathBelow(root, "file"), join(root, "file"));
});

test("existing and missing names below the root are joined", () => {
  assert.equal(safePathBelow(root, "base/1/2619"), join(root, "base/1/2619"));
  assert.equal(safePathBelow(root, "new/deep/..file"), join(root, "new/deep/..file"));
});

test("no text leads out of the root", () => {
  const parts = fc.constantFrom("..", ".", "", "a", "b", "/", "\0", "...", "a/..", "../..");
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 8 }), fc.string(), (some, tail) => {
      const path = [...some, tail].join("/");
      try {
        assert.ok(joinBelow(root, path).startsWith(`${root}/`));
      } catch (error) {
        assert.ok(isDrError(error, "RESTORE_UNSAFE_PATH"));
      }
    }),
  );
});
