import assert from "node:assert/strict";
import { test } from "node:test";

import { readCommandLine, withVersionAsCommand } from "./command-line.ts";

test("global options are seen before and after the command", () => {
  const line = readCommandLine(["--lang", "fr", "list", "--json", "--env-file=/a b/.env"]);
  const path = "list";
  assert.deepEqual(line, {
    json: true,
    lang: "fr",
    envFile: "/a b/.env",
    reason: undefined,
    command: "list",
    path,
  });
});

test("the value of a global option is not taken for the command", () => {
  assert.equal(readCommandLine(["--lang", "explain", "version"]).command, "version");
  assert.equal(readCommandLine(["--lang=fr", "version"]).command, "version");
});

test("help before any word concerns the whole program", () => {
  assert.equal(readCommandLine(["--help", "explain"]).command, undefined);
  assert.equal(readCommandLine(["explain", "--help"]).command, "explain");
});

test("what follows -- is left to the command", () => {
  assert.equal(readCommandLine(["explain", "--", "--json"]).json, false);
  assert.equal(readCommandLine([]).command, undefined);
});

test("the path of a command of a group is its first two words, wherever the options stand", () => {
  const line = readCommandLine(["--lang", "fr", "wal", "--json", "push", "pg_wal/1"]);
  assert.equal(line.path, "wal push");
});

test("--version and -V are the command version, unless there is another", () => {
  assert.deepEqual(withVersionAsCommand(["--version"]), ["version"]);
  assert.deepEqual(withVersionAsCommand(["--lang", "fr", "-V", "--json"]), [
    "--lang",
    "fr",
    "version",
    "--json",
  ]);
  for (const argv of [[], ["list", "--version"], ["explain", "-V"], ["--", "--version"]]) {
    assert.deepEqual(withVersionAsCommand(argv), argv);
  }
});
