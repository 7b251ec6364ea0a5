/** What a plan is made from: the backups and the WAL of one incarnation, read from the repository alone. */
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { summaryOf } from "../restore/plan-backup.ts";
import type { PlanCatalogue } from "../restore/plan.ts";
import { walKnowledgeOf } from "../restore/wal-knowledge-of-catalogue.ts";
import { WalCatalogue } from "../wal/wal-catalogue.ts";
import { type ListedRoot, listRoots } from "./backup-roots.ts";

/** One incarnation, read once. */
export type IncarnationView = {
  readonly place: IncarnationPlace;
  readonly catalogue: PlanCatalogue;
  readonly walCatalogue: WalCatalogue;
  /** Oldest first, without their packs and pages. */
  readonly roots: readonly ListedBackup[];
};

/** A root as a list needs it. */
export type ListedBackup =
  | (Extract<ListedRoot, { readonly state: "damaged" }> & { readonly root?: undefined })
  | { readonly state: "readable"; readonly root: Omit<BackupRoot, "packs" | "pages" | "maps"> };

/** Reads it. Peak memory: one whole root, and the heads of all. @throws DrError `STORE_*`, `REPO_*`, `WAL_HISTORY_INVALID`. */
export async function readIncarnation(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<IncarnationView> {
  const roots: ListedBackup[] = [];
  const backups: PlanCatalogue["backups"][number][] = [];
  for await (const listed of listRoots(sealed, place, call)) {
    if (listed.state === "damaged") {
      roots.push(listed);
    } else {
      const { packs: _packs, pages: _pages, maps: _maps, ...root } = listed.root;
      backups.push(summaryOf(listed.root));
      roots.push({ state: "readable", root });
    }
  }
  // After the backups: WAL that a listed backup needs is there by then.
  const walCatalogue = await WalCatalogue.load(sealed, place, call);
  const catalogue = { backups, wal: walKnowledgeOf(sealed, walCatalogue) };
  return { place, catalogue, walCatalogue, roots: roots.reverse() };
}
