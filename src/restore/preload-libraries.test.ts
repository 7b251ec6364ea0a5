import assert from "node:assert/strict";
import { test } from "node:test";

import { isDrError } from "../core/errors.ts";
import {
  librariesIn,
  preloadSettingIn,
  preloadedLibraries,
  requireResourceManagers,
} from "./preload-libraries.ts";

test("libraries are read as the server reads them: commas, blanks, quotes, paths", () => {
  assert.deepEqual(librariesIn(' pg_cron,"odd, name" , $libdir/auto_explain.so'), [
    "pg_cron",
    "odd, name",
    "$libdir/auto_explain.so",
  ]);
  assert.deepEqual(librariesIn(""), []);
});

test("a library that runs jobs and one that is not installed are left out by name, the others kept in order", () => {
  const value = 'pg_stat_statements, $libdir/pg_cron.so, nowhere, "odd, name"';
  assert.deepEqual(preloadedLibraries(value, new Set(["nowhere"])), {
    value: 'pg_stat_statements, "odd, name"',
    leftOut: [
      { name: "$libdir/pg_cron.so", reason: "job" },
      { name: "nowhere", reason: "missing" },
    ],
  });
});

test("the last line of a configuration file counts, a comment does not", () => {
  const text =
    "shared_preload_libraries = 'a'\n  Shared_Preload_Libraries 'b, c' # d\n#shared_preload_libraries = 'e'\n";
  assert.equal(preloadSettingIn(text), "b, c");
  assert.equal(preloadSettingIn("shared_preload_libraries = pg_cron\n"), "pg_cron");
  assert.equal(preloadSettingIn("port = 1\n"), undefined);
});

test("L51 a missing library is refused with RESTORE_RESOURCE_MANAGER_MISSING only where WAL may need it", () => {
  requireResourceManagers([], new Set(["gone"]));
  requireResourceManagers(["example rows"], new Set());
  assert.throws(
    () => {
      requireResourceManagers(["example rows"], new Set(["gone"]));
    },
    (error: unknown) =>
      isDrError(error, "RESTORE_RESOURCE_MANAGER_MISSING") &&
      /example rows.* gone is not installed here/.test(error.message) &&
      /PRA_PG_BIN_DIR/.test(error.hint),
  );
});
