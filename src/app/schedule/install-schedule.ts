/**
 * `pra schedule install` and `remove`. The order is what makes a kill harmless: directories and the rotation first, then what was asked for is
 * noted, then the crontab or the timers change, and only then goes what another kind of installation had put there. Killed in
 * between, the schedule is noted and does not run yet, which `show` and `missed` tell, and installing again finishes it.
 */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { DrError, isDrError } from "../../core/errors.ts";
import { createDirectories } from "../../files/directories.ts";
import { acquireLocalLock } from "../../files/local-lock.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { jobAccount } from "./cron-environment.ts";
import { jobLine, withBlock, withoutBlock } from "./cron-lines.ts";
import { changeCrontab } from "./crontab-program.ts";
import type { Job } from "./job.ts";
import {
  type InstallNote,
  type InstallRequest,
  type Plan,
  type ScheduleKind,
  notesOf,
  planInstallation,
  unitDirectoryFor,
} from "./plan-schedule.ts";
import { tryRotation } from "./rotation.ts";
import { ourFileText, putOurFile, removeOurFile } from "./our-files.ts";
import {
  type Installed,
  readInstalled,
  scheduleDirectory,
  writeInstalled,
} from "./schedule-files.ts";
import { disableTimers, enableTimers, userUnitsLinger } from "./systemctl.ts";
import { type UnitFile, timerNames } from "./systemd-units.ts";

type Call = { readonly signal: AbortSignal };

/** What came of it. */
export type InstallResult = {
  readonly kind: ScheduleKind;
  readonly account: string;
  readonly changed: boolean;
  readonly jobs: readonly Job[];
  /** The lines of the crontab, readable; empty for systemd. */
  readonly lines: readonly string[];
  /** Files outside our own directory: units, rotation. */
  readonly files: readonly UnitFile[];
  readonly logDirectory: string;
  readonly notes: readonly InstallNote[];
};

function noteOf(
  plan: Plan,
  old: Installed | undefined,
  now: string,
  kind: ScheduleKind,
): Installed {
  const { programDirectory, logDirectory: logs, commonWords } = plan.place;
  const sinceOf = (job: Job): string => {
    const before = old?.jobs.find(({ id }) => id === job.id);
    return before !== undefined && before.pattern === job.pattern && old?.kind === kind
      ? before.since
      : now;
  };
  const jobs = plan.jobs.map((job) => ({ ...job, words: [...job.words], since: sinceOf(job) }));
  const note = {
    version: 1 as const,
    kind,
    programDirectory,
    commonWords: [...commonWords],
    logDirectory: logs,
    account: plan.account.name,
    fullEveryHour: plan.fullEveryHour,
    rotationFile: plan.rotation.path,
    jobs,
  };
  const same =
    old !== undefined && isDeepStrictEqual({ ...note, installedAt: old.installedAt }, old);
  return same ? old : { ...note, installedAt: now };
}

/** Takes away what an installation of another kind, or an earlier one with other jobs, left. */
async function removeLeft(
  environment: Environment,
  old: Installed | undefined,
  next: { readonly kind: ScheduleKind | "none"; readonly units: readonly UnitFile[] },
  call: Call,
): Promise<boolean> {
  const { cluster } = environment;
  let changed = false;
  if (next.kind !== "cron" && old?.kind === "cron") {
    ({ changed } = await changeCrontab((crontab) => withoutBlock(crontab, cluster), call));
  }
  const kind = old?.kind;
  if (kind === "systemd" || kind === "systemd-user") {
    const directory = unitDirectoryFor(kind, jobAccount());
    const kept = new Set(next.units.map(({ path }) => path));
    const gone = (old?.jobs ?? []).filter(
      ({ id }) => !kept.has(join(directory, `pra-${cluster}-${id}.service`)),
    );
    if (gone.length > 0) {
      await disableTimers(kind, timerNames(cluster, gone), call);
      for (const { id } of gone) {
        for (const ending of ["timer", "service"]) {
          const removed = await removeOurFile(join(directory, `pra-${cluster}-${id}.${ending}`));
          changed ||= removed;
        }
      }
    }
  }
  return changed;
}

async function putUnits(
  plan: Plan,
  kind: ScheduleKind,
  call: Call,
): Promise<{ readonly changed: boolean; readonly notes: readonly InstallNote[] }> {
  if (kind === "cron") {
    const { changed } = await changeCrontab(
      (crontab) => withBlock(crontab, plan.jobs, plan.place),
      call,
    );
    return { changed, notes: [] };
  }
  let changed = false;
  for (const { path, text } of plan.units) {
    const put = await putOurFile(path, text);
    changed ||= put;
  }
  const timers = timerNames(plan.place.cluster, plan.jobs);
  const enabled = await enableTimers(kind, timers, call);
  const account = plan.account.name;
  return {
    changed,
    notes: [
      ...(enabled ? [] : [{ id: "systemd-absent", timers } as const]),
      ...(kind === "systemd-user" && enabled && !(await userUnitsLinger(account))
        ? [{ id: "linger", account } as const]
        : []),
    ],
  };
}

