/** Files that an installation puts outside its own directory, for other programs: it replaces and removes only what it wrote itself. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { errnoOf } from "../../files/file-error.ts";

/** Stands at the head of each. */
export const OUR_MARK = '# Written by "pra schedule install"';

/** A file's text; undefined: there is none. @throws DrError `CONFIG_SCHEDULE_FILE`. */
export async function ourFileText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      return undefined;
    }
    throw new DrError(
      "CONFIG_SCHEDULE_FILE",
      { path, reason: errnoOf(error) ?? "?" },
      { cause: error },
    );
  }
}

/**
 * Puts a file of ours in place of an older one of ours; false: it was there already. logrotate and systemd refuse files that others may write.
 * @throws DrError `CONFIG_SCHEDULE_FOREIGN` for a file that somebody else wrote, `CONFIG_SCHEDULE_FILE`.
 */
export async function putOurFile(path: string, text: string): Promise<boolean> {
  const before = await ourFileText(path);
  if (before === text) {
    return false;
  }
  if (before?.startsWith(OUR_MARK) === false) {
    throw new DrError("CONFIG_SCHEDULE_FOREIGN", { path });
  }
  // Neither logrotate nor systemd reads a name that ends so; one that a kill left is written over by the next installation.
  const temporary = join(dirname(path), `.${basename(path)}.swp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    failpoint("schedule.put-file");
    await writeFile(temporary, text, { mode: 0o644, flush: true });
    await rename(temporary, path);
    return true;
  } catch (error) {
    await rm(temporary, { force: true });
    throw new DrError(
      "CONFIG_SCHEDULE_FILE",
      { path, reason: errnoOf(error) ?? "?" },
      { cause: error },
    );
  }
}

/** Removes a file of ours; false: it was not there, or is somebody else's. @throws DrError `CONFIG_SCHEDULE_FILE`. */
export async function removeOurFile(path: string): Promise<boolean> {
  if ((await ourFileText(path))?.startsWith(OUR_MARK) !== true) {
    return false;
  }
  try {
    failpoint("schedule.remove-file");
    await rm(path);
    return true;
  } catch (error) {
    throw new DrError(
      "CONFIG_SCHEDULE_FILE",
      { path, reason: errnoOf(error) ?? "?" },
      { cause: error },
    );
  }
}
