import assert from "node:assert/strict";
import { test } from "node:test";
import { DrError } from "../../core/errors.ts";
import { failureLines } from "../../cli/failure-text.ts";
import { LastWords } from "./last-words.ts";

function heard(...lines: readonly string[]): LastWords {
  const words = new LastWords();
  lines.forEach((line) => {
    words.hear(line);
  });
  return words;
}

test("R21 of a failure is kept what it is, without the program's name, and what to do about it", () => {
  const error = new DrError("STORE_DISK_FULL", { path: "/backups/x", freeBytes: 0 });
  for (const [language, said, hint] of [
    ["en", /^no space left to write \/backups\/x/, /^Free space on/],
    ["fr", /^plus d'espace pour écrire \/backups\/x/, /^Libérez de l'espace/],
  ] as const) {
    const words = heard("Streaming", ...failureLines(error, language).split("\n"), "Stopped");
    assert.match(words.said, said);
    assert.match(words.hint, hint);
  }
  const defect = heard(...failureLines(new Error("boom"), "en").split("\n"));
  assert.match(defect.said, /boom/);
  assert.notEqual(defect.hint, "");
});

test("of a program that was killed the newest line is kept, and nothing to do", () => {
  const { said, hint } = heard("Streaming from 0/1", "  Receiving WAL ");
  assert.deepEqual([said, hint], ["Receiving WAL", ""]);
});
