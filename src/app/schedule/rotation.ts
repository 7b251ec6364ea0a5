/**
 * The rotation of the logs, for the real logrotate. Without `copytruncate`: what a job writes between the copy and the truncation would be
 * lost, and no job keeps a log open for longer than one run. A file that is being written while it is put aside is written to its end
 * under its new name, which `delaycompress` leaves alone until the next rotation; the next run opens the new file.
 * The system's own logrotate does it for root; other accounts get a line in their schedule.
 */
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../../core/errors.ts";
import { errnoOf } from "../../files/file-error.ts";
import { type JobCommand, jobIds } from "./job.ts";
import { OUR_MARK } from "./our-files.ts";

const SYSTEM_FOLDER = "/etc/logrotate.d";

/** How logs are rotated. */
export type Rotation = {
  readonly path: string;
  readonly text: string;
  /** What this account has to run for it; undefined: the system does it. */
  readonly command: JobCommand | undefined;
  /** False: no logrotate was found, and nothing rotates. */
  readonly available: boolean;
};

async function findProgram(): Promise<string | undefined> {
  for (const folder of ["/usr/sbin", "/usr/bin", "/sbin", "/usr/local/sbin"]) {
    const path = join(folder, "logrotate");
    try {
      await access(path, constants.X_OK);
      return path;
    } catch (error) {
      if (errnoOf(error) === undefined) {
        throw error;
      }
    }
  }
  return undefined;
}

/** logrotate reads names as a shell would: quotes around, and patterns in them. */
function logrotateName(path: string): string {
  if (/["\\*?[\]{}\n]/.test(path)) {
    throw new DrError("CONFIG_SCHEDULE_PATH", { path: JSON.stringify(path) });
  }
  return `"${path}"`;
}

/** The file's text. @throws DrError `CONFIG_SCHEDULE_PATH` for a directory that logrotate cannot be told. */
export function rotationText(logDirectory: string): string {
  return [
    `${OUR_MARK}: the logs of its jobs.`,
    ...jobIds.map((id) => logrotateName(join(logDirectory, `${id}.log`))),
    "{",
    "    weekly",
    "    maxsize 20M",
    "    rotate 8",
    "    missingok",
    "    notifempty",
    "    create 600",
    "    # No copytruncate: it loses what is written in between. A run that goes on writes into the old file.",
    "    compress",
    "    delaycompress",
    "}",
    "",
  ].join("\n");
}

/** How it is done for this account. */
export async function rotationFor(place: {
  readonly cluster: string;
  readonly logDirectory: string;
  readonly scheduleDirectory: string;
  readonly isRoot: boolean;
}): Promise<Rotation> {
  const { cluster, logDirectory, scheduleDirectory, isRoot } = place;
  const program = await findProgram();
  const available = program !== undefined;
  const text = rotationText(logDirectory);
  const bySystem =
    isRoot &&
    (await access(SYSTEM_FOLDER, constants.W_OK).then(
      () => true,
      (error: unknown) => {
        if (errnoOf(error) === undefined) {
          throw error;
        }
        return false;
      },
    ));
  if (bySystem) {
    return { path: join(SYSTEM_FOLDER, `pra-${cluster}`), text, command: undefined, available };
  }
  const path = join(scheduleDirectory, "logrotate.conf");
  const words = ["-s", join(scheduleDirectory, "logrotate.state"), path];
  return { path, text, available, command: available ? { program, words } : undefined };
}
