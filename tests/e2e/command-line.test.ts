/** The frame of the command line in a process of its own: streams, exit codes, JSON, signals. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { commandEntries } from "../../src/cli/commands/registry.ts";
import type { Frame } from "../../src/cli/frame.ts";
import { createProgram } from "../../src/cli/program.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

async function pra(argv: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...argv], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  await once(child, "close");
  return { code: child.exitCode, out, err };
}

test("a result goes to standard output alone", async () => {
  const { code, out, err } = await pra(["version", "--json"]);
  assert.equal(code, 0);
  assert.equal(err, "");
  assert.equal((JSON.parse(out) as { node: string }).node, process.versions.node);
});

test("a wrong word answers 2, on standard error, with a hint in the language of the environment", async () => {
  const { code, out, err } = await pra(["nope"], { LC_ALL: "fr_FR.UTF-8" });
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /erreur : « pra » n'a pas de commande « nope »\n.*pra --help/);
});

test("wrong usage and wrong configuration name the command that explains them, in both languages", async () => {
  const [bare, typed] = await Promise.all([
    pra(["list"], { LANG: "fr_FR.UTF-8" }),
    pra(["restore", "--to", "/tmp/none", "--latest", "--tablespace", "nowhere", "--lang", "en"]),
  ]);
  assert.deepEqual([bare.code, typed.code], [2, 2]);
  assert.match(bare.err, /\n {2}Pour en savoir plus : pra explain CONFIG_MISSING\n$/);
  assert.match(typed.err, /\n {2}More about it: pra explain USAGE_VALUE\n$/);
  for (const { err } of [bare, typed]) {
    const code = /explain (\w+)/.exec(err)?.[1] ?? "";
    assert.equal((await pra(["explain", code])).code, 0);
  }
});

test("with --json a failure is one object on standard output", async () => {
  const { code, out, err } = await pra(["explain", "NOPE", "--json", "--lang", "en"]);
  assert.equal(code, 2);
  assert.equal(err, "");
  const { error } = JSON.parse(out) as { error: Record<string, unknown> };
  assert.deepEqual(Object.keys(error), ["code", "message", "hint", "details"]);
  assert.equal(error["code"], "USAGE_UNKNOWN_CODE");
});

test("without a word it shows the help on standard error and answers 2; --help answers 0", async () => {
  const bare = await pra([]);
  assert.equal(bare.code, 2);
  assert.match(bare.err, /^Usage: pra/);
  const asked = await pra(["--help"], { PRA_LANG: "fr" });
  assert.equal(asked.code, 0);
  assert.match(asked.out, /^Utilisation : pra/);
  assert.match(asked.out, /explain <code>/);
});

/** Help as it is printed, of a command and of all below it that do something. */
function helpsOf(command: Command): readonly (readonly [name: string, help: string])[] {
  const below = command.commands.filter((one) => one.name() !== "help");
  if (below.length > 0) {
    return below.flatMap(helpsOf);
  }
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return [[command.name(), help]];
}

test("every command has help with examples in both languages", async () => {
  for (const [language, title] of [
    ["en", "Examples:"],
    ["fr", "Exemples :"],
  ] as const) {
    const program = createProgram(language);
    for (const { load } of commandEntries) {
      const frame: Pick<Frame, "language"> = { language };
      (await load())(program, frame as Frame);
    }
    const helps = helpsOf(program);
    assert.ok(helps.length > commandEntries.length);
    for (const [name, help] of helps) {
      assert.ok(help.includes(title), `${name}\n${help}`);
    }
  }
  const { code, out } = await pra(["help", "backup", "--lang", "fr"]);
  assert.equal(code, 0);
  assert.match(out, /Exemples :/);
});

test("a reader that goes away does not make the command fail", async () => {
  const child = spawn(process.execPath, [main, "explain", "USAGE_LSN"], {
    env: {},
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  await once(child, "exit");
  assert.equal(child.exitCode, 0);
});

test("a failpoint that cannot be read is refused", async () => {
  const { code, err } = await pra(["version"], { PRA_FAILPOINT: "nonsense" });
  assert.equal(code, 2);
  assert.match(err, /nonsense/);
});
