/**
 * Measures a command together with the server it works on: wall time, CPU seconds of both sides, peak memory.
 * CPU of the command comes from what the kernel adds up for waited-for children; CPU of the server from its
 * processes before and after, because a walsender's share is the larger one.
 */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const MEMORY_POLL_MS = 50;

/** One run of one command. */
export type Measured = {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number;
  /** Proportional set size of the command and its children, at its highest. */
  readonly peakBytes: number;
  readonly output: string;
};

/** A command as `spawn` takes it. */
export type BenchCommand = {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** Standard output goes nowhere instead of into `output`. */
  readonly discard?: boolean;
};

type ProcessTimes = {
  readonly parent: number;
  readonly own: number;
  readonly waitedFor: number;
};

function timesOf(pid: number | "self"): ProcessTimes | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const field = (number: number): number => Number(fields[number - 3] ?? 0);
    return {
      parent: field(4),
      own: (field(14) + field(15)) / TICKS_PER_SECOND,
      waitedFor: (field(16) + field(17)) / TICKS_PER_SECOND,
    };
  } catch {
    // The process ended between the listing and the reading.
    return undefined;
  }
}

function allProcesses(): ReadonlyMap<number, ProcessTimes> {
  const found = new Map<number, ProcessTimes>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const times = Number.isInteger(pid) ? timesOf(pid) : undefined;
    if (times !== undefined) {
      found.set(pid, times);
    }
  }
  return found;
}

function treeOf(root: number, all: ReadonlyMap<number, ProcessTimes>): readonly number[] {
  const tree = [root];
  for (const pid of tree) {
    for (const [child, times] of all) {
      if (times.parent === pid) {
        tree.push(child);
      }
    }
  }
  return tree;
}

/** CPU seconds that a server has used so far: its processes, and those it has waited for. */
export function serverCpuSeconds(postmaster: number): number {
  const all = allProcesses();
  const children = treeOf(postmaster, all).reduce((sum, pid) => sum + (all.get(pid)?.own ?? 0), 0);
  return children + (all.get(postmaster)?.waitedFor ?? 0);
}

function proportionalBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function waitedFor(): number {
  return timesOf("self")?.waitedFor ?? 0;
}

/** Runs a command to its end. @throws Error with its output when it does not exit with 0. */
export async function measure(command: BenchCommand, postmaster: number): Promise<Measured> {
  const serverBefore = serverCpuSeconds(postmaster);
  const before = waitedFor();
  const began = performance.now();
  const { uid, gid, environment } = command;
  const child = spawn(command.program, command.arguments, {
    stdio: ["ignore", command.discard === true ? "ignore" : "pipe", "pipe"],
    env: { ...process.env, ...environment },
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  const pieces: Buffer[] = [];
  child.stdout?.on("data", (piece: Buffer) => pieces.push(piece));
  const complaints: Buffer[] = [];
  child.stderr?.on("data", (piece: Buffer) => complaints.push(piece));
  let peakBytes = 0;
  const poll = setInterval(() => {
    const tree = treeOf(child.pid ?? -1, allProcesses());
    peakBytes = Math.max(
      peakBytes,
      tree.reduce((sum, pid) => sum + proportionalBytes(pid), 0),
    );
  }, MEMORY_POLL_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearInterval(poll);
  const wallSeconds = (performance.now() - began) / 1000;
  if (code !== 0) {
    const said = Buffer.concat([...pieces, ...complaints]).toString();
    throw new Error(
      `${command.program} ${command.arguments.join(" ")} ended with ${code}: ${said}`,
    );
  }
  return {
    wallSeconds,
    cpuSeconds: waitedFor() - before,
    serverCpuSeconds: serverCpuSeconds(postmaster) - serverBefore,
    peakBytes,
    output: Buffer.concat(pieces).toString(),
  };
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}
