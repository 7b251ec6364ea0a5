import assert from "node:assert/strict";
import { test } from "node:test";

import { DrError } from "../core/errors.ts";
import { type Outcome, exitCodeFor, exitCodeOf, exitCodeTable } from "./exit-codes.ts";

const failed = (error: unknown): number => exitCodeOf({ kind: "failed", error });

test("every outcome but nagios answers a code of the table", () => {
  const outcomes: readonly Outcome[] = [
    { kind: "done" },
    { kind: "problems" },
    { kind: "warnings" },
    { kind: "absent" },
    { kind: "interrupted" },
  ];
  const codes = outcomes.map((outcome) => exitCodeOf(outcome));
  assert.deepEqual(codes, [0, 4, 5, 64, 130]);
  const known = exitCodeTable.map(({ code }) => code);
  assert.deepEqual(
    codes.filter((code) => !known.includes(code)),
    [],
  );
  assert.equal(exitCodeOf({ kind: "nagios", level: 2 }), 2);
});

test("an error without a code is a failure", () => {
  assert.equal(failed(new Error("x")), 1);
  assert.equal(failed(undefined), 1);
});

test("wrong usage and wrong configuration answer 2, an interruption 130", () => {
  assert.equal(failed(new DrError("USAGE_LSN", { value: "x" })), 2);
  assert.equal(failed(new DrError("CONFIG_MISSING", { name: "BACKUP_DIR" })), 2);
  const details = { location: "/x", known: "/y" };
  assert.equal(failed(new DrError("RESTORE_TABLESPACE_UNKNOWN", details)), 2);
  assert.equal(failed(new DrError("USAGE_INTERRUPTED", { signal: "SIGINT" })), 130);
});

test("what is refused for safety answers 3", () => {
  const details = { directory: "/x", found: "base" };
  assert.equal(failed(new DrError("RESTORE_TARGET_NOT_EMPTY", details)), 3);
});

test("wal push answers 0 or 1, whatever happened; other commands their code", () => {
  const answers = [0, 1, 2, 3, 4, 5, 130].map((code) => exitCodeFor("wal push", code));
  assert.deepEqual(answers, [0, 1, 1, 1, 1, 1, 1]);
  assert.equal(exitCodeFor("wal fetch", 64), 64);
});
