/**
 * `pra list`: every cluster with its backups, the windows that can be restored and the gaps between them. It asks no server, and
 * what is damaged is shown, not fatal.
 */
import { type DrError, isDrError } from "../core/errors.ts";
import { planLookBackSegmentsMax } from "../core/limits.ts";
import { listClusters } from "../repository/catalogue.ts";
import { type DumpEntry, listDumps } from "../repository/dump-catalogue.ts";
import {
  type ClusterName,
  type IncarnationPlace,
  systemIdentifierOf,
} from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { listIncarnations } from "../repository/read-lease.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { activeHold, type HoldDocument, readHolds } from "../repository/holds.ts";
import type { RetentionPolicy } from "../repository/retention-view.ts";
import { type RetentionDecision, decideRetention } from "../repository/retention.ts";
import { isStretchNeeded } from "../repository/retention-wal.ts";
import type { WalHole } from "../restore/plan-lineage.ts";
import { type ProofDoubts, isDamaged } from "../restore/proof-doubt.ts";
import { type Instant, describeInstant } from "../restore/plan-result.ts";
import type { PlanCatalogue } from "../restore/plan.ts";
import {
  type WindowOptions,
  type Windows,
  type WindowsJson,
  windowsIn,
  windowsJson,
} from "../restore/window.ts";
import { oldestBackupMs } from "./backup-roots.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type LastProof, doubtsIn, readProofs } from "./last-proofs.ts";
import { type IncarnationView, type ListedBackup, readIncarnation } from "./plan-catalogue.ts";
import { openRepository } from "./repository-access.ts";
import { retentionWalOf } from "./retention-wal.ts";

/** One incarnation of one cluster. */
export type ListedIncarnation = {
  readonly cluster: ClusterName;
  readonly place: IncarnationPlace;
  readonly systemId: string;
  readonly backups: readonly ListedBackup[];
  /** Oldest first, those of fenced writers included. */
  readonly dumps: readonly DumpEntry[];
  readonly windows: Windows;
  /** Missing WAL that retention does not ask for: no gap in what is promised. */
  readonly givenUp: readonly WalHole[];
  /** Why there are none: WAL, or an index of it, cannot be believed. */
  readonly windowsError: DrError | undefined;
};

/** Everything that is listed. */
export type RepositoryList = {
  readonly location: string;
  readonly incarnations: readonly ListedIncarnation[];
  readonly proofs: ReadonlyMap<string, LastProof>;
  readonly doubts: ProofDoubts;
  /** What of the ledger could not be read: results of proofs may stand there. */
  readonly proofsUnread: readonly DrError[];
  /** The newest word on every backup that ever was held. */
  readonly holds: ReadonlyMap<string, HoldDocument>;
};

/** Something in the repository that cannot be believed, as opposed to a store that does not answer. */
function isDamage(error: unknown): error is DrError {
  return isDrError(error) && /^(?:REPO|KEY|WAL)_/.test(error.code);
}

async function listedWindows(
  catalogue: PlanCatalogue,
  options: WindowOptions,
): Promise<Pick<ListedIncarnation, "windows" | "windowsError">> {
  try {
    return { windows: await windowsIn(catalogue, options), windowsError: undefined };
  } catch (error) {
    if (isDamage(error)) {
      return { windows: { windows: [], gaps: [] }, windowsError: error };
    }
    throw error;
  }
}

type Holds = ReadonlyMap<string, HoldDocument>;

