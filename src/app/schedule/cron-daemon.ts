/**
 * Whether anything starts the lines of a crontab on this machine: a crontab is accepted without a cron that reads it, in containers above all.
 * Judged by the names of running processes; where others' processes are hidden nothing is claimed.
 */
import { readFile, readdir } from "node:fs/promises";
import { errnoOf } from "../../files/file-error.ts";
import { hasOurLines } from "./crontab-program.ts";

/** Vixie's, cronie's and fcron's daemons, busybox's, and dcron's, as the kernel names them. */
const DAEMONS: ReadonlySet<string> = new Set(["cron", "crond", "fcron", "busybox"]);

async function nameOf(pid: string): Promise<string | undefined> {
  try {
    return (await readFile(`/proc/${pid}/comm`, "utf8")).trim();
  } catch (error) {
    // It has ended, or is hidden.
    if (errnoOf(error) === undefined) {
      throw error;
    }
    return undefined;
  }
}

/** False only when every process can be seen and none is a cron. */
export async function cronMayRun(): Promise<boolean> {
  if ((await nameOf("1")) === undefined) {
    return true;
  }
  for (const entry of await readdir("/proc")) {
    if (/^\d+$/.test(entry) && DAEMONS.has((await nameOf(entry)) ?? "")) {
      return true;
    }
  }
  return false;
}

/** Lines of ours stand in this account's crontab, and a cron may start them. @throws the signal's reason when aborted. */
export async function cronStartsOurJobs(
  cluster: string,
  call: { readonly signal: AbortSignal },
): Promise<boolean> {
  return (await hasOurLines(cluster, call)) && (await cronMayRun());
}
