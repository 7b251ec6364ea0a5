/** Other processes of this machine as /proc tells of them: whether a group is over, and the end of a whole tree. Follows proc(5), kill(2). */
import { readFileSync, readdirSync } from "node:fs";
import { parseProcStat } from "../core/proc-stat.ts";
import { errnoOf } from "./file-error.ts";

/** Whether any process of a leader's group is there. */
export function isGroupAlive(leader: number): boolean {
  return signal(-leader, 0);
}

function signal(pid: number, name: "SIGKILL" | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if (errnoOf(error) === "ESRCH" || errnoOf(error) === "EPERM") {
      return errnoOf(error) === "EPERM";
    }
    throw error;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, "utf8"))?.parent;
  } catch (error) {
    // It ended between the listing and the reading.
    if (errnoOf(error) === undefined) {
      throw error;
    }
    return undefined;
  }
}

/** A process and its descendants, parents first. */
export function treeOf(root: number): readonly number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(Number(name)) }));
  const tree = [root];
  for (const at of tree) {
    tree.push(...parents.filter(({ parent }) => parent === at).map(({ pid }) => pid));
  }
  return tree;
}

/** Kills a process and its descendants, also those that lead groups of their own. */
export function killTree(root: number): void {
  for (const pid of treeOf(root)) {
    signal(pid, "SIGKILL");
  }
}
