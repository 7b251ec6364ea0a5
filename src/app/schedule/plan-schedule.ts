/**
 * What an installation of the schedule would put where, and what deserves a word about it. Everything that can be refused is refused here,
 * before anything is changed.
 */
import { access } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { DrError } from "../../core/errors.ts";
import type { Adapters } from "../compose.ts";
import { runningDaemon } from "../daemon/lock-daemon.ts";
import type { Environment } from "../environment.ts";
import { cronMayRun } from "./cron-daemon.ts";
import {
  type JobAccount,
  commonWordsFor,
  jobAccount,
  jobPrograms,
  requireScripts,
  requireStart,
} from "./cron-environment.ts";
import { type ForeignLine, type LinePlace, findBlock, foreignBackups } from "./cron-lines.ts";
import { readCrontab } from "./crontab-program.ts";
import { type FullForecast, forecastFull } from "./full-forecast.ts";
import { type AnchorEvery, type Job, anchorChoices, plannedJobs } from "./job.ts";
import { type Rotation, rotationFor } from "./rotation.ts";
import {
  type Installed,
  logDirectory,
  readInstalled,
  scheduleDirectory,
} from "./schedule-files.ts";
import type { Manager } from "./systemctl.ts";
import { type UnitFile, type UnitPlace, daemonUnit, unitFiles } from "./systemd-units.ts";

/** By what jobs are started. */
export type ScheduleKind = "cron" | Manager | "daemon";

/** What was asked for. */
export type InstallRequest = {
  readonly signal: AbortSignal;
  readonly kind: ScheduleKind;
  /** Of `daemon`: who keeps it at work. */
  readonly service: Manager | undefined;
  readonly dryRun: boolean;
  readonly fullEveryHour: boolean;
  /** Undefined: as it was installed before, else yes. */
  readonly loadTest: boolean | undefined;
  /** Of the second watcher's host. */
  readonly second: boolean;
};

/** What deserves a word after an installation. */
export type InstallNote =
  | { readonly id: "rotation-absent" }
  | { readonly id: "rotation-refused"; readonly reason: string }
  | { readonly id: "cron-absent" }
  | { readonly id: "replaced"; readonly directory: string }
  | { readonly id: "foreign"; readonly line: ForeignLine }
  | { readonly id: "full"; readonly forecast: FullForecast }
  | { readonly id: "systemd-absent"; readonly units: readonly string[] }
  | { readonly id: "daemon-absent" }
  | { readonly id: "linger"; readonly account: string };

/** All that an installation puts anywhere, before anything is put. */
export type Plan = {
  readonly account: JobAccount;
  readonly place: LinePlace;
  readonly jobs: readonly Job[];
  readonly rotation: Rotation;
  readonly units: readonly UnitFile[];
  readonly crontab: string;
  readonly fullEveryHour: boolean;
  readonly loadTest: boolean;
  readonly second: boolean;
};

/** Where the manager looks for units. */
export function unitDirectoryFor(manager: Manager, account: JobAccount): string {
  return manager === "systemd" ? "/etc/systemd/system" : join(account.home, ".config/systemd/user");
}

/** By whose manager units are kept; undefined: there are none. */
export function managerOf(of: {
  readonly kind: ScheduleKind | "none";
  readonly service?: Manager | null | undefined;
}): Manager | undefined {
  const { kind, service } = of;
  return kind === "daemon"
    ? (service ?? undefined)
    : kind === "cron" || kind === "none"
      ? undefined
      : kind;
}

function unitsFor(
  request: InstallRequest,
  jobs: readonly Job[],
  place: LinePlace,
  facts: { readonly environment: Environment; readonly account: JobAccount },
): readonly UnitFile[] {
  const manager = managerOf(request);
  if (manager === undefined) {
    return [];
  }
  const { environment, account } = facts;
  const { backupDirectory, stateDirectory, spoolDirectory, connection, log } = environment;
  const { programDirectory } = place;
  const units: UnitPlace = {
    ...place,
    unitDirectory: unitDirectoryFor(manager, account),
    forUser: manager === "systemd-user",
    writable: [
      ...(backupDirectory === undefined ? [] : [backupDirectory]),
      stateDirectory,
      spoolDirectory,
      join(programDirectory, "dist"),
      join(programDirectory, "node_modules/.cache"),
      ...(log.file === undefined ? [] : [dirname(log.file)]),
    ],
    reached: [programDirectory, connection.host],
  };
  return request.kind === "daemon" ? [daemonUnit(units)] : unitFiles(jobs, units);
}

/** True when the hourly line takes full backups already: somebody asked for it by hand, and is to be obeyed. */
function takesFull(lines: readonly string[]): boolean {
  return lines.some((line) => line.includes("PRA_JOB=backup ") && /\s--full(?:\s|$)/.test(line));
}

