/**
 * `pra wal push`: what `archive_command` calls. Success is said only when the file is in the repository, because the server may then
 * throw its own away. An isolated copy is refused: its WAL has the names of production's and other content.
 */
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";
import { errnoOf } from "../files/file-error.ts";
import { clusterNameOf } from "../repository/object-names.ts";
import { type PushResult, pushWal } from "../wal/wal-push.ts";
import { callingServer, placeToPush } from "./calling-server.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { openRepository } from "./repository-access.ts";

/** What was asked for. */
export type PushRequest = {
  readonly path: string;
  readonly reason: string;
  readonly signal: AbortSignal;
};

/** xlp_sysid of XLogLongPageHeaderData in access/xlog_internal.h. */
const SYSTEM_ID_OFFSET = 24;

/** The system identifier on a segment's first page; undefined when the file is too short for one. */
async function systemIdentifierIn(path: string): Promise<bigint | undefined> {
  try {
    await using file = await open(path, "r");
    const head = Buffer.alloc(SYSTEM_ID_OFFSET + 8);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return bytesRead === head.length ? head.readBigUInt64LE(SYSTEM_ID_OFFSET) : undefined;
  } catch (error) {
    const reason = errnoOf(error) ?? "unreadable";
    throw new DrError("WAL_FILE_IO", { operation: "reading", path, reason }, { cause: error });
  }
}

/**
 * Pushes one file. No lease is taken, see `pushWal`. @throws DrError `REPO_ISOLATED_COPY`, `WAL_HISTORY_UNCLEAR`, those of `pushWal`
 * and of opening the repository. Aborted: the file may have been stored; pushing it again finds it.
 */
export async function runPush(
  adapters: Adapters,
  environment: Environment,
  request: PushRequest,
): Promise<PushResult> {
  const { path, reason, signal } = request;
  const { clock } = adapters;
  const { sealed } = await openRepository(adapters, environment, { signal });
  const cluster = clusterNameOf(environment.cluster);
  const server = await callingServer(path, { clock, signal });
  const tells = server === undefined && /^[0-9A-F]{24}$/.test(basename(path));
  const systemIdentifier = tells ? await systemIdentifierIn(path) : undefined;
  const of = { cluster, server, systemIdentifier };
  const place = await placeToPush(adapters, sealed, of, { signal });
  try {
    return await pushWal({ sealed, place, epoch: 0, clock, path, signal });
  } catch (error) {
    // The server offers the file again and again; what was told once is not told every minute.
    if (isDrError(error, "WAL_SEGMENT_CONFLICT") && error.details["kept"] === "now") {
      const { segment, conflict } = error.details;
      const data = { ...place, segment: String(segment), key: String(conflict) };
      await new LedgerRecorder(adapters, sealed, { environment, reason }).record({
        kind: "conflictFound",
        data,
      });
    }
    throw error;
  }
}
