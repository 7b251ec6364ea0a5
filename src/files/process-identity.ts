/**
 * Who a process is, beyond a number that is used again: the machine, its boot, the pid namespace, and the tick at which the
 * process started. A lock or a lease that names these can be taken over at once when its holder is proved dead, and
 * never because a stranger happens to have its number.
 *
 * Follows proc(5): /proc/PID/stat field 22 (starttime), /proc/sys/kernel/random/boot_id, /proc/PID/ns/pid.
 */
import { readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { parseProcStat } from "../core/proc-stat.ts";
import { errnoOf } from "./file-error.ts";

/** One process of one boot of one machine. Every part is of letters, digits and underscores. */
export type ProcessIdentity = {
  readonly machine: string;
  readonly boot: string;
  readonly pidNamespace: string;
  readonly pid: number;
  readonly startTicks: string;
};

/** `unknown`: it lives, or lived, where this process cannot look. */
export type Liveness = "alive" | "dead" | "unknown";

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ESRCH") {
      return undefined;
    }
    throw error;
  }
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, "");
}

/** Ticks after boot at which a process started; undefined when there is none, or only its exit status is left. */
function startTicksOf(pid: number): string | undefined {
  const stat = parseProcStat(readIfPresent(`/proc/${pid}/stat`) ?? "");
  return stat?.zombie === false ? stat.started : undefined;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const machine = readIfPresent("/etc/machine-id") ?? readIfPresent("/var/lib/dbus/machine-id");
  return {
    machine: plain(machine ?? "") === "" ? "unknown" : plain(machine ?? ""),
    boot: plain(readIfPresent("/proc/sys/kernel/random/boot_id") ?? "unknown"),
    pidNamespace: plain(readlinkSync("/proc/self/ns/pid")),
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? "0",
  };
}

/**
 * Whether the process that `identity` names still runs. The same boot id means the same running kernel, whatever the machine
 * is called; the same machine with another boot id has rebooted since; all else is `unknown`.
 */
export function livenessOf(identity: ProcessIdentity, observer = ownIdentity()): Liveness {
  if (identity.boot !== observer.boot) {
    const sameMachine = identity.machine !== "unknown" && identity.machine === observer.machine;
    return sameMachine ? "dead" : "unknown";
  }
  if (identity.pidNamespace !== observer.pidNamespace) {
    return "unknown";
  }
  return startTicksOf(identity.pid) === identity.startTicks ? "alive" : "dead";
}

/** For the name of a file. */
export function processText(identity: ProcessIdentity): string {
  const { machine, boot, pidNamespace, pid, startTicks } = identity;
  return `${machine}-${boot}-${pidNamespace}-${pid}-${startTicks}`;
}

/** Reads `processText`; undefined when it is none. */
export function parseProcessText(text: string): ProcessIdentity | undefined {
  const match = /^(\w+)-(\w+)-(\w+)-(\d{1,10})-(\w+)$/.exec(text);
  const [, machine, boot, pidNamespace, pid, startTicks] = match ?? [];
  return machine === undefined ||
    boot === undefined ||
    pidNamespace === undefined ||
    startTicks === undefined
    ? undefined
    : { machine, boot, pidNamespace, pid: Number(pid), startTicks };
}
