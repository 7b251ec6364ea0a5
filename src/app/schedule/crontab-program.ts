/**
 * The user's crontab, through the `crontab` program and nothing else: who may have one is its decision. Debian's `crontab -l` shows a
 * carriage return as `\r`, so a listing that holds such a mark is read once more as `crontab -e` gives it to an editor, unchanged.
 * Nothing can lock a crontab. It is read again just before it is written and compared after, so that a change by somebody else is noticed.
 */
import { spawn } from "node:child_process";
import { DrError, isDrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { crontabBytesMax, scheduleProgramMs } from "../../core/limits.ts";
import { findBlock } from "./cron-lines.ts";

type Call = { readonly signal: AbortSignal };

type Answer = { readonly code: number | null; readonly out: Buffer; readonly said: string };

/** Runs `crontab` with messages in English; its own environment is the caller's, so that it is found where he finds it. */
async function run(
  words: readonly string[],
  input: Buffer,
  settings: readonly string[],
  { signal }: Call,
): Promise<Answer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(scheduleProgramMs)]);
  const child = spawn("/usr/bin/env", ["LC_ALL=C", ...settings, "crontab", ...words], {
    signal: limit,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  let bytes = 0;
  const keep =
    (list: Buffer[]) =>
    (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= crontabBytesMax) {
        list.push(chunk);
      } else {
        child.kill("SIGKILL");
      }
    };
  child.stdout.on("data", keep(out));
  child.stderr.on("data", keep(said));
  // It may refuse before it has read all.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => {
      reject(
        signal.aborted
          ? (signal.reason as Error)
          : new DrError("CONFIG_CRONTAB", { reason: error.message }, { cause: error }),
      );
    });
    child.once("close", resolve);
  });
  if (code === 127) {
    throw new DrError("CONFIG_CRON_MISSING", {});
  }
  if (bytes > crontabBytesMax) {
    throw new DrError("CONFIG_CRONTAB", { reason: `more than ${crontabBytesMax} bytes` });
  }
  return { code, out: Buffer.concat(out), said: Buffer.concat(said).toString("utf8").trim() };
}

/** As Debian's `crontab -l` prints it. */
function asListed(raw: Buffer): string {
  return raw
    .toString("latin1")
    .replaceAll("\r", String.raw`\r`)
    .replaceAll("\b", String.raw`\b`);
}

/**
 * The crontab in bytes, as Latin-1 text; undefined: this account has none.
 * @throws DrError `CONFIG_CRON_MISSING`, `CONFIG_CRONTAB` with the program's own words when it refuses.
 */
export async function readCrontab(call: Call): Promise<string | undefined> {
  const empty = Buffer.alloc(0);
  const listed = await run(["-l"], empty, [], call);
  if (listed.code !== 0) {
    // cron of Debian and cronie; busybox has no file.
    if (/no crontab for|can't open .*No such file/.test(listed.said)) {
      return undefined;
    }
    throw new DrError("CONFIG_CRONTAB", { reason: `${listed.said} (${listed.code})` });
  }
  const text = listed.out.toString("latin1");
  if (/\\[rb]/.test(text)) {
    // An editor that shows its file and changes nothing.
    const raw = await run(["-e"], empty, ["VISUAL=cat", "EDITOR=cat"], call);
    if (raw.code === 0 && asListed(raw.out) === text) {
      return raw.out.toString("latin1");
    }
  }
  return text;
}

/** Whether this account's crontab has lines of ours. @throws the signal's reason when aborted. */
export async function hasOurLines(cluster: string, call: Call): Promise<boolean> {
  try {
    return findBlock((await readCrontab(call)) ?? "", cluster) !== undefined;
  } catch (error) {
    call.signal.throwIfAborted();
    if (isDrError(error)) {
      // No crontab here, or none for this account; with only one of our two marks somebody is at it.
      return error.code === "CONFIG_CRONTAB_MARKS";
    }
    throw error;
  }
}

/** What a change came to. */
export type CrontabChange = { readonly changed: boolean; readonly crontab: string };

/**
 * Changes the crontab by `change`, a pure function of what it holds; the same answer changes nothing, an empty one removes it.
 * @throws DrError as `readCrontab`; `CONFIG_CRONTAB_CHANGED` when somebody else wrote it at the same time.
 */
export async function changeCrontab(
  change: (crontab: string) => string,
  call: Call,
): Promise<CrontabChange> {
  const before = (await readCrontab(call)) ?? "";
  const wanted = change(before);
  if (wanted === before) {
    return { changed: false, crontab: before };
  }
  failpoint("schedule.crontab-read");
  if (((await readCrontab(call)) ?? "") !== before) {
    throw new DrError("CONFIG_CRONTAB_CHANGED", {});
  }
  failpoint("schedule.crontab-write");
  const written =
    wanted === ""
      ? await run(["-r"], Buffer.alloc(0), [], call)
      : await run(["-"], Buffer.from(wanted, "latin1"), [], call);
  if (written.code !== 0) {
    throw new DrError("CONFIG_CRONTAB", { reason: `${written.said} (${written.code})` });
  }
  failpoint("schedule.crontab-written");
  if (((await readCrontab(call)) ?? "") !== wanted) {
    throw new DrError("CONFIG_CRONTAB_CHANGED", {});
  }
  return { changed: true, crontab: wanted };
}
