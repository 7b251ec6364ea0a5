/**
 * `pra wal status`: how far the repository is behind the server, judged from what lies in the repository, not from what a receiver
 * says of itself. With the server dead the repository still answers for its half.
 */
import { isDrError, type DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { type Lsn, lsnDistanceBytes } from "../core/lsn.ts";
import type { TimelineId } from "../core/wal-name.ts";
import { withPasswordFile } from "../postgres/password-file.ts";
import { readSystemId } from "../postgres/server-health.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import {
  systemIdentifierOf,
  type IncarnationPlace,
  clusterNameOf,
} from "../repository/object-names.ts";
import type { LeaseDocument } from "../repository/lease-holder.ts";
import { readNewestLease } from "../repository/read-lease.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type TimelineWal, WalCatalogue, type WalHole } from "../wal/wal-catalogue.ts";
import { newestRoot } from "./backup-roots.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { heldUntilMs } from "./held-until.ts";
import { newestIncarnation } from "./newest-incarnation.ts";
import { openRepository } from "./repository-access.ts";
import { type ServerPosition, readPosition } from "./server-position.ts";

/** Who receives, as the lease says. `state`: proved alive, proved dead, or on a host that cannot be seen from here. */
export type ReceiverSeen = {
  readonly host: string;
  readonly pid: number;
  readonly since: string;
  readonly liveness: "alive" | "dead" | "unknown";
};

/** The state of a cluster's WAL. */
export type WalState = {
  readonly cluster: string;
  readonly place: IncarnationPlace | undefined;
  readonly systemId: string | undefined;
  readonly timeline: TimelineId | undefined;
  readonly repositoryLsn: Lsn | undefined;
  readonly server: ServerPosition | undefined;
  /** The server that answers is another cluster than the repository's newest history: positions of the two say nothing of each other. */
  readonly otherSystemId: string | undefined;
  /** Why the server did not answer. */
  readonly serverError: DrError | undefined;
  readonly lagBytes: number | undefined;
  /** At most this much work would be lost now; undefined when nothing tells. */
  readonly exposureSeconds: number | undefined;
  /** Holes that the newest backup has not closed. */
  readonly openGaps: readonly WalHole[];
  readonly slot: string;
  readonly receiver: ReceiverSeen | undefined;
};

type Call = { readonly signal: AbortSignal };

/** Where the server is, or why it did not say. */
export type ServerAnswer = {
  readonly position?: ServerPosition | undefined;
  readonly error?: DrError | undefined;
};

async function askServer(environment: Environment, call: Call): Promise<ServerAnswer> {
  const { signal } = call;
  const slot = environment.slotName;
  try {
    const connection = await withPasswordFile(environment.connection, call);
    await using session = await SqlSession.open(connection, { applicationName: slot, signal });
    const position = await readPosition(session, { slot, signal });
    const systemId = await readSystemId(session, call);
    return { position: position && { ...position, systemId } };
  } catch (error) {
    signal.throwIfAborted();
    if (isDrError(error)) {
      return { error };
    }
    throw error;
  }
}

function seenReceiver(
  lease: LeaseDocument | undefined,
  adapters: Adapters,
): ReceiverSeen | undefined {
  if (lease === undefined || lease.state === "released") {
    return undefined;
  }
  const { host, pid } = lease.holder;
  const liveness = adapters.observer.livenessOf(lease.holder);
  return { host, pid, since: lease.acquiredAt, liveness };
}

/** Holes behind the start of the newest backup: a backup closes what lies before it. */
function openGapsOf(
  catalogue: WalCatalogue,
  wal: TimelineWal,
  newest: BackupRoot | undefined,
): readonly WalHole[] {
  return catalogue
    .holes(wal.timeline)
    .filter(
      (hole) =>
        newest === undefined || newest.timeline !== wal.timeline || hole.fromLsn >= newest.startLsn,
    );
}

function exposureOf(
  seen: { readonly server: ServerPosition | undefined; readonly repositoryLsn: Lsn | undefined },
  heldMs: number | undefined,
  nowMs: number,
): number | undefined {
  const { server, repositoryLsn } = seen;
  if (server !== undefined && repositoryLsn !== undefined && server.flushLsn <= repositoryLsn) {
    return 0;
  }
  return heldMs === undefined ? undefined : Math.max(0, ((server?.nowMs ?? nowMs) - heldMs) / 1000);
}

/** The cluster that answers, when it is another one. What may not be seen is believed to be the same. */
function otherThan(
  systemId: string | undefined,
  position: ServerPosition | undefined,
): string | undefined {
  const found = position?.systemId;
  return guard("L46-other-cluster") && systemId !== undefined && found !== systemId
    ? found
    : undefined;
}

/** What the repository holds, beside what the server answered. @throws DrError `REPO_*`, `STORE_*`. */
export async function walStateOf(
  seen: { readonly sealed: SealedStore; readonly server: ServerAnswer },
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<WalState> {
  const { sealed } = seen;
  const { position, error: serverError } = seen.server;
  const lease = { cluster: clusterNameOf(environment.cluster), purpose: "wal" } as const;
  const receiver = seenReceiver(await readNewestLease(sealed, lease, call), adapters);
  const slot = environment.slotName;
  const place = await newestIncarnation(sealed, clusterNameOf(environment.cluster), call);
  const systemId = place && String(systemIdentifierOf(place.incarnation));
  const { cluster } = environment;
  const otherSystemId = otherThan(systemId, position);
  const server = otherSystemId === undefined ? position : undefined;
  const about = { cluster, place, systemId, server, otherSystemId, serverError, slot, receiver };
  const catalogue = place && (await WalCatalogue.load(sealed, place, call));
  const wal = catalogue?.timelines.at(-1);
  if (catalogue === undefined || wal === undefined) {
    const nothing = { timeline: undefined, repositoryLsn: undefined, lagBytes: undefined };
    return { ...about, ...nothing, exposureSeconds: undefined, openGaps: [] };
  }
  const { timeline } = wal;
  const repositoryLsn = catalogue.durableLsn(timeline);
  const lagBytes =
    server === undefined || repositoryLsn === undefined
      ? undefined
      : server.flushLsn <= repositoryLsn
        ? 0
        : lsnDistanceBytes(repositoryLsn, server.flushLsn);
  const newest = await newestRoot(sealed, catalogue.place, call);
  const heldMs = await heldUntilMs({ sealed, catalogue, wal, newest }, call);
  const exposureSeconds = exposureOf({ server, repositoryLsn }, heldMs, adapters.clock.now());
  const openGaps = openGapsOf(catalogue, wal, newest);
  return { ...about, timeline, repositoryLsn, lagBytes, exposureSeconds, openGaps };
}

/** Looks once. @throws DrError `CONFIG_*`, `KEY_*`, `REPO_*`, `STORE_*`; a server that does not answer is part of the state. */
export async function readWalState(
  adapters: Adapters,
  environment: Environment,
  call: Call,
): Promise<WalState> {
  const { sealed } = await openRepository(adapters, environment, call);
  const server = await askServer(environment, call);
  return await walStateOf({ sealed, server }, adapters, environment, call);
}
