/**
 * What every source of a backup delivers, whether it streams from a server or reads its files: entries
 * with their content, between a start and an end position. The rest of the engine knows nothing else of
 * where data comes from.
 */
import type { BackupStart as ServerBackupStart } from "../postgres/base-backup.ts";
import type { ServerManifest } from "../postgres/server-manifest.ts";
import type { Lsn } from "../core/lsn.ts";
import type { TimelineId } from "../core/wal-name.ts";

/** Where a backup begins, and its tablespaces, the data directory last; as the server states it. */
export type BackupStart = ServerBackupStart;

/** One file, directory or symbolic link. */
export type SourceEntry = {
  /** 0 for the data directory itself. */
  readonly tablespaceOid: number;
  /** Relative to the data directory or the tablespace's location; "/" between parts. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
  readonly modifiedAtSeconds: number;
  readonly linkTarget?: string;
};

/** Who takes a backup. Calls are synchronous: begin, then for each entry `entry`, `data`*, `endEntry`. */
export interface BackupSink {
  begin(start: BackupStart): void;
  entry(entry: SourceEntry): void;
  /** Content of the entry; valid during the call only. */
  data(chunk: Uint8Array): void;
  endEntry(): void;
  /** Undefined to go on; a promise holds the source until it resolves, and fails it when it rejects. */
  pressure(): Promise<void> | undefined;
}

/** A page or file the server warned about. */
export type ChecksumWarning = {
  /** 0 for the data directory. */
  readonly tablespaceOid: number;
  /** As in `SourceEntry`. */
  readonly path: string;
  /** Counted from the start of this file; undefined when the warning is about the whole file. */
  readonly blockInFile: number | undefined;
  /** The server's words. */
  readonly text: string;
};

/** What is known when a backup has been taken whole. */
export type BackupEnd = {
  readonly stopLsn: Lsn;
  readonly timeline: TimelineId;
  readonly checksumWarnings: readonly ChecksumWarning[];
  /** The server ended with its verdict that pages are damaged: complete, but flagged. */
  readonly checksumFailed: boolean;
  /** Other things the server said, in its words. */
  readonly notices: readonly string[];
  /** Warnings beyond `backupWarningsMax`, which were only counted. */
  readonly unlistedWarnings: number;
  /** The server's manifest, byte for byte; undefined when none was asked for. */
  readonly manifest: ServerManifest | undefined;
  readonly receivedBytes: number;
};
