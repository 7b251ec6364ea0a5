/** What a backup is read from: its maps, which say where each block lies, and its packs. */
import type { LocalObjects } from "../repository/local-objects.ts";
import { MapReader } from "../repository/map/map-reader.ts";
import {
  type IncarnationPlace,
  incarnationIdBytes,
  objectKey,
} from "../repository/object-names.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { PackReader } from "./pack-reader.ts";

/** The maps are to be disposed of. */
export type BackupSources = { readonly maps: MapReader; readonly packs: PackReader };

/** Opens them. @throws DrError `REPO_*`, `STORE_*`, `KEY_*`. */
export async function openSources(
  of: {
    readonly sealed: SealedStore;
    readonly place: IncarnationPlace;
    readonly root: BackupRoot;
    /** Also hold every map whole against what the root says of it: before all of it is restored. */
    readonly checkDigests: boolean;
    readonly signal: AbortSignal;
  },
  local: LocalObjects,
): Promise<BackupSources> {
  const { sealed, place, root, checkDigests, signal } = of;
  const { ring } = sealed;
  const incarnation = incarnationIdBytes(place.incarnation);
  const key = (type: "pack" | "map", id: BackupRoot["id"]): string =>
    objectKey({ ...place, type, id });
  const maps = await MapReader.open({
    ring,
    incarnation,
    maps: root.maps,
    path: (id) => local.path(key("map", id)),
    checkDigests,
    signal,
  });
  const packs = new PackReader({
    ring,
    incarnation,
    root,
    path: (id) => local.path(key("pack", id)),
    forget: (id) => local.forget(key("pack", id)),
  });
  return { maps, packs };
}
