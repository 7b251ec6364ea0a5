/**
 * Where a proof's throw-away server lives: a directory of its own under PRA_SPOOL_DIR, else under the system's directory for
 * temporary files. What killed proofs left is removed first: a directory whose lock names a dead process is nobody's.
 */
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { proofAbandonedMs } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import { LOCAL_LOCK_PREFIX, acquireLocalLock } from "../files/local-lock.ts";
import { entryExists } from "../restore/restored-file.ts";
import type { Environment } from "./environment.ts";

/** Ours, and no one else's: see `mkdtemp`. */
const NAME = /^pra-proof-[A-Za-z0-9]{6}$/;

type Options = {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
};

/** A proof's directory; disposing of it removes it with everything in it. */
export interface ProofDirectory extends AsyncDisposable {
  /** Does not exist yet. */
  readonly workDirectory: string;
}

/** Where throw-away servers' directories are made. */
export function throwawayBase(environment: Environment): string {
  return environment.settings.has("PRA_SPOOL_DIR") ? environment.spoolDirectory : tmpdir();
}

/** Removes one leftover, unless somebody alive holds it or it is too young to tell. */
async function removeAbandoned(path: string, options: Options): Promise<void> {
  const facts = await stat(path);
  const names: readonly string[] = await readdir(path);
  const marked = names.some((name) => name.startsWith(LOCAL_LOCK_PREFIX));
  const young = options.clock.now() - facts.mtimeMs < proofAbandonedMs;
  if (!facts.isDirectory() || facts.uid !== process.getuid?.() || (!marked && young)) {
    return;
  }
  await using _lock = await acquireLocalLock(path, options);
  await rm(path, { recursive: true, force: true });
}

async function removeLeftovers(base: string, options: Options): Promise<void> {
  const names: readonly string[] = await readdir(base);
  for (const name of names.filter((each) => NAME.test(each))) {
    try {
      await removeAbandoned(join(base, name), options);
    } catch (error) {
      // Held by a proof that runs, or gone since it was listed: its owner has ended.
      if (!isDrError(error, "RESTORE_LOCKED") && (await entryExists(join(base, name)))) {
        throw error;
      }
    }
  }
}

/** Takes a directory that was just made; where that fails, it does not stay. */
async function lockOwn(directory: string, options: Options): ReturnType<typeof acquireLocalLock> {
  try {
    // The server's account passes through; what it may read lies in a directory of its own.
    await chmod(directory, 0o711);
    return await acquireLocalLock(directory, options);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Makes the directory. @throws DrError `RESTORE_FILE_IO`, `RESTORE_DISK_FULL`. */
export async function openProofDirectory(
  environment: Environment,
  options: Options,
): Promise<ProofDirectory> {
  const base = throwawayBase(environment);
  try {
    await mkdir(base, { recursive: true });
    await removeLeftovers(base, options);
    const directory = await mkdtemp(join(base, "pra-proof-"));
    const lock = await lockOwn(directory, options);
    return {
      workDirectory: join(directory, "work"),
      [Symbol.asyncDispose]: async () => {
        await lock[Symbol.asyncDispose]();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    if (isDrError(error)) {
      throw error;
    }
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new DrError(
      "RESTORE_FILE_IO",
      { operation: "mkdir", path: base, reason },
      { cause: error },
    );
  }
}
