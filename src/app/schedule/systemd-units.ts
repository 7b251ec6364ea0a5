/**
 * The jobs as systemd services and timers; pure. Hardened as far as the jobs allow: no devices, no foreign namespaces, a read-only system
 * except the repository, this host's state and the program's own cache, few capabilities. What is left out on purpose:
 * `MemoryDenyWriteExecute=` (the JavaScript engine writes code), `ProtectProc=` and `ProcSubset=` (a lease's holder is proved alive or
 * dead by its entry in /proc; one that is hidden would count as dead), `PrivateUsers=` and an empty capability set for root (a
 * proof's server runs as another account). Follows systemd.exec(5), systemd.timer(5), systemd.time(7), systemd.syntax(7).
 */
import { join } from "node:path";
import { DrError } from "../../core/errors.ts";
import type { Job, JobId } from "./job.ts";
import { cronFields, isCheck, keepsItsHour, startDelaySeconds } from "./job.ts";
import { jobStart } from "./job-start.ts";
import { OUR_MARK } from "./our-files.ts";

/** One file of an installation. */
export type UnitFile = { readonly path: string; readonly text: string };

/** Where units go, and what they may touch. */
export type UnitPlace = {
  readonly cluster: string;
  readonly programDirectory: string;
  readonly logDirectory: string;
  readonly unitDirectory: string;
  /** A person's own units: what needs the system's manager is left out. */
  readonly forUser: boolean;
  readonly commonWords: readonly string[];
  /** Directories that jobs write. */
  readonly writable: readonly string[];
  /** Directories of sockets and data; one below /tmp rules a private /tmp out. */
  readonly reached: readonly string[];
};

/** Exit codes that are answers: 4 of a check is what alerts are made of, 5 is "done, with warnings". */
const ANSWERS: Readonly<Partial<Record<JobId, string>>> = {
  status: "4 5",
  watch: "4 5",
  daily: "4 5",
};

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** `17 * * * *` as `*-*-* *:17:00`. Only what jobs use: numbers, `*`, steps of minutes, a day of the month, and the last of a weekday in it. */
export function calendarOf(pattern: string): string {
  const { fields, lastOfMonth } = cronFields(pattern);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields.split(" ");
  const two = (text: string): string => (/^\d$/.test(text) ? `0${text}` : text);
  const minutes = /^\*\/(\d+)$/.exec(minute)?.[1];
  if (!/^(?:\*|\d{1,2})$/.test(day) || month !== "*" || !/^(?:\*|\d{1,2})$/.test(hour)) {
    throw new RangeError(`a job's pattern that systemd was never told: ${pattern}`);
  }
  const name = weekday === "*" ? "" : `${DAYS[Number(weekday)] ?? ""} `;
  // Of the last seven days of a month each weekday is the last one.
  const date = lastOfMonth ? "*-*~07/1" : `*-*-${two(day)}`;
  return `${name}${date} ${two(hour)}:${minutes === undefined ? two(minute) : `00/${minutes}`}:00`;
}

function unitName(cluster: string, id: JobId): string {
  return `pra-${cluster}-${id}`;
}

function inQuotes(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new DrError("CONFIG_SCHEDULE_PATH", { path: JSON.stringify(text) });
  }
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}

/** A word of a command: `$` would name a variable. */
function commandWord(text: string): string {
  return inQuotes(text).replaceAll("$", "$$$$");
}

/** A shell comes first, because systemd reads the name of a program by other rules than its arguments. */
function commandLine(words: readonly string[]): string {
  return [`/bin/sh -c 'exec "$$0" "$$@"'`, ...words.map(commandWord)].join(" ");
}

const FOR_ALL = [
  "UMask=0077",
  "NoNewPrivileges=true",
  "LockPersonality=true",
  "RestrictRealtime=true",
  "RestrictSUIDSGID=true",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallErrorNumber=EPERM",
];

const FOR_SYSTEM = [
  "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SETGID CAP_SETUID",
  "AmbientCapabilities=",
  "DevicePolicy=closed",
  "PrivateDevices=true",
  "PrivateMounts=true",
  "ProtectClock=true",
  "ProtectControlGroups=true",
  "ProtectHome=read-only",
  "ProtectHostname=true",
  "ProtectKernelLogs=true",
  "ProtectKernelModules=true",
  "ProtectKernelTunables=true",
  "ProtectSystem=strict",
  "KeyringMode=private",
  "RestrictNamespaces=true",
];

function hardening(place: UnitPlace): readonly string[] {
  const inTmp = [...place.writable, ...place.reached].some((path) =>
    /^\/(?:var\/)?tmp(?:\/|$)/.test(path),
  );
  return place.forUser
    ? FOR_ALL
    : [
        ...FOR_ALL,
        ...FOR_SYSTEM,
        ...(inTmp ? ["ReadWritePaths=/tmp /var/tmp"] : ["PrivateTmp=true"]),
        // With a dash: one that is not there yet is no reason to fail.
        ...place.writable.map((path) => `ReadWritePaths=${inQuotes(`-${path}`)}`),
      ];
}

