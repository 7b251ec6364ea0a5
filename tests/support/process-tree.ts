/** What a process and all its descendants use, as /proc tells it. */
import { readFileSync, readdirSync } from "node:fs";

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended between the listing and the reading.
    return "";
  }
}

/** The process and its descendants. */
export function treeOf(root: number): readonly number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const stat = readIfThere(`/proc/${name}/stat`);
      return { pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]) };
    });
  const tree = [root];
  for (const at of tree) {
    tree.push(...parents.filter(({ parent }) => parent === at).map(({ pid }) => pid));
  }
  return tree;
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
