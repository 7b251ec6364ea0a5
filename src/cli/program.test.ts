import assert from "node:assert/strict";
import { test } from "node:test";

import { Option } from "commander";

import type { ErrorCode } from "../core/errors.ts";
import { isDrError } from "../core/errors.ts";
import { createProgram, defineCommand, defineGroup } from "./program.ts";

function sample() {
  const text = { summary: "résumé", examples: [["pra wal push %p", "exemple"]] as const };
  const program = createProgram("fr");
  const group = defineGroup(program, "fr", "wal", "les journaux");
  defineCommand(group, "fr", "push", text)
    .argument("<path>", "le chemin")
    .addOption(new Option("--to <dir>", "cible").default("/x"))
    .addOption(new Option("--level <n>", "niveau").choices(["1", "2"]))
    .addOption(new Option("--fast", "vite").conflicts("level"))
    .requiredOption("--key <file>", "clé")
    .action(() => undefined);
  return program;
}

const refusals: readonly (readonly [ErrorCode, readonly string[]])[] = [
  ["USAGE_UNKNOWN_COMMAND", ["nope"]],
  ["USAGE_UNKNOWN_COMMAND", ["wal", "nope"]],
  ["USAGE_UNKNOWN_OPTION", ["wal", "push", "p", "--key", "k", "--nope"]],
  ["USAGE_MISSING_ARGUMENT", ["wal", "push", "--key", "k"]],
  ["USAGE_MISSING_VALUE", ["wal", "push", "p", "--key"]],
  ["USAGE_MISSING_OPTION", ["wal", "push", "p"]],
  ["USAGE_EXCESS_ARGUMENTS", ["wal", "push", "p", "q", "--key", "k"]],
  ["USAGE_VALUE", ["wal", "push", "p", "--key", "k", "--level", "3"]],
  ["USAGE_CONFLICT", ["wal", "push", "p", "--key", "k", "--level", "1", "--fast"]],
];

for (const [code, argv] of refusals) {
  test(`"pra ${argv.join(" ")}" is refused with ${code}`, async () => {
    await assert.rejects(
      sample().parseAsync(argv, { from: "user" }),
      (error) => isDrError(error, code) && String(error.details["command"]).startsWith("pra"),
    );
  });
}

test("a French help page holds no English word of commander", async () => {
  let page = "";
  const program = sample();
  const write = (text: string): void => {
    page += text;
  };
  const configure = (command: typeof program): void => {
    command.configureOutput({ writeOut: write, writeErr: write }).exitOverride();
    command.commands.forEach(configure);
  };
  configure(program);
  for (const argv of [["--help"], ["wal", "--help"], ["wal", "push", "--help"]]) {
    await assert.rejects(program.parseAsync(argv, { from: "user" }), { exitCode: 0 });
  }
  assert.doesNotMatch(page, /Usage|Commands|Global|display|default|choices|\[command\]/);
  for (const expected of ["Utilisation :", "Commandes :", "Options globales :", "Exemples :"]) {
    assert.ok(page.includes(expected), `${expected} in\n${page}`);
  }
  assert.match(page, /cible \(par défaut : \/x\)/);
  assert.match(page, /niveau \(choix : 1, 2\)/);
});
