/**
 * The one folder in which the demonstration keeps everything, so that one `rm -r` removes it. It must be reachable for the
 * account that the server runs under, which is not ours when we are root, and it never is a folder that was there before.
 */
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DrError } from "../../core/errors.ts";
import { runProgram } from "../../postgres/run-program.ts";
import type { ServerAccount } from "../../postgres/server-account.ts";

/** Where everything lies. */
export type DemoFolder = {
  readonly root: string;
  readonly repository: string;
  readonly keyFile: string;
  /** The server that will be lost. */
  readonly production: string;
  readonly restored: string;
  /** The proof's own: the server's account must pass through; gone when it ends. */
  readonly spool: string;
  /** What clients were told: outside the server, or it could not be judged. */
  readonly acknowledged: string;
  readonly receiverLog: string;
  /** The servers' own logs; belongs to their account. */
  readonly serverLogs: string;
  /** Copies of server programs, where the installed ones cannot be reached. */
  readonly programs: string;
  /** Where the server's programs lie, there or where they were installed. */
  readonly binDirectory: string;
};

/** At the peak there are: the repository, the restored cluster and its copy for the proof, each with its WAL. */
const COPIES = 4;
/** WAL of the load, kept three times: production until the next checkpoint, restored, proof. */
const WAL_ROOM_BYTES = 600 * 2 ** 20;

/** What the folder is for: the beginning of its name, and how it is told that it cannot be made. */
const PURPOSES = {
  demo: {
    name: "pra-demo",
    folder: (details: FolderDetails) => new DrError("CONFIG_DEMO_FOLDER", details),
    space: (details: SpaceDetails) => new DrError("CONFIG_DEMO_SPACE", details),
  },
  loadtest: {
    name: "pra-loadtest",
    folder: (details: FolderDetails) => new DrError("CONFIG_LOADTEST_FOLDER", details),
    space: (details: SpaceDetails) => new DrError("CONFIG_LOADTEST_SPACE", details),
  },
} as const;

type FolderDetails = { readonly tried: string; readonly account: string };
type SpaceDetails = { readonly path: string; readonly free: string; readonly needed: string };
type Purpose = keyof typeof PURPOSES;

/** Room for a load of seconds on so much data. */
export function roomFor(dataBytes: number): number {
  return COPIES * dataBytes + WAL_ROOM_BYTES;
}

function nameOf(purpose: Purpose, nowMs: number): string {
  const stamp = new Date(nowMs)
    .toISOString()
    .slice(0, 19)
    .replaceAll(/[-:]/g, "")
    .replace("T", "-");
  return `${PURPOSES[purpose].name}-${stamp}-${randomBytes(2).toString("hex")}`;
}

/** Can the server's account pass through every folder above, and into this one? */
async function isReachable(
  directory: string,
  account: ServerAccount,
  signal: AbortSignal,
): Promise<boolean> {
  const seen = await runProgram("/bin/sh", ["-c", 'cd -- "$1"', "sh", directory], {
    account,
    signal,
  });
  return seen.state === "exited" && seen.code === 0;
}

/** Makes the folder; answers why it cannot be used. */
async function tryMake(
  root: string,
  account: ServerAccount,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await mkdir(root, { mode: 0o700 });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
  return withoutTrace(root, async () => {
    // The server's account only passes through; what it may read lies in folders of its own.
    await chmod(root, account.switched ? 0o711 : 0o700);
    if (await isReachable(root, account, signal)) {
      return undefined;
    }
    await rm(root, { recursive: true, force: true });
    return `${account.name}?`;
  });
}

/** Removes the folder when `work` fails or is interrupted. */
async function withoutTrace<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

/** A directory that the server's account owns. */
export async function makeFor(account: ServerAccount, directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
  if (account.switched) {
    await chown(directory, account.uid, account.gid);
  }
}

async function requireRoom(root: string, purpose: Purpose, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(root);
  const freeBytes = bavail * bsize;
  if (freeBytes < neededBytes) {
    const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
    const [free, needed] = [mib(freeBytes), mib(neededBytes)];
    throw PURPOSES[purpose].space({ path: root, free, needed });
  }
}

/** Where everything lies in a folder. */
export function demoFolderAt(root: string): Omit<DemoFolder, "binDirectory"> {
  return {
    root,
    repository: join(root, "repository"),
    keyFile: join(root, "keys", "demo.key"),
    production: join(root, "production"),
    restored: join(root, "restored"),
    spool: join(root, "spool"),
    acknowledged: join(root, "acknowledged.txt"),
    receiverLog: join(root, "receiver.log"),
    serverLogs: join(root, "server-logs"),
    programs: join(root, "programs"),
  };
}

/** What lies in a fresh folder from the beginning. */
async function furnish(
  root: string,
  account: ServerAccount,
): Promise<Omit<DemoFolder, "binDirectory">> {
  const folder = demoFolderAt(root);
  await mkdir(join(root, "keys"), { mode: 0o700 });
  await makeFor(account, folder.serverLogs);
  // It may lie in somebody's checkout, and belongs in no commit.
  await writeFile(join(root, ".gitignore"), "*\n");
  return folder;
}

/**
 * Makes the folder: the one that is wished, which must not exist, else a new one in the current directory, else one for temporary
 * files. @throws DrError `CONFIG_*_FOLDER`, `CONFIG_*_SPACE`; nothing stays then.
 */
export async function makeDemoFolder(options: {
  readonly purpose: Purpose;
  readonly wished: string | undefined;
  readonly account: ServerAccount;
  readonly neededBytes: number;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}): Promise<Omit<DemoFolder, "binDirectory">> {
  const { purpose, wished, account, signal } = options;
  const name = nameOf(purpose, options.nowMs);
  const candidates =
    wished === undefined
      ? [...new Set([resolve(name), join(tmpdir(), name), join("/tmp", name)])]
      : [resolve(wished)];
  const tried: string[] = [];
  for (const root of candidates) {
    const reason = await tryMake(root, account, signal);
    if (reason === undefined) {
      return withoutTrace(root, async () => {
        await requireRoom(root, purpose, options.neededBytes);
        return furnish(root, account);
      });
    }
    tried.push(`${root} (${reason})`);
  }
  throw PURPOSES[purpose].folder({ tried: tried.join(", "), account: account.name });
}
