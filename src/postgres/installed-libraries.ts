/**
 * Which loadable libraries stand beside a server's programs. `$libdir` is fixed when PostgreSQL is built and moves with the
 * programs; no program but `pg_config`, which is often not installed, tells it, so it is known by a library that every
 * server has.
 *
 * Follows make_relative_path in src/port/path.c and expand_dynamic_library_name in src/backend/utils/fmgr/dfmgr.c.
 */
import { access } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import type { ServerBinaries } from "./server-binaries.ts";

const ENDINGS = ["", ".so", ".dylib"] as const;

/** In every installation of a server since 9.0. */
const ALWAYS_THERE = "libpqwalreceiver";

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    // Out of reach for us is out of reach for a server of the same account; for another one the start tells.
    return false;
  }
}

async function isLibrary(path: string): Promise<boolean> {
  for (const ending of ENDINGS) {
    if (await isThere(`${path}${ending}`)) {
      return true;
    }
  }
  return false;
}

/** The directory that `$libdir` stands for; undefined when none of the usual places is it. */
async function libraryDirectory(binaries: ServerBinaries): Promise<string | undefined> {
  const { binDirectory } = binaries;
  const above = dirname(binDirectory);
  const places = [
    join(above, "lib"),
    join(above, "lib", "postgresql"),
    join(above, "lib64", "pgsql"),
    // Alpine: /usr/libexec/postgresql18 and /usr/lib/postgresql18.
    join(dirname(above), "lib", basename(binDirectory)),
  ];
  for (const place of places) {
    if (await isLibrary(join(place, ALWAYS_THERE))) {
      return place;
    }
  }
  return undefined;
}

/** Those of `names` that are not installed with these programs; none where their directory is not known. */
export async function missingLibraries(
  binaries: ServerBinaries,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const directory = await libraryDirectory(binaries);
  const missing = new Set<string>();
  if (directory === undefined) {
    return missing;
  }
  for (const name of names) {
    const path = isAbsolute(name) ? name : join(directory, name.replace(/^\$libdir\//, ""));
    if (!(await isLibrary(path))) {
      missing.add(name);
    }
  }
  return missing;
}
