/**
 * The error register as a whole: both languages show the same values, the texts follow the house rule,
 * every code is in the group of its file, and none is left that nothing throws.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import type { ErrorEntry } from "../src/core/error-register/entry.ts";
import { errorRegister } from "../src/core/errors.ts";
import { readSources } from "../tools/import-graph.ts";

const entries: readonly (readonly [string, ErrorEntry])[] = Object.entries(errorRegister);
const files = readSources(fileURLToPath(new URL("..", import.meta.url)));

function placeholders(...texts: readonly string[]): string {
  const names = texts.flatMap((text) => [...text.matchAll(/\{([A-Za-z]+)\}/g)]);
  return [...new Set(names.map(([, name]) => name ?? ""))]
    .sort((a, b) => (a < b ? -1 : 1))
    .join(" ");
}

function failing(isWrong: (entry: ErrorEntry) => boolean): string[] {
  return entries.filter(([, entry]) => isWrong(entry)).map(([code]) => code);
}

test("French and English show the same values", () => {
  const wrong = failing(
    ({ en, fr }) => placeholders(en.message, en.hint) !== placeholders(fr.message, fr.hint),
  );
  assert.deepEqual(wrong, []);
});

test("a message begins in lower case, or with a name, and has no full stop", () => {
  // A name: an abbreviation (WAL), a program's own spelling (PostgreSQL) or a setting (PG_HOST).
  const begins = /^(?:[\p{Ll}{"«<\d/]|[A-Z][A-Z_0-9]|PostgreSQL|Node)/u;
  const wrong = failing(({ en, fr }) =>
    [en.message, fr.message].some((text) => !begins.test(text) || text.endsWith(".")),
  );
  assert.deepEqual(wrong, []);
});

test("a hint is made of full sentences, or ends with the command to run", () => {
  const wrong = failing(({ en, fr }) =>
    [en.hint, fr.hint].some(
      (text) => !/^[\p{Lu}{"«<\d]/u.test(text) || !(/[.?!]$/.test(text) || /: \S/.test(text)),
    ),
  );
  assert.deepEqual(wrong, []);
});

test("no text is left in two places, and French is not English", () => {
  assert.deepEqual(
    failing(({ en, fr }) => en.hint === fr.hint || en.message === fr.message),
    [],
  );
});

test("every code stands in the file of its group", () => {
  const wrong = files
    .filter((file) => file.path.startsWith("src/core/error-register/"))
    .flatMap((file) => {
      const group = (/([a-z]+)\.ts$/.exec(file.path)?.[1] ?? "").toUpperCase();
      return [...file.code.matchAll(/^ {2}([A-Z]+)(_[A-Z0-9_]+): \{/gm)]
        .filter(([, own]) => own !== group)
        .map(([, own, rest]) => `${file.path}: ${own}${rest}`);
    });
  assert.deepEqual(wrong, []);
});

test("every registered code is thrown somewhere", () => {
  const code = files
    .filter((file) => !file.path.startsWith("src/core/error-register/"))
    .map((file) => file.code)
    .join("\n");
  const unused = entries.map(([name]) => name).filter((name) => !code.includes(`"${name}"`));
  assert.deepEqual(unused, []);
});
