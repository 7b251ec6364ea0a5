/**
 * What a restored copy loads at its start. A library that is not installed here would stop the start, and one that runs jobs would
 * act on the copy as if it were production: both are left out by name, and said; everything else is kept, because data
 * may need it. Pure.
 *
 * Follows SplitDirectoriesString in src/backend/utils/adt/varlena.c and load_libraries in utils/init/miscinit.c.
 */
import { DrError } from "../core/errors.ts";
import { JOB_LIBRARIES } from "./isolation.ts";

/** A library that the copy does not load. `job`: it would act by itself; `missing`: it is not installed here. */
export type LeftOutLibrary = { readonly name: string; readonly reason: "job" | "missing" };

/** What is loaded, as a value of `shared_preload_libraries`, and what is not. */
export type PreloadedLibraries = {
  readonly value: string;
  readonly leftOut: readonly LeftOutLibrary[];
};

const QUOTED_OR_BARE = /"((?:[^"]|"")*)"|[^,"]+/g;

/** The names in a value of `shared_preload_libraries`. */
export function librariesIn(value: string): readonly string[] {
  return [...value.matchAll(QUOTED_OR_BARE)]
    .map(([bare, quoted]) => (quoted === undefined ? bare.trim() : quoted.replaceAll('""', '"')))
    .filter((name) => name !== "");
}

/** The library's own name: without directory and ending. */
export function libraryName(library: string): string {
  return (library.split("/").at(-1) ?? library).replace(/\.(?:so|dylib|dll)$/, "");
}

function quoted(name: string): string {
  return /^[\w$./-]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Decides for each library of a value. `missing`: those known not to be installed. */
export function preloadedLibraries(
  value: string,
  missing: ReadonlySet<string>,
): PreloadedLibraries {
  const kept: string[] = [];
  const leftOut: LeftOutLibrary[] = [];
  for (const name of librariesIn(value)) {
    if (JOB_LIBRARIES.has(libraryName(name))) {
      leftOut.push({ name, reason: "job" });
    } else if (missing.has(name)) {
      leftOut.push({ name, reason: "missing" });
    } else {
      kept.push(name);
    }
  }
  return { value: kept.map(quoted).join(", "), leftOut };
}

/**
 * Which library brings which resource manager of WAL no server tells, so while one that is preloaded is missing, replay may stop in
 * the middle: told before anything is written. @throws DrError `RESTORE_RESOURCE_MANAGER_MISSING`.
 */
export function requireResourceManagers(
  managers: readonly string[],
  missing: ReadonlySet<string>,
): void {
  if (managers.length > 0 && missing.size > 0) {
    throw new DrError("RESTORE_RESOURCE_MANAGER_MISSING", {
      managers: managers.join(", "),
      libraries: [...missing].join(", "),
    });
  }
}

/** The last value of the setting in a configuration file; undefined when it does not set it. */
export function preloadSettingIn(configuration: string): string | undefined {
  const line =
    /^[ \t]*shared_preload_libraries[ \t]*(?:=[ \t]*|[ \t])(?:'((?:[^'\\]|''|\\.)*)'|([^\s#']+))/gim;
  const found = [...configuration.matchAll(line)].at(-1);
  return found?.[1]?.replaceAll("''", "'") ?? found?.[2];
}
