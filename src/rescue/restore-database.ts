/**
 * A restore test of one database, from whatever holds it: the database is made anew on the server for tests, filled, counted, and compared
 * with what was counted where it came from. Nothing but that one database is dropped. Killed anywhere, the same call begins anew.
 */
import type { Clock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import type { Random } from "../core/random.ts";
import { takeCensus } from "../dump/census.ts";
import type { ClientPrograms } from "../dump/client-programs.ts";
import { placeOf } from "../postgres/connection-settings.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import type { Census } from "../repository/dump-document.ts";
import { type RestoreFinding, compareCensus, noteOf, problemOf } from "./compare-census.ts";
import {
  type DatabaseArchives,
  type RestorePhase,
  type TimedPhase,
  restoreArchives,
} from "./restore-archives.ts";
import type { DatabaseShape, TargetDatabase } from "./target-database.ts";

/** Where a database comes from, opened. */
export type DatabaseSource = {
  /** For people and for the mark: `dump 0123…`, a file's name. */
  readonly label: string;
  /** Undefined when nobody recorded it. */
  readonly major: number | undefined;
  readonly shape: DatabaseShape | undefined;
  readonly census: Census | undefined;
  /** The instant of its data, as text. */
  readonly at: string | undefined;
  /** Archives, or a way of its own to fill an empty database. */
  readonly content:
    | { readonly kind: "archives"; readonly archives: DatabaseArchives }
    | { readonly kind: "program"; readonly fill: (keepOwners: boolean) => Promise<void> };
};

/** How to restore. */
export type RestoreDatabaseOptions = {
  readonly source: DatabaseSource;
  readonly target: TargetDatabase;
  readonly programs: ClientPrograms;
  readonly applicationName: string;
  readonly jobs: number;
  /** Make roles that the target's server lacks, without a right to log in. */
  readonly makeRoles: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly onPhase: (phase: RestoreDatabasePhase) => void;
  readonly signal: AbortSignal;
};

/** Where a restore stands. */
export type RestoreDatabasePhase = RestorePhase | "create" | "checks";

/** What is there now. */
export type RestoredDatabase = {
  readonly census: Census;
  readonly findings: readonly RestoreFinding[];
  readonly phases: readonly TimedPhase[];
};

/** Whether objects go to their owners, and what there is to say about it. */
async function settleOwners(
  options: RestoreDatabaseOptions,
): Promise<{ readonly keepOwners: boolean; readonly findings: readonly RestoreFinding[] }> {
  const { source, target, makeRoles } = options;
  const roles = source.census?.roles ?? [];
  const missing = await target.missingRoles(roles);
  if (missing.length > 0 && makeRoles) {
    await target.createRoles(missing);
    return { keepOwners: true, findings: [noteOf("rolesMade", missing.join(", "))] };
  }
  const ungivable = await target.ungivableOwners(Object.keys(source.census?.owners ?? {}));
  const left = [...new Set([...missing, ...ungivable])];
  return left.length === 0
    ? { keepOwners: true, findings: [] }
    : { keepOwners: false, findings: [noteOf("ownersLeftOut", left.join(", "))] };
}

async function fill(
  options: RestoreDatabaseOptions,
  keepOwners: boolean,
): Promise<readonly TimedPhase[]> {
  const { source, target, programs, clock, onPhase } = options;
  const { content } = source;
  if (content.kind === "archives") {
    const { settings, name: database } = target;
    const { directory } = programs;
    return await restoreArchives(content.archives, {
      ...options,
      settings,
      database,
      directory,
      keepOwners,
    });
  }
  onPhase("data");
  const began = clock.monotonic();
  await content.fill(keepOwners);
  return [{ name: "data", durationMs: Math.round(clock.monotonic() - began) }];
}

async function check(
  options: RestoreDatabaseOptions,
  keepOwners: boolean,
): Promise<Pick<RestoredDatabase, "census" | "findings">> {
  const { source, target, applicationName, signal } = options;
  await using session = await SqlSession.open(target.settings, {
    database: target.name,
    applicationName,
    signal,
  });
  const census = await takeCensus(session, { signal });
  if (source.census === undefined) {
    const invalid = census.invalidIndexes.map((name) => problemOf("indexInvalid", name));
    const empty = census.tables.length === 0 ? [problemOf("empty", source.label)] : [];
    return { census, findings: [noteOf("nothingRecorded", source.label), ...invalid, ...empty] };
  }
  return { census, findings: compareCensus(source.census, census, { ownersKept: keepOwners }) };
}

/** @throws DrError `RESTORE_DB_NEWER`: an older server cannot take it. */
export function requireNewEnough(source: DatabaseSource, target: TargetDatabase): void {
  const { major } = target.server;
  if (source.major !== undefined && source.major > major) {
    throw new DrError("RESTORE_DB_NEWER", {
      source: source.label,
      sourceMajor: source.major,
      where: placeOf(target.settings),
      major,
    });
  }
}

/**
 * Restores and checks. What may be dropped was settled before. @throws DrError `RESTORE_DB_*`, `PG_*`, what the source throws; the
 * signal's reason: then the database is incomplete, and marked as ours.
 */
export async function restoreDatabase(options: RestoreDatabaseOptions): Promise<RestoredDatabase> {
  const { source, target, clock, onPhase } = options;
  requireNewEnough(source, target);
  onPhase("create");
  const began = clock.monotonic();
  const owners = await settleOwners(options);
  await failpointAsync("restore-db.drop", { signal: options.signal });
  await target.drop();
  await failpointAsync("restore-db.create", { signal: options.signal });
  await target.create(source.shape, source.label);
  const created = { name: "create", durationMs: Math.round(clock.monotonic() - began) };
  const filled = await fill(options, owners.keepOwners);
  onPhase("checks");
  await failpointAsync("restore-db.check", { signal: options.signal });
  const checking = clock.monotonic();
  const { census, findings } = await check(options, owners.keepOwners);
  const checked = { name: "checks", durationMs: Math.round(clock.monotonic() - checking) };
  return {
    census,
    findings: [...owners.findings, ...findings],
    phases: [created, ...filled, checked],
  };
}
