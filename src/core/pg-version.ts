/**
 * Versions of PostgreSQL. Formats on disk and on the wire depend on the major version alone; the minor
 * matters for known defects. A major nobody has tried here must never be taken for a tried one.
 *
 * Follows "server_version_num" of the documentation: since 10, major * 10000 + minor.
 */
import { DrError } from "./errors.ts";

/** The majors every promise is tested on. */
export const supportedMajors = [14, 15, 16, 17, 18] as const;

/** A major every promise is tested on. */
export type SupportedMajor = (typeof supportedMajors)[number];

/** A version as a server or a program states it. `text` is for people ("18.4", "15.18 (Debian ...)"). */
export type PgVersion = {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
};

/** True for a major every promise is tested on. */
export function isSupportedMajor(major: number): major is SupportedMajor {
  return (supportedMajors as readonly number[]).includes(major);
}

/** Narrows to a tested major. @throws DrError `PG_MAJOR_UNTESTED`. */
export function requireSupportedMajor(major: number): SupportedMajor {
  if (!isSupportedMajor(major)) {
    throw new DrError("PG_MAJOR_UNTESTED", { major, tested: supportedMajors.join(", ") });
  }
  return major;
}

/** Of the setting `server_version_num`, 180004. @throws DrError `PG_VERSION_UNREADABLE` below 100000. */
export function versionOfNumber(versionNumber: number): PgVersion {
  if (!Number.isInteger(versionNumber) || versionNumber < 100_000 || versionNumber > 9_999_999) {
    throw new DrError("PG_VERSION_UNREADABLE", { text: String(versionNumber) });
  }
  const major = Math.floor(versionNumber / 10_000);
  const minor = versionNumber % 10_000;
  return { major, minor, text: `${major}.${minor}` };
}

/**
 * Of what `postgres --version` and `pg_config --version` print: "postgres (PostgreSQL) 18.4 (Debian ...)".
 * A version before its release ("19beta1", "19devel") has minor 0. @throws DrError `PG_VERSION_UNREADABLE`.
 */
export function versionOfProgram(output: string): PgVersion {
  const line = output.split("\n", 1)[0] ?? "";
  const match = /\b(?:PostgreSQL\)?) (([1-9]\d)(?:\.(\d{1,4})|beta\d+|rc\d+|devel)\b.*)$/.exec(
    line,
  );
  if (match === null) {
    throw new DrError("PG_VERSION_UNREADABLE", { text: line.slice(0, 200) });
  }
  return {
    major: Number(match[2]),
    minor: Number(match[3] ?? 0),
    text: (match[1] ?? "").trim(),
  };
}

/** Of a data directory's `PG_VERSION` file: "18\n". @throws DrError `PG_VERSION_UNREADABLE`. */
export function majorOfVersionFile(content: string): number {
  const match = /^([1-9]\d)\n?$/.exec(content);
  if (match === null) {
    throw new DrError("PG_VERSION_UNREADABLE", { text: content.slice(0, 20).trim() });
  }
  return Number(match[1]);
}
