/**
 * The rotation of the logs, for the real logrotate. Without `copytruncate`: what a job writes between the copy and the truncation would be
 * lost, and no job keeps a log open for longer than one run. A file that is being written while it is put aside is written to its end
 * under its new name, which `delaycompress` leaves alone until the next rotation; the next run opens the new file.
 * The system's own logrotate does it for root; other accounts get a line in their schedule.
 */
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../../core/errors.ts";
import { scheduleProgramMs } from "../../core/limits.ts";
import { errnoOf } from "../../files/file-error.ts";
import { runProgram } from "../../postgres/run-program.ts";
import { type JobCommand, jobIds } from "./job.ts";
import { OUR_MARK } from "./our-files.ts";

const SYSTEM_FOLDER = "/etc/logrotate.d";

/** How logs are rotated. */
export type Rotation = {
  readonly path: string;
  readonly text: string;
  /** What this account has to run for it; undefined: the system does it. */
  readonly command: JobCommand | undefined;
  /** Undefined: no logrotate was found, and nothing rotates. */
  readonly program: string | undefined;
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
    return { path: join(SYSTEM_FOLDER, `pra-${cluster}`), text, command: undefined, program };
  }
  const path = join(scheduleDirectory, "logrotate.conf");
  const words = ["-s", join(scheduleDirectory, "logrotate.state"), path];
  return { path, text, program, command: program === undefined ? undefined : { program, words } };
}

/** S70: what is wrong with the file as it lies there, by logrotate's own trial run, which changes nothing; undefined: nothing is. */
export async function tryRotation(
  { program, path }: Rotation,
  { signal }: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  if (program === undefined) {
    return undefined;
  }
  const result = await runProgram(program, ["-d", "-s", `${path}.state`, path], {
    account: { name: "", uid: 0, gid: 0, switched: false },
    signal: AbortSignal.any([signal, AbortSignal.timeout(scheduleProgramMs)]),
  });
  if (result.state === "unstartable") {
    return result.reason;
  }
  const told = result.errorOutput.split("\n").find((line) => line.startsWith("error:"));
  return result.code === 0 && told === undefined ? undefined : (told ?? `exit ${result.code}`);
}