/** A hold that cannot be read hides no backup; expire stops at it, and `pra verify` tells of it. */
async function listedHolds(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<Holds> {
  try {
    return await readHolds(sealed, cluster, call);
  } catch (error) {
    if (isDamage(error)) {
      return new Map();
    }
    throw error;
  }
}

/** What retention decides by. */
type RetentionAbout = {
  readonly policy: RetentionPolicy;
  readonly nowMs: number;
  readonly doubts: ProofDoubts;
  readonly proofsUnread: number;
};

/** What retention makes of a cluster, pins and damaged roots left aside: only which WAL it asks for matters here. */
async function decisionFor(
  views: readonly IncarnationView[],
  about: RetentionAbout & { readonly holds: Holds },
  call: StoreCall,
): Promise<RetentionDecision> {
  const segmentsMax = planLookBackSegmentsMax;
  const incarnations: Parameters<typeof decideRetention>[0]["incarnations"][number][] = [];
  for (const { place, catalogue, roots } of views) {
    const backups = roots.flatMap(({ root }) =>
      root === undefined
        ? []
        : [
            {
              ...root,
              startedAtMs: Date.parse(root.startedAt),
              finishedAtMs: Date.parse(root.finishedAt),
              hold: activeHold(about.holds.get(root.id)),
              pinned: false,
              damaged: isDamaged(about.doubts, root.id),
            },
          ],
    );
    const wal = await retentionWalOf(catalogue.wal, { ...call, segmentsMax });
    incarnations.push({ place, backups, unreadableRoots: [], ...wal });
  }
  const { policy, nowMs, proofsUnread } = about;
  return decideRetention({ incarnations, proofsUnread }, policy, nowMs);
}

/** Gaps in what is promised, apart from what retention gave up. */
function withoutGivenUp(
  found: Pick<ListedIncarnation, "windows" | "windowsError">,
  place: IncarnationPlace,
  decision: RetentionDecision,
): Pick<ListedIncarnation, "windows" | "windowsError" | "givenUp"> {
  const needs = decision.wal.get(place.incarnation) ?? { kind: "all" };
  const { windows, gaps } = found.windows;
  const isOpen = (hole: WalHole): boolean =>
    hole.cause !== "missing" || isStretchNeeded(needs, hole);
  return {
    ...found,
    windows: { windows, gaps: gaps.filter(isOpen) },
    givenUp: gaps.filter((hole) => !isOpen(hole)),
  };
}

/** On a host without the private side WAL that is not published yet cannot be read: its windows end earlier, and that is no gap. */
function withoutUnread(
  found: Pick<ListedIncarnation, "windows" | "windowsError">,
  { ring }: SealedStore,
): Pick<ListedIncarnation, "windows" | "windowsError"> {
  if (ring.private !== undefined) {
    return found;
  }
  const { windows, gaps } = found.windows;
  const told = gaps.filter(({ cause }) => cause !== "unread");
  return { ...found, windows: { windows, gaps: told } };
}

/** Every incarnation of a cluster, with its windows. */
async function listCluster(
  sealed: SealedStore,
  cluster: ClusterName,
  about: WindowOptions & RetentionAbout,
): Promise<{ readonly incarnations: readonly ListedIncarnation[]; readonly holds: Holds }> {
  const { signal } = about;
  const views: IncarnationView[] = [];
  for await (const place of listIncarnations(sealed, cluster, { signal })) {
    views.push(await readIncarnation(sealed, place, { signal }));
  }
  const holds = await listedHolds(sealed, cluster, { signal });
  const decision = await decisionFor(views, { ...about, holds }, { signal });
  const incarnations: ListedIncarnation[] = [];
  for (const { place, catalogue, roots } of views) {
    const found = withoutUnread(await listedWindows(catalogue, about), sealed);
    const systemId = String(systemIdentifierOf(place.incarnation));
    const windows = withoutGivenUp(found, place, decision);
    const dumps: DumpEntry[] = [];
    for await (const entry of listDumps(sealed, place, { signal })) {
      dumps.push(entry);
    }
    incarnations.push({ cluster, place, systemId, backups: roots, dumps, ...windows });
  }
  return { incarnations, holds };
}

/** The windows of every incarnation, each index read. @throws DrError as `listRepository`. */
export async function readWindows(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<readonly Omit<ListedIncarnation, "backups">[]> {
  const { sealed } = await openRepository(adapters, environment, call);
  const clusters = await listClusters(sealed, call);
  const sinceMs = await oldestBackupMs(sealed, clusters, call);
  const { proofs, unread } = await readProofs(sealed, { ...call, sinceMs });
  const judged = { doubts: doubtsIn(proofs), proofsUnread: unread.length };
  const about = { depth: "all", ...policyOf(adapters, environment), ...judged, ...call } as const;
  const found: Omit<ListedIncarnation, "backups">[] = [];
  for (const cluster of clusters) {
    found.push(...(await listCluster(sealed, cluster, about)).incarnations);
  }
  return found;
}

function policyOf(
  adapters: Adapters,
  environment: Environment,
): { readonly policy: RetentionPolicy; readonly nowMs: number } {
  return { policy: environment.retention, nowMs: adapters.clock.now() };
}

/** Reads the repository. @throws DrError `CONFIG_*`, `KEY_*`, `STORE_*`, `REPO_*`. */
export async function listRepository(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<RepositoryList> {
  const { sealed, location } = await openRepository(adapters, environment, call);
  const clusters = await listClusters(sealed, call);
  const sinceMs = await oldestBackupMs(sealed, clusters, call);
  const { proofs, unread: proofsUnread } = await readProofs(sealed, { ...call, sinceMs });
  const doubts = doubtsIn(proofs);
  const judged = { doubts, proofsUnread: proofsUnread.length };
  const about = { depth: "ends", ...policyOf(adapters, environment), ...judged, ...call } as const;
  const incarnations: ListedIncarnation[] = [];
  const holds = new Map<string, HoldDocument>();
  for (const cluster of clusters) {
    const listed = await listCluster(sealed, cluster, about);
    incarnations.push(...listed.incarnations);
    listed.holds.forEach((hold, id) => holds.set(id, hold));
  }
  return { location, incarnations, proofs, doubts, proofsUnread, holds };
}

/** An end of a window for people: its time when one is known, else its position. */
export function showInstant(instant: Instant): string {
  return describeInstant(instant);
}

/** The windows in JSON. */
export function windowsToJson(windows: Windows): WindowsJson {
  return windowsJson(windows);
}
