/**
 * A backup taken over the replication protocol: the only source that needs nothing but a connection with
 * REPLICATION. A stream cannot be read twice, so the server's own verdict on a page counts, and a backup
 * that ended early must never pass for a whole one: what every backup must hold is checked here.
 *
 * Follows section 26.3 "Continuous Archiving" of PostgreSQL's documentation and perform_base_backup in
 * src/backend/backup/basebackup.c: tablespaces first; in the data directory `backup_label` first and
 * `global/pg_control` last. WAL is not included: a second connection streams it.
 * Peak memory: one socket buffer (64 KiB), one tar header, the manifest compressed.
 */
import { DrError } from "../core/errors.ts";
import { backupWarningsMax } from "../core/limits.ts";
import { requireSupportedMajor, versionOfNumber } from "../core/pg-version.ts";
import {
  type BackupTablespace,
  type BaseBackupTaker,
  type ManifestChecksums,
  takeBaseBackup,
} from "../postgres/base-backup.ts";
import type { ConnectionSettings } from "../postgres/connection-settings.ts";
import { ReplicationConnection } from "../postgres/replication-connection.ts";
import { serverVersionNumber } from "../postgres/replication-commands.ts";
import type { ServerMessage } from "../postgres/server-message.ts";
import { type TarEntry, TarReader } from "../postgres/tar-reader.ts";
import type {
  BackupEnd,
  BackupSink,
  BackupStart,
  ChecksumWarning,
  SourceEntry,
} from "./backup-source.ts";
import { checksumWarningOf, defaultSegmentBlocks } from "./checksum-warning.ts";

/** How to take the backup. */
export type StreamOptions = {
  readonly label: string;
  readonly fastCheckpoint: boolean;
  readonly manifestChecksums: ManifestChecksums;
  /** The server sends at most so much; as fast as it can by default. */
  readonly kibPerSecondMax?: number | undefined;
  readonly applicationName: string;
  /** Take a server whose major nobody has tried. */
  readonly allowUntestedMajor?: boolean;
  /** The server's blocks per segment file, when not the usual 131,072. */
  readonly segmentBlocks?: number;
  readonly signal: AbortSignal;
};

const CONTROL_FILE = "global/pg_control";

/** Turns archives into entries, and keeps what the end will be judged by. */
class ArchiveTaker implements BaseBackupTaker {
  readonly #sink: BackupSink;
  readonly #endBlocksRequired: boolean;
  readonly #segmentBlocks: number;
  readonly checksumWarnings: ChecksumWarning[] = [];
  readonly notices: string[] = [];
  unlistedWarnings = 0;
  #reader: TarReader | undefined;
  #tablespaceOid = 0;
  #firstBasePath: string | undefined;
  #lastBasePath: string | undefined;

  constructor(
    sink: BackupSink,
    options: { readonly major: number; readonly segmentBlocks: number },
  ) {
    this.#sink = sink;
    this.#endBlocksRequired = options.major >= 15;
    this.#segmentBlocks = options.segmentBlocks;
  }

  begin(start: BackupStart): void {
    this.#sink.begin(start);
  }

  beginArchive(tablespace: BackupTablespace): void {
    this.#tablespaceOid = tablespace.oid;
    const archive = tablespace.oid === 0 ? "base.tar" : `${tablespace.oid}.tar`;
    this.#reader = new TarReader(
      {
        beginEntry: (entry) => {
          this.#entry(entry);
        },
        data: (view) => {
          this.#sink.data(view);
        },
        endEntry: () => {
          this.#sink.endEntry();
        },
      },
      { archive, endBlocksRequired: this.#endBlocksRequired },
    );
  }

  archiveData(view: Buffer): void {
    this.#reader?.push(view);
  }

  endArchive(): void {
    this.#reader?.end();
    this.#reader = undefined;
  }

  warning(message: ServerMessage): void {
    if (this.checksumWarnings.length + this.notices.length >= backupWarningsMax) {
      this.unlistedWarnings++;
      return;
    }
    const found = checksumWarningOf(message, { segmentBlocks: this.#segmentBlocks });
    if (found === undefined) {
      this.notices.push(message.text);
    } else {
      this.checksumWarnings.push(found);
    }
  }

  pressure(): Promise<void> | undefined {
    return this.#sink.pressure();
  }

  #entry(entry: TarEntry): void {
    const tablespaceOid = this.#tablespaceOid;
    if (tablespaceOid === 0) {
      this.#firstBasePath ??= entry.path;
      this.#lastBasePath = entry.path;
    }
    const { path, kind, sizeBytes, mode, modifiedAtSeconds, linkTarget } = entry;
    const taken: SourceEntry = {
      tablespaceOid,
      path,
      kind,
      sizeBytes,
      mode,
      modifiedAtSeconds,
      ...(linkTarget === undefined ? {} : { linkTarget }),
    };
    this.#sink.entry(taken);
  }

  /** @throws DrError `SRC_BACKUP_INCOMPLETE`. */
  checkWhole(): void {
    if (this.#firstBasePath !== "backup_label") {
      throw new DrError("SRC_BACKUP_INCOMPLETE", { missing: "backup_label" });
    }
    if (this.#lastBasePath !== CONTROL_FILE) {
      throw new DrError("SRC_BACKUP_INCOMPLETE", { missing: CONTROL_FILE });
    }
  }
}

/**
 * Streams a backup into `sink`. Aborting closes the connection and rejects with the signal's reason; the
 * server ends its backup by itself. @throws DrError as `ReplicationConnection.open` and `takeBaseBackup`;
 * `PG_MAJOR_UNTESTED`; `SRC_TAR_*`; `SRC_BACKUP_INCOMPLETE`; and whatever the sink throws or rejects with.
 */
export async function streamBackup(
  settings: ConnectionSettings,
  options: StreamOptions,
  sink: BackupSink,
): Promise<BackupEnd> {
  const { applicationName, signal, segmentBlocks = defaultSegmentBlocks } = options;
  await using connection = await ReplicationConnection.open(settings, { applicationName, signal });
  const { major } = versionOfNumber(await serverVersionNumber(connection, { signal }));
  if (options.allowUntestedMajor !== true) {
    requireSupportedMajor(major);
  }
  const taker = new ArchiveTaker(sink, { major, segmentBlocks });
  const end = await takeBaseBackup(connection, { ...options, major }, taker);
  taker.checkWhole();
  return {
    stopLsn: end.stopLsn,
    timeline: end.timeline,
    checksumWarnings: taker.checksumWarnings,
    checksumFailed: end.checksumFailed,
    notices: taker.notices,
    unlistedWarnings: taker.unlistedWarnings,
    manifest: end.manifest,
    receivedBytes: end.receivedBytes,
  };
}
