/**
 * Where the tablespaces of a backup go: to their old place, to a new one, or, when they lay in place (created with
 * `allow_in_place_tablespaces`), below the data directory again. Pure.
 *
 * `tablespace_map` is what the server makes the links from when it recovers: left as it was, a remapped copy would
 * take production's tablespaces for its own. Follows read_tablespace_map in
 * src/backend/access/transam/xlogrecovery.c and do_pg_backup_start in xlog.c.
 */
import { isAbsolute, join, relative, resolve } from "node:path";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { decodeFileName, encodeFileName } from "../core/file-name-bytes.ts";
import type { BackupRoot } from "../repository/root.ts";

/** One tablespace and its place. */
export type TablespacePlace = {
  readonly oid: number;
  /** Where the server had it. */
  readonly location: string;
  /** Where its files go: absolute. */
  readonly directory: string;
  /** The caller named the place. */
  readonly mapped: boolean;
  /** It lies at `pg_tblspc/<oid>` itself and needs no link and no directory of its own. */
  readonly inPlace: boolean;
};

function isWithin(directory: string, outer: string): boolean {
  const way = relative(outer, directory);
  return way === "" || !(way === ".." || way.startsWith("../") || isAbsolute(way));
}

/** Refuses places that would mix files of two tablespaces, or the data directory into one. */
function checkApart(places: readonly TablespacePlace[], dataDirectory: string): void {
  const apart = places.filter((place) => !place.inPlace);
  for (const [index, { directory }] of apart.entries()) {
    const other = apart.find(
      (place, at) => at !== index && isWithin(place.directory, directory),
    )?.directory;
    const clash = isWithin(dataDirectory, directory) ? dataDirectory : other;
    if (clash !== undefined) {
      throw new DrError("RESTORE_TARGETS_OVERLAP", { first: directory, second: clash });
    }
  }
}

/** The places. @throws DrError `RESTORE_TARGETS_OVERLAP`, `RESTORE_TABLESPACE_UNPLACED`. */
export function tablespacePlaces(
  root: BackupRoot,
  dataDirectory: string,
  mapping: ReadonlyMap<number, string>,
): readonly TablespacePlace[] {
  const places = root.tablespaces.map(({ oid, location }): TablespacePlace => {
    const wanted = mapping.get(oid);
    if (wanted !== undefined) {
      return { oid, location, directory: resolve(wanted), mapped: true, inPlace: false };
    }
    const inPlace = location === `pg_tblspc/${oid}`;
    if (!inPlace && !isAbsolute(location)) {
      throw new DrError("RESTORE_TABLESPACE_UNPLACED", { oid, location });
    }
    const directory = inPlace ? join(dataDirectory, location) : resolve(location);
    return { oid, location, directory, mapped: false, inPlace };
  });
  checkApart(places, resolve(dataDirectory));
  return places;
}

function escaped(location: string): string {
  return location.replaceAll(/[\n\r\\]/g, (character) => `\\${character}`);
}

/** `tablespace_map` with the new places; the same bytes when none moved. */
export function tablespaceMapWith(map: Uint8Array, places: readonly TablespacePlace[]): Buffer {
  const moved = new Map(
    (guard("L28-map-rewritten") ? places : [])
      .filter((place) => place.directory !== place.location)
      .map((p) => [p.oid, p.directory]),
  );
  // A line ends at a line break that no backslash precedes.
  const lines = decodeFileName(map).match(/(?:\\[^]|[^\\\n])*\n?/g) ?? [];
  const changed = lines.map((line) => {
    const directory = moved.get(Number(/^\d+(?= )/.exec(line)?.[0] ?? "-1"));
    return directory === undefined
      ? line
      : `${line.slice(0, line.indexOf(" "))} ${escaped(directory)}\n`;
  });
  return encodeFileName(changed.join(""));
}
