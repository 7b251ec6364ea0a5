/**
 * The server that runs `pra` as its `archive_command` or `restore_command`, told by its data directory: PostgreSQL runs both there,
 * and while a server starts, stops or recovers there is no connection to ask. Read only; what is not there is not guessed.
 *
 * Follows sections 19.5.3 "Archiving" and 19.5.5 "Archive Recovery" of PostgreSQL's documentation.
 */
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { INCARNATION_SETTING, ISOLATED_COPY } from "../core/incarnation-setting.ts";
import { controlFileReadsMax, controlFileRetryMs } from "../core/limits.ts";
import { errnoOf } from "../files/file-error.ts";
import { parseControlFile } from "../postgres/control-file.ts";
import { namingKey } from "../pipeline/sealing/key-ring.ts";
import { firstIncarnation, listIncarnations, openIncarnation } from "../repository/incarnation.ts";
import {
  type ClusterName,
  type IncarnationPlace,
  parseIncarnationName,
  systemIdentifierOf,
} from "../repository/object-names.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { settingIn } from "../restore/isolation.ts";
import type { Adapters } from "./compose.ts";

/** What a data directory says of its server. */
export type CallingServer = {
  readonly systemIdentifier: bigint;
  readonly major: number;
  /** Its `pra.incarnation`; undefined for one that was never restored. */
  readonly named: string | undefined;
};

type Call = { readonly signal: AbortSignal };

async function textIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") {
      return undefined;
    }
    const reason = errnoOf(error) ?? "unreadable";
    throw new DrError("WAL_FILE_IO", { operation: "reading", path, reason }, { cause: error });
  }
}

/** The server may be writing the file: a torn one is read again. */
async function systemIdentifierIn(
  directory: string,
  call: Call & { readonly clock: Clock },
): Promise<bigint> {
  for (let read = 1; ; read += 1) {
    try {
      return parseControlFile(await readFile(join(directory, "global", "pg_control"))).systemId;
    } catch (error) {
      if (!isDrError(error, "PG_CONTROL_CRC") || read >= controlFileReadsMax) {
        throw error;
      }
    }
    await call.clock.sleep(controlFileRetryMs, call);
  }
}

/**
 * The server whose `pg_wal` holds `path`, else the one in whose directory we run; undefined when neither is a data directory.
 * @throws DrError `WAL_FILE_IO`, `PG_CONTROL_*` for one that cannot be read.
 */
export async function callingServer(
  path: string,
  call: Call & { readonly clock: Clock },
): Promise<CallingServer | undefined> {
  // By name, not by link: `pg_wal` may lie elsewhere.
  const above = resolve(dirname(path), "..");
  for (const directory of [above, process.cwd()]) {
    const version = await textIfThere(join(directory, "PG_VERSION"));
    if (version !== undefined) {
      const own = await textIfThere(join(directory, "postgresql.auto.conf"));
      return {
        systemIdentifier: await systemIdentifierIn(directory, call),
        major: Number.parseInt(version, 10),
        named: own === undefined ? undefined : settingIn(own, INCARNATION_SETTING),
      };
    }
  }
  return undefined;
}

/** The only history there is of this system identifier, or of the cluster. @throws DrError `WAL_HISTORY_UNCLEAR`. */
async function onlyIncarnation(
  sealed: SealedStore,
  of: { readonly cluster: ClusterName; readonly systemIdentifier: bigint | undefined },
  call: Call,
): Promise<IncarnationPlace> {
  const { cluster, systemIdentifier } = of;
  const found = (await listIncarnations(sealed, cluster, call)).filter(
    ({ incarnation }) =>
      systemIdentifier === undefined || systemIdentifierOf(incarnation) === systemIdentifier,
  );
  const [only] = found;
  if (only === undefined || found.length > 1) {
    const names = found.map(({ incarnation }) => incarnation).join(", ");
    throw new DrError("WAL_HISTORY_UNCLEAR", { cluster, found: names === "" ? "–" : names });
  }
  return only;
}

/**
 * Where a server's WAL is pushed to: the history that its data directory names, made when it is new. Without a data directory the
 * one that has this system identifier. @throws DrError `REPO_ISOLATED_COPY`, `WAL_HISTORY_UNCLEAR`, and what the store throws.
 */
export async function placeToPush(
  adapters: Adapters,
  sealed: SealedStore,
  of: {
    readonly cluster: ClusterName;
    readonly server: CallingServer | undefined;
    /** Of the file, where it tells. */
    readonly systemIdentifier: bigint | undefined;
  },
  call: Call,
): Promise<IncarnationPlace> {
  const { cluster, server } = of;
  if (server === undefined) {
    return await onlyIncarnation(sealed, of, call);
  }
  const serverVersion = String(server.major);
  const nowMs = adapters.clock.now();
  return await openIncarnation(sealed, { cluster, ...server, serverVersion }, { ...call, nowMs });
}

/**
 * Where a server's WAL is fetched from. `wanted` decides; else the history that the data directory names; an isolated copy names
 * none, and takes the only one there is. @throws DrError `WAL_HISTORY_UNCLEAR`, and what the store throws.
 */
export async function placeToFetch(
  sealed: SealedStore,
  of: {
    readonly cluster: ClusterName;
    readonly server: CallingServer | undefined;
    readonly wanted: string | undefined;
  },
  call: Call,
): Promise<IncarnationPlace> {
  const { cluster, server, wanted } = of;
  if (wanted !== undefined) {
    return { cluster, incarnation: parseIncarnationName(wanted) };
  }
  const systemIdentifier = server?.systemIdentifier;
  if (server === undefined || server.named === ISOLATED_COPY) {
    return await onlyIncarnation(sealed, { cluster, systemIdentifier }, call);
  }
  const named =
    server.named === undefined || server.named === ""
      ? undefined
      : parseIncarnationName(server.named);
  const own =
    named !== undefined && systemIdentifierOf(named) === systemIdentifier
      ? named
      : firstIncarnation(namingKey(sealed.ring), cluster, server.systemIdentifier);
  const known = await listIncarnations(sealed, cluster, call);
  return known.some(({ incarnation }) => incarnation === own)
    ? { cluster, incarnation: own }
    : await onlyIncarnation(sealed, { cluster, systemIdentifier }, call);
}
