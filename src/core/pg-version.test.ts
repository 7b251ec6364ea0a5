import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { errorText, isDrError } from "./errors.ts";
import {
  isSupportedMajor,
  majorOfVersionFile,
  requireSupportedMajor,
  versionOfNumber,
  versionOfProgram,
} from "./pg-version.ts";

test("what programs print is read, with the distribution's suffix kept for people", () => {
  assert.deepEqual(versionOfProgram("postgres (PostgreSQL) 18.4\n"), {
    major: 18,
    minor: 4,
    text: "18.4",
  });
  assert.deepEqual(versionOfProgram("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), {
    major: 15,
    minor: 14,
    text: "15.14 (Debian 15.14-0+deb12u1)",
  });
  assert.deepEqual(versionOfProgram("PostgreSQL 17.2"), { major: 17, minor: 2, text: "17.2" });
  assert.deepEqual(versionOfProgram("postgres (PostgreSQL) 19beta1"), {
    major: 19,
    minor: 0,
    text: "19beta1",
  });
  assert.equal(versionOfProgram("postgres (PostgreSQL) 19devel").major, 19);
});

test("anything else is refused with PG_VERSION_UNREADABLE", () => {
  for (const output of ["", "postgres (PostgreSQL) 9.6.24", "postgres: not found", "18.4"]) {
    assert.throws(() => versionOfProgram(output), { code: "PG_VERSION_UNREADABLE" });
  }
  for (const value of [0, 90624, 180004.5, Number.NaN, 10_000_000]) {
    assert.throws(() => versionOfNumber(value), { code: "PG_VERSION_UNREADABLE" });
  }
  for (const content of ["", "9.6\n", "18\n\n", " 18"]) {
    assert.throws(() => majorOfVersionFile(content), { code: "PG_VERSION_UNREADABLE" });
  }
});

test("server_version_num and the printed form agree", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 99 }),
      fc.integer({ min: 0, max: 99 }),
      (major, minor) => {
        const version = versionOfNumber(major * 10_000 + minor);
        assert.deepEqual(versionOfProgram(`postgres (PostgreSQL) ${version.text}`), version);
        assert.equal(majorOfVersionFile(`${major}\n`), major);
      },
    ),
  );
});

test("an untested major is refused with the flag that allows it", () => {
  assert.equal(isSupportedMajor(18), true);
  assert.equal(requireSupportedMajor(14), 14);
  assert.throws(
    () => requireSupportedMajor(19),
    (error) => {
      assert.ok(isDrError(error, "PG_MAJOR_UNTESTED"));
      assert.equal(
        error.message,
        "PostgreSQL 19 has not been tested with this version (tested: 14, 15, 16, 17, 18)",
      );
      assert.match(error.hint, /--allow-untested-major/);
      assert.match(errorText(error, "fr").message, /n'a pas été testé/);
      return true;
    },
  );
});
