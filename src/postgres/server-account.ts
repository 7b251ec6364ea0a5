/**
 * Under which operating system account server programs run. PostgreSQL refuses root, and `initdb`
 * refuses a user id without a name, so root needs an existing account: `postgres`, else `nobody`.
 * Nothing here ever creates an account or changes the account of this process; only children switch.
 *
 * Follows src/backend/main/main.c (check_root) and src/common/username.c of PostgreSQL.
 */
import { readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { DrError } from "../core/errors.ts";

/** An account of this machine. `switched`: children must change to it, which only root can do. */
export type ServerAccount = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly switched: boolean;
};

const ACCOUNTS_FOR_ROOT = ["postgres", "nobody"];

type PasswdEntry = { readonly name: string; readonly uid: number; readonly gid: number };

/** Reads passwd(5) lines; what does not look like one is passed over. */
export function parsePasswd(content: string): readonly PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  for (const line of content.split("\n")) {
    const match = /^([^:#+-][^:]*):[^:]*:(\d+):(\d+):/.exec(line);
    if (match !== null) {
      entries.push({ name: match[1] ?? "", uid: Number(match[2]), gid: Number(match[3]) });
    }
  }
  return entries;
}

function ownIds(): { readonly uid: number; readonly gid: number } {
  return { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 };
}

async function accounts(): Promise<readonly PasswdEntry[]> {
  return parsePasswd(await readFile("/etc/passwd", "utf8"));
}

/**
 * The account for servers that this process starts: its own, or for root `name` when given, else
 * `postgres`, else `nobody`. @throws DrError `PG_ACCOUNT_MISSING`, `PG_ACCOUNT_UNNAMED`.
 */
export async function serverAccount(name?: string): Promise<ServerAccount> {
  const own = ownIds();
  if (own.uid !== 0) {
    return { ...own, name: ownName(own.uid), switched: false };
  }
  const known = await accounts();
  for (const wanted of name === undefined ? ACCOUNTS_FOR_ROOT : [name]) {
    const found = known.find((entry) => entry.name === wanted && entry.uid !== 0);
    if (found !== undefined) {
      return { ...found, switched: true };
    }
  }
  throw new DrError("PG_ACCOUNT_MISSING", { name: name ?? ACCOUNTS_FOR_ROOT.join(", ") });
}

function ownName(uid: number): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw new DrError("PG_ACCOUNT_UNNAMED", { uid }, { cause });
  }
}

/**
 * The account a server on `directory` must have: the directory's owner. @throws DrError
 * `PG_DATA_DIRECTORY_OWNER` when that is root, or another account than ours and we cannot switch.
 */
export async function accountOfDirectory(directory: string): Promise<ServerAccount> {
  const owner = await stat(directory);
  const own = ownIds();
  if (owner.uid === own.uid && own.uid !== 0) {
    return serverAccount();
  }
  if (own.uid !== 0 || owner.uid === 0) {
    throw new DrError("PG_DATA_DIRECTORY_OWNER", {
      directory,
      owner: owner.uid,
      uid: own.uid === 0 ? (await serverAccount()).uid : own.uid,
    });
  }
  const entry = (await accounts()).find((candidate) => candidate.uid === owner.uid);
  return entry === undefined
    ? { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid, switched: true }
    : { ...entry, switched: true };
}

/** What `spawn` needs to run a child as `account`. Node drops supplementary groups with it. */
export function spawnIdentity(
  account: ServerAccount,
): { readonly uid: number; readonly gid: number } | Record<string, never> {
  return account.switched ? { uid: account.uid, gid: account.gid } : {};
}
