/**
 * Reads `postmaster.pid`, by which a running server says who and where it is. The file may be stale
 * (the server was killed, the machine restarted) and its process id may meanwhile belong to anyone, so
 * nothing may be signalled on its word alone.
 *
 * Follows src/include/utils/pidfile.h of PostgreSQL (LOCK_FILE_LINE_*).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What the eighth line says; absent very early in the start. */
export type PostmasterStatus = "starting" | "stopping" | "ready" | "standby";

/** The file's lines that matter here. */
export type PostmasterFile = {
  readonly pid: number;
  readonly dataDirectory: string;
  readonly startedEpochSeconds: number;
  readonly port: number | undefined;
  readonly socketDirectory: string | undefined;
  readonly status: PostmasterStatus | undefined;
};

/** Parses the file; undefined while its first three lines are not complete. */
export function parsePostmasterFile(content: string): PostmasterFile | undefined {
  const lines = content.split("\n");
  const pid = Number(lines[0]);
  const started = Number(lines[2]);
  const dataDirectory = lines[1] ?? "";
  // A negative id marks a stand-alone backend; it has no sockets and takes no clients.
  if (lines.length < 4 || !Number.isInteger(pid) || pid === 0 || dataDirectory === "") {
    return undefined;
  }
  const port = Number(lines[3]);
  const socket = lines[4];
  return {
    pid,
    dataDirectory,
    startedEpochSeconds: started,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    socketDirectory: socket === undefined || socket === "" ? undefined : socket,
    status: statusOf(lines[7]?.trim()),
  };
}

const STATUSES: readonly PostmasterStatus[] = ["starting", "stopping", "ready", "standby"];

function statusOf(text: string | undefined): PostmasterStatus | undefined {
  return STATUSES.find((status) => status === text);
}

/** The file of a data directory, or undefined when there is none or it is not complete yet. */
export async function readPostmasterFile(
  dataDirectory: string,
): Promise<PostmasterFile | undefined> {
  try {
    return parsePostmasterFile(await readFile(join(dataDirectory, "postmaster.pid"), "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}
