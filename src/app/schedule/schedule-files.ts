/**
 * What this host remembers of its schedule, under `<state directory>/schedule/<cluster>/`: what was installed, and each job's runs. Numbered
 * files, so that two processes never undo each other, and no repository is needed to know what ran.
 */
import { join } from "node:path";
import * as z from "zod/mini";
import { DrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { scheduleNoteAttemptsMax } from "../../core/limits.ts";
import { NumberedFile } from "../../files/numbered-file.ts";
import type { Environment } from "../environment.ts";
import { jobIds } from "./job.ts";
import { type RunHistory, decodeHistory, emptyHistory, encodeHistory } from "./run-history.ts";

type Call = { readonly signal: AbortSignal };
type Place = Pick<Environment, "stateDirectory" | "cluster">;

const text = z.string().check(z.maxLength(8192));

const installedSchema = z.object({
  version: z.literal(1),
  kind: z.enum(["cron", "systemd", "systemd-user", "daemon", "none"]),
  /** Of `daemon`: whose manager keeps it at work; null: a person, or a container. Notes of before have none. */
  service: z._default(z.nullable(z.enum(["systemd", "systemd-user"])), null),
  installedAt: z.iso.datetime(),
  programDirectory: text,
  /** What every command is given. */
  commonWords: z.array(text),
  logDirectory: text,
  account: text,
  fullEveryHour: z.boolean(),
  /** Whether the monthly load test runs on this host. */
  loadTest: z._default(z.boolean(), true),
  /** Where the rotation of the logs is described; null: nowhere. */
  rotationFile: z.nullable(text),
  jobs: z.array(
    z.object({
      id: z.enum(jobIds),
      pattern: text,
      program: text,
      words: z.array(text),
      /** From when on this job, as it is, was to run. */
      since: z.iso.datetime(),
    }),
  ),
});

/** What was installed; `kind` "none" when it was removed. */
export type Installed = z.infer<typeof installedSchema>;

/** Where the schedule's files lie. */
export function scheduleDirectory({ stateDirectory, cluster }: Place): string {
  return join(stateDirectory, "schedule", cluster);
}

/** One file for each job that ran. */
export function logDirectory(place: Place): string {
  return join(scheduleDirectory(place), "logs");
}

function installedFile(place: Place): NumberedFile {
  return new NumberedFile({ directory: scheduleDirectory(place), base: "installed" });
}

function parseInstalled(content: Buffer): Installed | undefined {
  try {
    const parsed = installedSchema.safeParse(JSON.parse(content.toString("utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined when nothing was ever installed here, or what was noted cannot be read. @throws DrError `STORE_IO`. */
export async function readInstalled(place: Place, call: Call): Promise<Installed | undefined> {
  const state = await installedFile(place).read(call);
  return state === undefined ? undefined : parseInstalled(state.content);
}

/** @throws DrError `STORE_IO`, `STORE_DISK_FULL`; `CONFIG_SCHEDULE_BUSY` when another process noted something else meanwhile. */
export async function writeInstalled(
  place: Place,
  installed: Installed,
  call: Call,
): Promise<void> {
  const file = installedFile(place);
  const state = await file.read(call);
  const content = Buffer.from(`${JSON.stringify(installed, undefined, 2)}\n`);
  failpoint("schedule.note-installed");
  if (!(await file.write({ number: (state?.number ?? 0) + 1, content }, call))) {
    throw new DrError("CONFIG_SCHEDULE_BUSY", {});
  }
}

function historyFile(place: Place, job: string): NumberedFile {
  return new NumberedFile({ directory: join(scheduleDirectory(place), "runs"), base: job });
}

/** What is known of a job's runs. @throws DrError `STORE_IO`. */
export async function readHistory(place: Place, job: string, call: Call): Promise<RunHistory> {
  const state = await historyFile(place, job).read(call);
  return state === undefined ? emptyHistory : decodeHistory(state.content);
}

/**
 * Changes what is known of a job's runs, as one step: `change` may be asked again about a newer state. It answers the new state and what to
 * hand back; no new state: nothing is written. @throws DrError `STORE_IO`, `STORE_DISK_FULL`, `CONFIG_SCHEDULE_BUSY`.
 */
export async function changeHistory<T>(
  place: Place,
  job: string,
  change: (history: RunHistory) => { readonly next: RunHistory | undefined; readonly answer: T },
  call: Call,
): Promise<T> {
  const file = historyFile(place, job);
  for (let attempt = 0; attempt < scheduleNoteAttemptsMax; attempt += 1) {
    const state = await file.read(call);
    const { next, answer } = change(
      state === undefined ? emptyHistory : decodeHistory(state.content),
    );
    if (next === undefined) {
      return answer;
    }
    failpoint("schedule.note-run");
    if (
      await file.write({ number: (state?.number ?? 0) + 1, content: encodeHistory(next) }, call)
    ) {
      return answer;
    }
  }
  throw new DrError("CONFIG_SCHEDULE_BUSY", {});
}
