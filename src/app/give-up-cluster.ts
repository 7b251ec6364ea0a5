/**
 * A stopped cluster that a restore with `--delta` makes into another is lost: it must be this backup's own cluster, and somebody must
 * have named it twice. An isolated copy that nobody adopted is no loss: it is made anew as often as people like.
 */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";
import { errnoOf } from "../files/file-error.ts";
import { type ControlFile, parseControlFile } from "../postgres/control-file.ts";
import type { ServerIdentity } from "../repository/root.ts";
import { withoutIsolationBlock } from "../restore/isolation.ts";

/** Its content; undefined when it is not there. */
async function contentOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

/** Undefined: missing or damaged, as in a directory that needs this restore. */
async function controlOf(directory: string): Promise<ControlFile | undefined> {
  const content = await contentOf(join(directory, "global", "pg_control"));
  try {
    return content === undefined ? undefined : parseControlFile(content);
  } catch (error) {
    if (isDrError(error)) {
      return undefined;
    }
    throw error;
  }
}

async function isIsolatedCopy(directory: string): Promise<boolean> {
  const content = await contentOf(join(directory, "postgresql.auto.conf"));
  const settings = content?.toString("utf8") ?? "";
  return withoutIsolationBlock(settings) !== settings;
}

/**
 * Holds the cluster in `directory` against the backup that shall take its place, and what was typed against its name.
 * @throws DrError `RESTORE_DELTA_FOREIGN`, `RESTORE_DELTA_UNCONFIRMED`; nothing was touched.
 */
export async function requireGivenUp(
  directory: string,
  backup: { readonly server: ServerIdentity; readonly confirm: string | undefined },
): Promise<void> {
  const control = await controlOf(directory);
  const theirs = control === undefined ? undefined : String(control.systemId);
  const ours = backup.server.systemId;
  if (theirs !== undefined && theirs !== ours) {
    throw new DrError("RESTORE_DELTA_FOREIGN", { directory, theirs, ours });
  }
  const name = basename(directory);
  if (backup.confirm !== name && !(await isIsolatedCopy(directory))) {
    const state = control?.state ?? "–";
    const seconds = control?.checkpointCopy.timeEpochSeconds;
    const time = seconds === undefined ? "–" : new Date(seconds * 1000).toISOString();
    throw new DrError("RESTORE_DELTA_UNCONFIRMED", { directory, name, state, time });
  }
}