/** One host cannot watch over its own silence, and one crontab has room for one schedule a cluster. @throws DrError `CONFIG_SCHEDULE_ROLE`. */
function requireRole(
  environment: Environment,
  { second }: InstallRequest,
  already: { readonly installed: Installed | undefined; readonly lines: readonly string[] },
): void {
  const { cluster } = environment;
  const { installed, lines } = already;
  const noted = installed?.jobs.map(({ id }) => id) ?? [];
  const isSecond = noted.includes("watch") || lines.some((line) => / run watch /.test(line));
  const isFirst = noted.includes("backup") || lines.some((line) => /PRA_JOB=backup /.test(line));
  if (second ? isFirst : isSecond) {
    throw new DrError("CONFIG_SCHEDULE_ROLE", { cluster });
  }
}

/** How often an anchor of the ledger is sent. */
function anchorEveryOf({ settings }: Environment): AnchorEvery {
  const chosen = settings.get("PRA_ANCHOR_EVERY")?.value;
  return anchorChoices.find((choice) => choice === chosen) ?? "week";
}

/** Looks and decides; nothing is changed. @throws DrError as `installSchedule`. */
export async function planInstallation(
  environment: Environment,
  request: InstallRequest,
): Promise<Plan> {
  const { kind, signal, second } = request;
  const { cluster, backupDirectory } = environment;
  const programDirectory = resolve(environment.programDirectory);
  const account = jobAccount();
  await requireScripts(environment, second ? ["pra"] : jobPrograms);
  const commonWords = commonWordsFor(environment, account);
  await requireStart(environment, account, { signal });
  const logs = logDirectory(environment);
  const place = { cluster, programDirectory, logDirectory: logs, commonWords };
  const rotation = await rotationFor({
    cluster,
    logDirectory: logs,
    scheduleDirectory: scheduleDirectory(environment),
    isRoot: account.isRoot,
  });
  const crontab = kind === "cron" ? ((await readCrontab({ signal })) ?? "") : "";
  const lines = findBlock(crontab, cluster)?.lines ?? [];
  const installed = await readInstalled(environment, { signal });
  requireRole(environment, request, { installed, lines });
  const loadTest = request.loadTest ?? installed?.loadTest ?? true;
  const fullEveryHour = request.fullEveryHour || takesFull(lines);
  const jobs = plannedJobs({
    seed: [hostname(), cluster, backupDirectory].join("\0"),
    fullEveryHour,
    commonWords,
    rotation: rotation.command,
    checks: kind !== "daemon",
    loadTest,
    anchorEvery: anchorEveryOf(environment),
    second,
  });
  const units = unitsFor(request, jobs, place, { environment, account });
  return { account, place, jobs, rotation, units, crontab, fullEveryHour, loadTest, second };
}

/** Another checkout's lines, while it is still there, are not ours to replace. */
async function replacedDirectory(plan: Plan): Promise<string | undefined> {
  const { cluster, programDirectory } = plan.place;
  const other = findBlock(plan.crontab, cluster)?.directory;
  if (other === undefined || resolve(other) === programDirectory) {
    return undefined;
  }
  if (
    await access(join(other, "backup.sh")).then(
      () => true,
      () => false,
    )
  ) {
    throw new DrError("CONFIG_SCHEDULE_OTHER", { cluster, directory: other });
  }
  return other;
}

/** What deserves a word. @throws DrError `CONFIG_SCHEDULE_OTHER`. */
export async function notesOf(
  plan: Plan,
  facts: {
    readonly adapters: Adapters;
    readonly environment: Environment;
    readonly request: InstallRequest;
  },
): Promise<readonly InstallNote[]> {
  const { adapters, environment, request } = facts;
  const replaced = await replacedDirectory(plan);
  const foreign = plan.second ? [] : foreignBackups(plan.crontab, plan.place.cluster);
  const full = plan.fullEveryHour || foreign.some((line) => line.full);
  return [
    ...(plan.rotation.program !== undefined ? [] : [{ id: "rotation-absent" } as const]),
    ...(request.kind !== "cron" || (await cronMayRun()) ? [] : [{ id: "cron-absent" } as const]),
    ...(request.kind === "daemon" &&
    request.service === undefined &&
    (await runningDaemon(environment)) === undefined
      ? [{ id: "daemon-absent" } as const]
      : []),
    ...(replaced === undefined ? [] : [{ id: "replaced", directory: replaced } as const]),
    ...foreign.map((line) => ({ id: "foreign", line }) as const),
    ...(full
      ? [{ id: "full", forecast: await forecastFull(adapters, environment, request) } as const]
      : []),
  ];
}
