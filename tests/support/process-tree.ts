/** What a process and all its descendants use, as /proc tells it; and the end of those that left their parents. */
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { parseProcStat } from "../../src/core/proc-stat.ts";
import { treeOf } from "../../src/files/process-group.ts";

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended between the listing and the reading.
    return "";
  }
}

/** Whether a process is there; one of which only the exit status is left is not. */
export function isAtWork(pid: number): boolean {
  return parseProcStat(readIfThere(`/proc/${pid}/stat`))?.zombie === false;
}

/** Proportional set size of the tree. */
export function treeBytes(root: number): number {
  return treeOf(root)
    .map((pid) => /^Pss:\s+(\d+) kB/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`))?.[1])
    .reduce((sum, kibibytes) => sum + Number(kibibytes ?? 0) * 1024, 0);
}

/** Open file descriptors of the tree. */
export function treeDescriptors(root: number): number {
  return treeOf(root).reduce((sum, pid) => {
    try {
      return sum + readdirSync(`/proc/${pid}/fd`).length;
    } catch {
      // It ended.
      return sum;
    }
  }, 0);
}

/** Kills every process whose command line or environment names `path`, and waits until none is left. */
export async function endProcessesNaming(path: string): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const found = readdirSync("/proc").filter(
      (name) =>
        /^\d+$/.test(name) &&
        Number(name) !== process.pid &&
        ["cmdline", "environ"].some((what) => readIfThere(`/proc/${name}/${what}`).includes(path)),
    );
    if (found.length === 0) {
      return;
    }
    for (const pid of found) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    await setTimeout(10);
  }
  throw new Error(`processes that name ${path} do not end`);
}
