/**
 * So that a proof on the production host cannot hurt it: it gives way on the processor and on the disk, and it ends after a time
 * (that there must be room, `restore-room.ts`). The work that a proof starts afterwards inherits the first: workers and servers.
 */
import { readdir, writeFile } from "node:fs/promises";
import { getPriority, setPriority } from "node:os";
import { DrError } from "../core/errors.ts";
import { runProgram } from "../postgres/run-program.ts";

/** A priority belongs to a thread: all of this process's, where the system shows them. */
async function ownThreads(): Promise<readonly number[]> {
  try {
    return (await readdir("/proc/self/task")).map(Number);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return [process.pid];
    }
    throw error;
  }
}

/** A thread that has ended meanwhile, or one that already gives way more, is left alone. */
function lower(thread: number, nice: number): void {
  try {
    if (getPriority(thread) < nice) {
      setPriority(thread, nice);
    }
  } catch (error) {
    const code = (error as { readonly info?: { readonly code?: string } }).info?.code;
    if (code !== "ESRCH" && code !== "EACCES" && code !== "EPERM") {
      throw error;
    }
  }
}

/**
 * Makes this process give way, for the rest of its life: only root could take that back. Answers whether the disk's part was possible;
 * it takes `ionice` of util-linux and a scheduler that heeds it.
 */
export async function giveWay(
  nice: number,
  options: { readonly signal: AbortSignal },
): Promise<{ readonly idleDisk: boolean }> {
  if (nice === 0) {
    return { idleDisk: false };
  }
  const threads = await ownThreads();
  threads.forEach((thread) => {
    lower(thread, nice);
  });
  const account = { name: "", uid: -1, gid: -1, switched: false };
  const words = ["-c", "3", "-p", ...threads.map(String)];
  const result = await runProgram("ionice", words, { account, signal: options.signal });
  return { idleDisk: result.state === "exited" && result.code === 0 };
}

/**
 * A server has a session of its own, whose share of the processor the system may count by itself (autogroup): that one, too. Where no
 * session was ever opened, as in some containers, everything is in the system's root group, whose share cannot be set (`EINVAL`).
 */
export async function giveWayAsSession(pid: number, nice: number): Promise<void> {
  try {
    await writeFile(`/proc/${pid}/autogroup`, String(nice), { flag: "r+" });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    // Not every system has it; some allow it rarely, or to root.
    if (!["ENOENT", "EACCES", "EPERM", "EAGAIN", "EIO", "EINVAL", "EROFS"].includes(code)) {
      throw error;
    }
  }
}

/** Aborts with `PROOF_TIME_LIMIT` when the minutes are over; disposing of it stops the clock. */
export function timeLimit(minutes: number): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DrError("PROOF_TIME_LIMIT", { minutes }));
  }, minutes * 60_000);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
