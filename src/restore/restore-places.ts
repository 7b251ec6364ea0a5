/** How much of a backup goes where: the data directory, and each tablespace that lies outside it. Pure. */
import { join } from "node:path";
import type { BackupRoot } from "../repository/root.ts";
import type { TablespacePlace } from "./tablespace-places.ts";

/** One directory of a restore. */
export type RestorePlace = {
  readonly directory: string;
  /** What lies there is replaced: the directory itself, or the one of this server version in a tablespace that others may share. */
  readonly replaced: string;
  /** Of the files that go there; they count with their whole length. */
  readonly filesBytes: number;
};

/** The directories, the data directory first. */
export function restorePlaces(
  { pages, server }: Pick<BackupRoot, "pages" | "server">,
  dataDirectory: string,
  tablespaces: readonly TablespacePlace[],
): readonly [RestorePlace, ...RestorePlace[]] {
  const outside = tablespaces.filter(({ inPlace }) => !inPlace);
  const bytesOf = (isThere: (tablespace: number) => boolean): number =>
    pages.reduce((sum, page) => sum + (isThere(page.tablespace) ? page.bytes : 0), 0);
  const oids = new Set(outside.map(({ oid }) => oid));
  return [
    {
      directory: dataDirectory,
      replaced: dataDirectory,
      filesBytes: bytesOf((tablespace) => !oids.has(tablespace)),
    },
    ...outside.map(({ oid, directory }) => ({
      directory,
      // GetTablespacePath in src/common/relpath.c.
      replaced: join(directory, `PG_${server.major}_${server.catalogVersion}`),
      filesBytes: bytesOf((tablespace) => tablespace === oid),
    })),
  ];
}
