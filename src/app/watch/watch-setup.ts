/**
 * What the watch needs of the configuration: who is told, when, and where its memory lies. A `pra.yaml` that cannot be used costs the contacts
 * in it and nothing else: the settings' channels go on being told, and the fault is answered.
 */
import { createHash } from "node:crypto";
import { lstat, statfs } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { DrError, isDrError } from "../../core/errors.ts";
import { errnoOf } from "../../files/file-error.ts";
import { type Moment, readMoment } from "../../watch/moment.ts";
import type { Notifier } from "../../watch/notifier.ts";
import { type Contact, type EscalationStep, parseHours } from "../../watch/policy.ts";
import type { WatchSetup } from "../../watch/take-look.ts";
import { WatchMemory } from "../../watch/watch-memory.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { watchDirectory } from "../look/memory.ts";
import type { PraYaml } from "../pra-yaml/read.ts";
import { reportZone } from "../report-zone.ts";
import { type NotifierSource, waysOf } from "./notifiers.ts";

/** Replaced by tests. */
export type WatchOptions = {
  readonly signal: AbortSignal;
  readonly notifiersOf?: NotifierSource | undefined;
  readonly moment?: (() => Moment) | undefined;
};

/** Everything ready to look, decide and deliver. Planned windows are those of the instant at which it was opened: open it anew for each look. */
export type OpenWatch = {
  readonly memory: WatchMemory;
  readonly setup: WatchSetup;
  readonly notifiers: ReadonlyMap<string, Notifier>;
  readonly moment: () => Moment;
  /** What of the configuration could not be used. */
  readonly problems: readonly DrError[];
};

/** Where the machine's memory can be written as files, and how statfs(2) knows it. */
const SHARED_MEMORY = "/dev/shm";
const TMPFS_MAGIC = 0x01021994;

/** Whether a directory is this account's alone, or not there yet. */
async function isPrivate(path: string, uid: number): Promise<boolean> {
  try {
    const { uid: owner, mode } = await lstat(path);
    return owner === uid && (mode & 0o077) === 0;
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
}

/**
 * A directory in the machine's memory that is this account's alone; undefined where there is none. It is made when it is needed. Anybody may
 * write in `/dev/shm`, so what somebody else has put there under our name is not used.
 */
export async function reserveDirectory(environment: Environment): Promise<string | undefined> {
  const uid = process.getuid?.() ?? -1;
  const own = join(SHARED_MEMORY, `pra-${uid}`);
  try {
    const { type } = await statfs(SHARED_MEMORY);
    const name = createHash("sha256").update(watchDirectory(environment)).digest("hex");
    const isFit = type === TMPFS_MAGIC && (await isPrivate(own, uid));
    return isFit ? join(own, name.slice(0, 16)) : undefined;
  } catch {
    // No such file system here: then there is no reserve.
    return undefined;
  }
}

/** The memory alone. */
async function openMemory(adapters: Adapters, environment: Environment): Promise<WatchMemory> {
  const { clock, random } = adapters;
  const directory = watchDirectory(environment);
  const reserve = await reserveDirectory(environment);
  return new WatchMemory({ directory, clock, random, reserveDirectory: reserve });
}

/** @throws DrError `WATCH_ZONE`. */
function requireZone(
  zone: string,
  about: { readonly path: string; readonly name: string },
): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch (error) {
    throw new DrError("WATCH_ZONE", { ...about, zone }, { cause: error });
  }
}

function contactsOf({ path, content }: PraYaml, environment: Environment): readonly Contact[] {
  const local = reportZone(environment);
  return (content.contacts ?? []).map(({ name, language, hours, timeZone }) => {
    const zone = requireZone(timeZone ?? local, { path, name });
    return {
      name,
      language: language ?? environment.language,
      hours: hours === undefined ? undefined : parseHours(hours, zone),
    };
  });
}

/** Contacts without escalation are told at once. */
function escalationOf({ path, content }: PraYaml): readonly EscalationStep[] {
  const names = (content.contacts ?? []).map(({ name }) => name);
  for (const name of (content.escalation ?? []).flatMap(({ to }) => to)) {
    if (!names.includes(name)) {
      throw new DrError("WATCH_CONTACT_UNKNOWN", { path, name, known: names.join(", ") });
    }
  }
  return content.escalation === undefined
    ? [{ afterMs: 0, contacts: names, severity: "warning" }]
    : content.escalation.map(({ afterMinutes, to, severity }) => ({
        afterMs: afterMinutes * 60_000,
        contacts: to,
        severity: severity ?? "warning",
      }));
}

type People = Pick<WatchSetup, "contacts" | "escalation" | "planned"> & {
  readonly entries: NonNullable<PraYaml["content"]["contacts"]>;
};

const nobody: People = { contacts: [], escalation: [], planned: [], entries: [] };

async function peopleOf(environment: Environment, nowMs: number): Promise<People> {
  const { readPraYaml } = await import("../pra-yaml/read.ts");
  const file = await readPraYaml(environment);
  if (file === undefined) {
    return nobody;
  }
  const { plannedNow } = await import("./planned-maintenance.ts");
  return {
    contacts: contactsOf(file, environment),
    escalation: escalationOf(file),
    planned: await plannedNow(file, nowMs),
    entries: file.content.contacts ?? [],
  };
}

async function orElse<T>(
  fallback: T,
  problems: DrError[],
  action: () => T | Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!isDrError(error)) {
      throw error;
    }
    problems.push(error);
    return fallback;
  }
}

async function configuredNotifiers(): Promise<NotifierSource> {
  const { channelsOf } = await import("../channels/channels-of.ts");
  return channelsOf;
}

/** Opens the watch. @throws DrError nothing of the configuration: that is in `problems`. */
export async function openWatch(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions,
): Promise<OpenWatch> {
  const { random, clock, account, observer } = adapters;
  const moment = options.moment ?? ((): Moment => readMoment(clock));
  const problems: DrError[] = [];
  const { entries, ...people } = await orElse(nobody, problems, () =>
    peopleOf(environment, moment().wallMs),
  );
  const notifiersOf = options.notifiersOf ?? (await configuredNotifiers());
  const ways = await orElse([], problems, () => waysOf(environment, entries, notifiersOf));
  const { host } = observer.self;
  return {
    memory: await openMemory(adapters, environment),
    setup: {
      cluster: environment.cluster,
      host,
      actor: `${account}@${host}`,
      routes: ways.map(({ route }) => route),
      ...people,
      random,
    },
    notifiers: new Map(ways.map(({ route, notifier }) => [route.id, notifier])),
    moment,
    problems,
  };
}