/** One change of a schedule at a time. */
async function underLock<T>(
  adapters: Adapters,
  environment: Environment,
  { signal }: Call,
  work: () => Promise<T>,
): Promise<T> {
  const { clock, random } = adapters;
  const directory = scheduleDirectory(environment);
  await createDirectories(directory, { group: "STORE", signal });
  try {
    await using _lock = await acquireLocalLock(directory, { signal, clock, random });
    return await work();
  } catch (error) {
    if (isDrError(error, "RESTORE_LOCKED") || isDrError(error, "RESTORE_LOCK_UNREADABLE")) {
      throw new DrError("CONFIG_SCHEDULE_BUSY", {}, { cause: error });
    }
    throw error;
  }
}

function requireRights(kind: ScheduleKind): void {
  const { isRoot } = jobAccount();
  if (kind === "systemd" && !isRoot) {
    throw new DrError("CONFIG_SCHEDULE_ROOT", {});
  }
}

/**
 * Installs the schedule, or shows what it would be. Doing it again changes nothing.
 * @throws DrError `CONFIG_SCHEDULE_…`, `CONFIG_CRON…`, `STORE_IO`, `STORE_DISK_FULL`.
 */
export async function installSchedule(
  adapters: Adapters,
  environment: Environment,
  request: InstallRequest,
): Promise<InstallResult> {
  const { kind, dryRun, signal } = request;
  requireRights(kind);
  const plan = await planInstallation(environment, request);
  const notes = await notesOf(plan, { adapters, environment, request });
  const { path, text } = plan.rotation;
  const result = {
    kind,
    account: plan.account.name,
    jobs: plan.jobs,
    lines:
      kind === "cron"
        ? plan.jobs.map((job) => Buffer.from(jobLine(job, plan.place), "latin1").toString("utf8"))
        : [],
    files: [...plan.units, { path, text }],
    logDirectory: plan.place.logDirectory,
  };
  if (dryRun) {
    const current = (
      await Promise.all(
        result.files.map(async (file) => (await ourFileText(file.path)) === file.text),
      )
    ).every(Boolean);
    const same = withBlock(plan.crontab, kind === "cron" ? plan.jobs : [], plan.place);
    return { ...result, changed: !current || (kind === "cron" && same !== plan.crontab), notes };
  }
  return await underLock(adapters, environment, { signal }, async () => {
    await createDirectories(plan.place.logDirectory, { group: "STORE", signal });
    if (kind === "systemd") {
      // In a read-only system a service cannot make what it may write. The servers' account passes through the spool.
      const { spoolDirectory } = environment;
      await createDirectories(spoolDirectory, { group: "STORE", mode: 0o711, signal });
      await createDirectories(join(plan.place.programDirectory, "node_modules/.cache"), {
        group: "STORE",
        mode: 0o755,
        signal,
      });
    }
    const old = await readInstalled(environment, { signal });
    const rotated = await putOurFile(path, text);
    const reason = await tryRotation(plan.rotation, { signal });
    const note = noteOf(plan, old, new Date(adapters.clock.now()).toISOString(), kind);
    if (note !== old) {
      await writeInstalled(environment, note, { signal });
    }
    const put = await putUnits(plan, kind, { signal });
    const left = await removeLeft(environment, old, { kind, units: plan.units }, { signal });
    const changed = rotated || note !== old || put.changed || left;
    const refused = reason === undefined ? [] : [{ id: "rotation-refused", reason } as const];
    return { ...result, changed, notes: [...notes, ...refused, ...put.notes] };
  });
}

/** Takes the schedule away; what ran stays known. False: there was none. @throws DrError as `installSchedule`. */
export async function removeSchedule(
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<{ readonly changed: boolean }> {
  const { signal } = call;
  return await underLock(adapters, environment, call, async () => {
    const old = await readInstalled(environment, { signal });
    // Also lines that nothing was noted of: an installation whose state directory is gone.
    let changed = false;
    if (old === undefined || old.kind === "cron") {
      ({ changed } = await changeCrontab(
        (crontab) => withoutBlock(crontab, environment.cluster),
        call,
      ));
    }
    const left = await removeLeft(environment, old, { kind: "none", units: [] }, call);
    const rotation = old?.rotationFile ?? undefined;
    const unrotated = rotation !== undefined && (await removeOurFile(rotation));
    if (old !== undefined && old.kind !== "none") {
      await writeInstalled(
        environment,
        { ...old, kind: "none", jobs: [], rotationFile: null },
        call,
      );
    }
    return { changed: changed || left || unrotated || (old?.jobs.length ?? 0) > 0 };
  });
}
