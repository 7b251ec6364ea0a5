import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { type EnvironmentInput, readEnvironment } from "../environment.ts";
import { checkProgramFiles, scriptNames } from "./program-files.ts";

const { signal } = new AbortController();

/** A checkout with its scripts, a `.env` and a place for backups, all with wrong modes. */
function checkout(context: TestContext): {
  readonly folder: string;
  readonly input: EnvironmentInput;
} {
  const folder = mkdtempSync(join(tmpdir(), "pra files é-"));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  for (const name of scriptNames) {
    writeFileSync(join(folder, name), "#!/bin/sh\n");
    chmodSync(join(folder, name), 0o644);
  }
  mkdirSync(join(folder, "store"));
  chmodSync(join(folder, "store"), 0o755);
  writeFileSync(join(folder, ".env"), "BACKUP_DIR=store\nPG_PASSWORD=x\n");
  chmodSync(join(folder, ".env"), 0o644);
  const input = {
    variables: {},
    workingDirectory: "/",
    checkoutDirectory: folder,
    homeDirectory: folder,
    userName: "dba",
    isRoot: false,
  };
  return { folder, input };
}

function git(folder: string, ...words: readonly string[]): void {
  const names = ["-c", "user.name=t", "-c", "user.email=t@t"];
  execFileSync("git", ["-C", folder, ...names, ...words], { stdio: "ignore" });
}

async function facts(input: EnvironmentInput, fix: boolean): Promise<string[]> {
  const findings = await checkProgramFiles(readEnvironment(input), { fix, signal });
  return findings.map(({ id, state, fact }) => `${id} ${state} ${fact}`);
}

test("R14 wrong modes and a .env that git would take are found, mended by --fix, each told, and good from then on", async (context) => {
  const { folder, input } = checkout(context);
  git(folder, "init");
  writeFileSync(join(folder, ".gitignore"), "dist");
  assert.deepEqual(await facts(input, false), [
    "env-mode bad mode-wrong",
    "gitignore bad not-ignored",
    "git-history good history-clean",
    "scripts bad scripts-wrong",
    "backup-folder bad mode-wrong",
  ]);
  assert.deepEqual(await facts(input, true), [
    "env-mode good mode-mended",
    "gitignore good ignore-mended",
    "git-history good history-clean",
    "scripts good scripts-mended",
    "backup-folder good mode-mended",
  ]);
  const good = [
    "env-mode good mode-right",
    "gitignore good ignored",
    "git-history good history-clean",
    "scripts good scripts-right",
    "backup-folder good mode-right",
  ];
  assert.deepEqual(await facts(input, false), good);
  assert.deepEqual(await facts(input, true), good);
  assert.equal(readFileSync(join(folder, ".gitignore"), "utf8"), "dist\n/.env\n");
  const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777;
  assert.deepEqual([".env", "store", "backup.sh"].map(modeOf), [0o600, 0o700, 0o755]);
});

test("R12 a .env that was committed on any branch, and removed since, is found with its commit", async (context) => {
  const { folder, input } = checkout(context);
  git(folder, "init", "--initial-branch=main");
  git(folder, "add", ".env");
  const staged = await facts(input, false);
  assert.ok(staged.includes("git-history bad env-tracked"), staged.join("; "));
  git(folder, "commit", "-m", "oops");
  git(folder, "rm", "--cached", ".env");
  git(folder, "commit", "-m", "removed");
  git(folder, "checkout", "--orphan", "other");
  const found = await facts(input, false);
  assert.ok(found.includes("git-history bad history-holds"), found.join("; "));
});

test("R14 outside git, and without scripts, what is not there is no fault", async (context) => {
  const { folder, input } = checkout(context);
  for (const name of scriptNames) {
    rmSync(join(folder, name));
  }
  rmSync(join(folder, "store"), { recursive: true });
  const found = await facts(input, true);
  assert.deepEqual(found, ["env-mode good mode-mended", "gitignore good git-none"]);
});
