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
import { changeCrontab, hasOurLines } from "./crontab-program.ts";
import type { Job } from "./job.ts";
import {
  type InstallNote,
  type InstallRequest,
  type Plan,
  type ScheduleKind,
  managerOf,
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
import { type Manager, disableUnits, enableUnits, userUnitsLinger } from "./systemctl.ts";
import { type UnitFile, placedUnits } from "./systemd-units.ts";

type Call = { readonly signal: AbortSignal };

/** What came of it. */
export type InstallResult = {
  readonly kind: ScheduleKind;
  readonly service: Manager | undefined;
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
  { kind, service }: { readonly kind: ScheduleKind; readonly service?: Manager | undefined },
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
    service: service ?? null,
    programDirectory,
    commonWords: [...commonWords],
    logDirectory: logs,
    account: plan.account.name,
    fullEveryHour: plan.fullEveryHour,
    loadTest: plan.loadTest,
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
  const hasLines = next.kind === "daemon" && (await hasOurLines(cluster, call));
  if (hasLines || (next.kind !== "cron" && old?.kind === "cron")) {
    ({ changed } = await changeCrontab((crontab) => withoutBlock(crontab, cluster), call));
  }
  const manager = old === undefined ? undefined : managerOf(old);
  if (old !== undefined && manager !== undefined) {
    const directory = unitDirectoryFor(manager, jobAccount());
    const kept = new Set(next.units.map(({ path }) => path));
    const gone = placedUnits(cluster, old).filter(({ files }) =>
      files.every((file) => !kept.has(join(directory, file))),
    );
    if (gone.length > 0) {
      const enabled = gone.map((unit) => unit.enabled);
      await disableUnits(manager, enabled, call);
      for (const file of gone.flatMap(({ files }) => files)) {
        const removed = await removeOurFile(join(directory, file));
        changed ||= removed;
      }
    }
  }
  return changed;
}

type Put = { readonly changed: boolean; readonly notes: readonly InstallNote[] };

async function putUnits(plan: Plan, request: InstallRequest): Promise<Put> {
  const { kind } = request;
  if (kind === "cron") {
    const { changed } = await changeCrontab(
      (crontab) => withBlock(crontab, plan.jobs, plan.place),
      request,
    );
    return { changed, notes: [] };
  }
  let changed = false;
  for (const { path, text } of plan.units) {
    const put = await putOurFile(path, text);
    changed ||= put;
  }
  const manager = managerOf(request);
  if (manager === undefined) {
    return { changed, notes: [] };
  }
  const units = placedUnits(plan.place.cluster, { kind, jobs: plan.jobs }).map(
    ({ enabled }) => enabled,
  );
  const renewed = changed && kind === "daemon" ? units : [];
  const enabled = await enableUnits(manager, units, { ...request, renewed });
  const account = plan.account.name;
  const lingers = manager !== "systemd-user" || !enabled || (await userUnitsLinger(account));
  return {
    changed,
    notes: [
      ...(enabled ? [] : [{ id: "systemd-absent", units } as const]),
      ...(lingers ? [] : [{ id: "linger", account } as const]),
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

function requireRights(request: InstallRequest): void {
  const { isRoot } = jobAccount();
  if (managerOf(request) === "systemd" && !isRoot) {
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
  requireRights(request);
  const plan = await planInstallation(environment, request);
  const notes = await notesOf(plan, { adapters, environment, request });
  const { path, text } = plan.rotation;
  const result = {
    kind,
    service: request.service,
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
    const noted = await readInstalled(environment, { signal });
    const unplanned = kind === "cron" ? same !== plan.crontab : noted?.kind !== kind;
    return { ...result, changed: !current || unplanned, notes };
  }
  return await underLock(adapters, environment, { signal }, async () => {
    await createDirectories(plan.place.logDirectory, { group: "STORE", signal });
    if (managerOf(request) === "systemd") {
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
    const note = noteOf(plan, old, new Date(adapters.clock.now()).toISOString(), request);
    if (note !== old) {
      await writeInstalled(environment, note, { signal });
    }
    const put = await putUnits(plan, request);
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
        { ...old, kind: "none", service: null, jobs: [], rotationFile: null },
        call,
      );
    }
    return { changed: changed || left || unrotated || (old?.jobs.length ?? 0) > 0 };
  });
}
