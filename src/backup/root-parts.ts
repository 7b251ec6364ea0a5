/**
 * The lists of a backup's root: its pages, and the packs and maps that it and its pages refer to, new ones as they were
 * just made and older ones as the previous root describes them.
 */
import { createHash } from "node:crypto";
import { present } from "../core/assert.ts";
import { corruptPagesListedMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { FinishedObject } from "../pipeline/framed-file-writer.ts";
import type { MapWriter } from "../repository/map/map-writer.ts";
import type { MapObject, PackObject, PageRef } from "../repository/root.ts";
import type { ChecksumWarning } from "../source/backup-source.ts";
import { type CorruptPage, type FileMapper, pathInDataDirectory } from "./file-mapper.ts";
import type { PreviousBackup } from "./previous-backup.ts";

/** Writes the pages; a page that the previous backup wrote already is referred to. */
export function writePages(
  mapper: FileMapper,
  maps: MapWriter,
  previous: PreviousBackup | undefined,
): { pages: PageRef[]; mapIds: Set<ObjectId> } {
  const mapIds = new Set<ObjectId>();
  const pages: PageRef[] = [];
  for (const { group, page } of mapper.pages.values()) {
    for (const { bytes: encoded, files, contentBytes, maps: needed } of page.pages()) {
      const sha256 = createHash("sha256").update(encoded).digest("hex");
      const same = previous?.samePage(group, sha256);
      const ref: PageRef = same ?? {
        ...group,
        ...maps.add(encoded),
        sha256,
        files,
        bytes: contentBytes,
      };
      mapIds.add(ref.map);
      needed.forEach((map) => mapIds.add(map));
      pages.push(ref);
    }
  }
  return { pages, mapIds };
}

/** The packs with a live block. */
export function packObjects(
  mapper: FileMapper,
  finished: ReadonlyMap<ObjectId, FinishedObject>,
  previous: PreviousBackup | undefined,
): PackObject[] {
  return [...mapper.live.packs()].map(([id, live]) => {
    const known = finished.get(id) ?? present(previous, "an old pack has a backup").pack(id);
    const { bytes, frames, plainBytes, headerSha256 } = known;
    const part = { liveFrames: live.frames, liveBytes: live.bytes };
    return { id, bytes, frames, headerSha256, plainBytes, ...part };
  });
}

/** The maps that pages lie in or refer to. */
export function mapObjects(
  ids: ReadonlySet<ObjectId>,
  finished: readonly FinishedObject[],
  previous: PreviousBackup | undefined,
): MapObject[] {
  const fresh = new Map(finished.map((map) => [map.id, map]));
  return [...ids].map((id) => {
    const made = fresh.get(id);
    if (made === undefined) {
      return present(previous, "an old map has a backup").map(id);
    }
    const sha256 = present(made.sha256, "a map is hashed while it is written");
    const { bytes, frames, headerSha256 } = made;
    return { id, bytes, frames, headerSha256, sha256 };
  });
}

/** The damaged pages: what we found, and what only the server warned of. At most `corruptPagesListedMax`. */
export function corruptPages(
  found: readonly CorruptPage[],
  warnings: readonly ChecksumWarning[],
): CorruptPage[] {
  const listed = new Map(found.map((page) => [`${page.block} ${page.path}`, page]));
  for (const warning of warnings) {
    if (warning.blockInFile !== undefined && listed.size < corruptPagesListedMax) {
      const page = { path: pathInDataDirectory(warning), block: warning.blockInFile };
      listed.set(`${page.block} ${page.path}`, page);
    }
  }
  return [...listed.values()];
}