function serviceText(job: Job, place: UnitPlace, looks: boolean): string {
  const { cluster, logDirectory } = place;
  const log = join(logDirectory, `${job.id}.log`).replaceAll("%", "%%");
  const { words, variables } = jobStart(job, place);
  return [
    `${OUR_MARK}; "pra schedule remove" removes it.`,
    "[Unit]",
    `Description=PRA ${cluster}: ${job.id}`,
    "Documentation=man:systemd.timer(5)",
    "After=network.target",
    // A failed job is looked at now and not in five minutes: the check is what alerts.
    ...(looks && !isCheck(job.id) ? [`OnFailure=${unitName(cluster, "status")}.service`] : []),
    "",
    "[Service]",
    "Type=oneshot",
    ...Object.entries(variables).map(([name, value]) => `Environment=${name}=${value}`),
    `ExecStart=${commandLine(words)}`,
    `SuccessExitStatus=${ANSWERS[job.id] ?? "5"}`,
    // A check leaves the delivery of alerts to a process of its own; another job is ended by one signal to its recorder.
    `KillMode=${isCheck(job.id) ? "process" : "mixed"}`,
    "TimeoutStopSec=60",
    `StandardOutput=append:${log}`,
    `StandardError=append:${log}`,
    ...hardening(place),
    "",
  ].join("\n");
}

function timerText(job: Job, place: UnitPlace): string {
  return [
    `${OUR_MARK}; "pra schedule remove" removes it.`,
    "[Unit]",
    `Description=PRA ${place.cluster}: when ${job.id} runs`,
    "",
    "[Timer]",
    `OnCalendar=${calendarOf(job.pattern)}`,
    `Persistent=${keepsItsHour(job.id) ? "false" : "true"}`,
    "AccuracySec=1s",
    `RandomizedDelaySec=${startDelaySeconds(job.id)}`,
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ].join("\n");
}

/** The unit that keeps `pra daemon` at work. */
function daemonUnitName(cluster: string): string {
  return `pra-${cluster}-daemon.service`;
}

/**
 * The daemon as a service. It says itself when it is ready and that it lives; whatever ends it but a person's word, it is begun again, for ever: who
 * else would tell that nobody watches? No core is left of it, which would hold secrets; a job that the kernel ends for want of memory does not take
 * the daemon with it. What outlives a daemon that died (a receiver, a job) goes with it, so that the next one begins with nothing held.
 */
export function daemonUnit(place: UnitPlace): UnitFile {
  const { cluster, unitDirectory, programDirectory, commonWords, forUser } = place;
  const text = [
    `${OUR_MARK}; "pra schedule remove" removes it.`,
    "[Unit]",
    `Description=PRA ${cluster}: watches, keeps the WAL receiver alive, starts the jobs`,
    "Documentation=man:sd_notify(3)",
    "After=network-online.target",
    "Wants=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=notify",
    "NotifyAccess=all",
    `ExecStart=${commandLine([join(programDirectory, "pra"), "daemon", ...commonWords])}`,
    "ExecReload=/bin/kill -HUP $MAINPID",
    "Restart=on-failure",
    "RestartSec=10",
    "WatchdogSec=180",
    "WatchdogSignal=SIGKILL",
    "TimeoutStartSec=180",
    "TimeoutStopSec=20",
    "KillMode=mixed",
    "LimitCORE=0",
    "OOMPolicy=continue",
    ...hardening(place),
    "",
    "[Install]",
    `WantedBy=${forUser ? "default.target" : "multi-user.target"}`,
    "",
  ].join("\n");
  return { path: join(unitDirectory, daemonUnitName(cluster)), text };
}

/** What was put under a manager: the unit that is enabled, and the files that go with it. */
export type PlacedUnit = { readonly enabled: string; readonly files: readonly string[] };

/** Of each job its timer and its service; of a daemon its service alone. */
export function placedUnits(
  cluster: string,
  what: { readonly kind: string; readonly jobs: readonly { readonly id: JobId }[] },
): readonly PlacedUnit[] {
  if (what.kind === "daemon") {
    const name = daemonUnitName(cluster);
    return [{ enabled: name, files: [name] }];
  }
  return what.jobs.map(({ id }) => {
    const name = unitName(cluster, id);
    return { enabled: `${name}.timer`, files: [`${name}.timer`, `${name}.service`] };
  });
}

/** Every file: a service and a timer for each job. @throws DrError `CONFIG_SCHEDULE_PATH`. */
export function unitFiles(jobs: readonly Job[], place: UnitPlace): readonly UnitFile[] {
  const { cluster, unitDirectory } = place;
  const looks = jobs.some(({ id }) => id === "status");
  return jobs.flatMap((job) => {
    const path = join(unitDirectory, unitName(cluster, job.id));
    return [
      { path: `${path}.service`, text: serviceText(job, place, looks) },
      { path: `${path}.timer`, text: timerText(job, place) },
    ];
  });
}
