/**
 * Facts about processes, so that a signal only ever reaches the process it is meant for. A process id
 * alone proves nothing: ids are reused, so each is held together with its start time. A zombie counts
 * as gone: it runs nothing and holds no file.
 *
 * Follows proc(5); without /proc it asks ps(1).
 */
import { execFile } from "node:child_process";
import { readFile, readdir, readlink } from "node:fs/promises";
import { promisify } from "node:util";
import { type ProcStat, parseProcStat } from "../core/proc-stat.ts";

/** A process that cannot be mistaken for a later one with the same id. */
export type KnownProcess = { readonly pid: number; readonly started: string };

async function rowOf(pid: number): Promise<ProcStat | undefined> {
  if (process.platform === "linux") {
    try {
      return parseProcStat(await readFile(`/proc/${pid}/stat`, "latin1"));
    } catch {
      // ENOENT or ESRCH: the process is gone, which is an answer.
      return undefined;
    }
  }
  return (await rowsFromPs()).find((row) => row.pid === pid);
}

async function rowsFromPs(): Promise<readonly ProcStat[]> {
  const { stdout } = await promisify(execFile)("ps", ["-axo", "pid=,ppid=,stat=,lstart="]);
  const rows: ProcStat[] = [];
  for (const line of stdout.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/.exec(line);
    if (match !== null) {
      rows.push({
        pid: Number(match[1]),
        parent: Number(match[2]),
        zombie: /^[ZX]/.test(match[3] ?? ""),
        started: (match[4] ?? "").trim(),
      });
    }
  }
  return rows;
}

/** The identity of a process that runs now, or undefined. */
export async function identifyProcess(pid: number): Promise<KnownProcess | undefined> {
  const row = await rowOf(pid);
  return row === undefined || row.zombie ? undefined : { pid: row.pid, started: row.started };
}

/** True while this very process runs. */
export async function isRunning(identity: KnownProcess): Promise<boolean> {
  return (await identifyProcess(identity.pid))?.started === identity.started;
}

/** The running children of a process. */
export async function childrenOf(pid: number): Promise<readonly KnownProcess[]> {
  const rows =
    process.platform === "linux"
      ? await Promise.all(
          (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map((name) => rowOf(+name)),
        )
      : await rowsFromPs();
  return rows.filter(
    (row): row is ProcStat => row !== undefined && row.parent === pid && !row.zombie,
  );
}

/** Sends a signal if this very process still runs. False when it is gone. */
export async function signalProcess(
  identity: KnownProcess,
  signal: NodeJS.Signals,
): Promise<boolean> {
  if (!(await isRunning(identity))) {
    return false;
  }
  try {
    return process.kill(identity.pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") {
      return false;
    }
    throw error;
  }
}

/** The working directory of a process, or undefined where the system does not tell. */
export async function workingDirectoryOf(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch {
    // Gone, another account's, or a system without /proc: unknown in each case.
    return undefined;
  }
}

/**
 * A process of a PostgreSQL server that works in this directory, given without links: its children outlive a postmaster that was killed,
 * and may still write. Undefined: none, or a system without /proc.
 */
export async function serverProcessIn(directory: string): Promise<KnownProcess | undefined> {
  if (process.platform !== "linux") {
    return undefined;
  }
  for (const name of await readdir("/proc")) {
    if (/^\d+$/.test(name) && (await workingDirectoryOf(Number(name))) === directory) {
      const identity = await identifyProcess(Number(name));
      if (identity !== undefined && (await commandOf(identity.pid)) === "postgres") {
        return identity;
      }
    }
  }
  return undefined;
}

async function commandOf(pid: number): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/${pid}/comm`, "latin1")).trim();
  } catch {
    // Gone meanwhile.
    return undefined;
  }
}
