/**
 * The loss classes, and whatever else runs on 18 and 15 in every commit, on 17, 16 and 14: the same tests, started with
 * `tests/support/other-majors.ts`.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { EVERY_COMMIT } from "../support/majors-in-tests.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

async function testsOnTwoMajors(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of ["tests/postgres", "tests/e2e"]) {
    for (const name of (await readdir(join(root, folder))).sort()) {
      const path = join(folder, name);
      if (
        name.endsWith(".test.ts") &&
        EVERY_COMMIT.test(await readFile(join(root, path), "utf8"))
      ) {
        found.push(path);
      }
    }
  }
  return found;
}

const files = await testsOnTwoMajors();

test("tests that run on two majors are found", () => {
  assert.ok(files.length >= 14, files.join(" "));
  assert.ok(files.some((path) => path.includes("loss-")));
});

for (const path of files) {
  test(`${path} holds on 17, 16 and 14`, async (t) => {
    const words = ["--import", "./tests/support/other-majors.ts", "--test"];
    // What names no major ran with the others.
    const only = ["--test-name-pattern=\\b1[467]\\b", "--test-reporter=spec"];
    const child = spawn(process.execPath, [...words, ...only, path], {
      cwd: root,
      // Else the runner inside takes itself for a part of this one.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    await once(child, "close");
    assert.equal(child.exitCode, 0, said);
    const passed = Number(/^ℹ pass (\d+)$/m.exec(said)?.[1] ?? 0);
    assert.ok(passed >= 3, `${passed} tests passed:\n${said}`);
    t.diagnostic(`${passed} tests passed`);
  });
}
