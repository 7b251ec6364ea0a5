/**
 * Writes the files of a backup into a directory that is empty, or holds files which may be kept: directories first, then content in pack order by
 * workers, then sizes, owners and fsync. Files named in `heldBack` are not written but answered, because
 * `pg_control` comes last and changed, or nothing could start half-way.
 *
 * Aborting ends the workers; what was written stays and cannot start, since `pg_control` is missing.
 */
import { restoreOpenTargetsMax } from "../core/limits.ts";
import { layHoles } from "./lay-holes.ts";
import { ScatterPool } from "./scatter-pool.ts";
import type { PageEntry } from "../repository/map/page.ts";
import { RestoreConductor } from "./restore-conductor.ts";
import {
  type RestoreFilesOptions,
  layOut,
  linkTablespaces,
  makeDirectories,
} from "./restore-layout.ts";

/** What was restored. */
export type RestoredFiles = {
  readonly writtenBytes: number;
  readonly readBytes: number;
  /** Of what was there already: what was right. */
  readonly keptBytes: number;
  readonly heldBack: ReadonlyMap<string, PageEntry>;
};

/**
 * Restores every file but those held back, durable when it resolves (the directories are synced by the caller).
 * @throws DrError `REPO_*` when something is not authentic, `RESTORE_UNSAFE_PATH`, `RESTORE_DISK_FULL`, `RESTORE_FILE_IO`,
 * `STORE_*`; errors of the operating system for directories and links.
 */
export async function restoreFiles(options: RestoreFilesOptions): Promise<RestoredFiles> {
  const { blockBytes } = options.root.server;
  const { fingerprintKey, owner, workers, signal } = options;
  await using pool = options.pool ?? new ScatterPool({ workers, signal });
  const openFilesMax = Math.max(1, Math.floor(restoreOpenTargetsMax / pool.workers));
  pool.begin({ blockBytes, fingerprintKey, owner, openFilesMax }, { signal });
  const layout = await layOut(options, pool);
  await options.kept?.removeOthers(signal);
  await makeDirectories(layout, options);
  await linkTablespaces(options);
  await layHoles(layout.holes, options);
  await new RestoreConductor(options, layout, pool).run();
  const { writtenBytes, readBytes } = pool;
  return { writtenBytes, readBytes, keptBytes: layout.kept.bytes, heldBack: layout.heldBack };
}
