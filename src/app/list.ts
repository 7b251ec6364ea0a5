/**
 * `pra list`: every cluster with its backups, the windows that can be restored and the gaps between them. It asks no server, and
 * what is damaged is shown, not fatal.
 */
import { type DrError, isDrError } from "../core/errors.ts";
import { ledgerListObjectsMax } from "../core/limits.ts";
import type { LedgerEvent } from "../ledger/event.ts";
import { searchNewestEvents } from "../ledger/newest-events.ts";
import { listClusters } from "../repository/catalogue.ts";
import {
  type ClusterName,
  type IncarnationPlace,
  systemIdentifierOf,
} from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { listIncarnations } from "../repository/read-lease.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type Instant, describeInstant } from "../restore/plan-result.ts";
import type { PlanCatalogue } from "../restore/plan.ts";
import {
  type WindowOptions,
  type Windows,
  type WindowsJson,
  windowsIn,
  windowsJson,
} from "../restore/window.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type ListedBackup, readIncarnation } from "./plan-catalogue.ts";
import { openRepository } from "./repository-access.ts";

/** The newest proof of a backup. */
export type LastProof = { readonly verdict: "proven" | "failed" | "unfit"; readonly time: string };

/** One incarnation of one cluster. */
export type ListedIncarnation = {
  readonly cluster: ClusterName;
  readonly place: IncarnationPlace;
  readonly systemId: string;
  readonly backups: readonly ListedBackup[];
  readonly windows: Windows;
  /** Why there are none: WAL, or an index of it, cannot be believed. */
  readonly windowsError: DrError | undefined;
};

/** Everything that is listed. */
export type RepositoryList = {
  readonly location: string;
  readonly incarnations: readonly ListedIncarnation[];
  readonly proofs: ReadonlyMap<string, LastProof>;
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

/**
 * The newest proof of each backup, from the newest `ledgerListObjectsMax` objects of the ledger: a list answers in seconds, however long
 * the history. A backup whose proof lies further back shows none; proving it again is what it needs by then anyway.
 */
async function readProofs(
  sealed: SealedStore,
  call: StoreCall,
): Promise<ReadonlyMap<string, LastProof>> {
  const proofs = new Map<string, LastProof>();
  const take = ({ content, time }: LedgerEvent): boolean => {
    if (content?.kind === "proofFinished") {
      const { backup, verdict } = content.data;
      const known = proofs.get(backup);
      if (known === undefined || known.time < time) {
        proofs.set(backup, { verdict, time });
      }
    }
    return false;
  };
  try {
    await searchNewestEvents(sealed, take, { ...call, objectsMax: ledgerListObjectsMax });
  } catch (error) {
    // What a damaged ledger hides `pra ledger verify` tells; backups can be listed without it.
    if (!isDamage(error)) {
      throw error;
    }
  }
  return proofs;
}

/** The windows of every incarnation, each index read. @throws DrError as `listRepository`. */
export async function readWindows(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<readonly Omit<ListedIncarnation, "backups">[]> {
  const { sealed } = await openRepository(adapters, environment, call);
  const found: Omit<ListedIncarnation, "backups">[] = [];
  for (const cluster of await listClusters(sealed, call)) {
    for await (const place of listIncarnations(sealed, cluster, call)) {
      const { catalogue } = await readIncarnation(sealed, place, call);
      const windows = await listedWindows(catalogue, { depth: "all", ...call });
      const systemId = String(systemIdentifierOf(place.incarnation));
      found.push({ cluster, place, systemId, ...windows });
    }
  }
  return found;
}

/** Reads the repository. @throws DrError `CONFIG_*`, `KEY_*`, `STORE_*`, `REPO_*`. */
export async function listRepository(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<RepositoryList> {
  const { sealed, location } = await openRepository(adapters, environment, call);
  const incarnations: ListedIncarnation[] = [];
  for (const cluster of await listClusters(sealed, call)) {
    for await (const place of listIncarnations(sealed, cluster, call)) {
      const view = await readIncarnation(sealed, place, call);
      const windows = await listedWindows(view.catalogue, { depth: "ends", ...call });
      const systemId = String(systemIdentifierOf(place.incarnation));
      incarnations.push({ cluster, place, systemId, backups: view.roots, ...windows });
    }
  }
  return { location, incarnations, proofs: await readProofs(sealed, call) };
}

/** An end of a window for people: its time when one is known, else its position. */
export function showInstant(instant: Instant): string {
  return describeInstant(instant);
}

/** The windows in JSON. */
export function windowsToJson(windows: Windows): WindowsJson {
  return windowsJson(windows);
}
