/**
 * BASE_BACKUP over a replication connection: one command, archives for every tablespace (the data
 * directory last), a manifest, and the position where the backup ends. A backup counts only when the
 * server said everything it has to say; whatever ends earlier is an error.
 *
 * One error is special: SQLSTATE XX001 *after* the end position. The server has then sent everything and
 * reports that some pages failed their checksums; the backup is complete and flagged.
 *
 * Follows section 53.4 "Streaming Replication Protocol" (BASE_BACKUP), src/backend/backup/basebackup.c and
 * basebackup_copy.c of PostgreSQL; for 14 src/backend/replication/basebackup.c and repl_gram.y.
 * Peak memory: the manifest compressed (`server-manifest.ts`; at most `backupManifestBytesMax` before) and one socket buffer.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { backupManifestBytesMax, copyControlMessageBytesMax } from "../core/limits.ts";
import { type Lsn, parseLsn } from "../core/lsn.ts";
import { type TimelineId, timelineOf } from "../core/wal-name.ts";
import { errorOfFault } from "./connection-errors.ts";
import { ProtocolFault } from "./copy-reader.ts";
import {
  type CommandHandler,
  quoteLiteral,
  type ReplicationConnection,
} from "./replication-connection.ts";
import { ManifestKeeper, type ServerManifest } from "./server-manifest.ts";
import type { ServerMessage, TextRow } from "./server-message.ts";

/** A tablespace the backup holds. The data directory itself has oid 0 and no location, and comes last. */
export type BackupTablespace = {
  readonly oid: number;
  /** Where the server keeps it; empty for the data directory. */
  readonly location: string;
  /** The server's estimate, a multiple of 1 KiB. */
  readonly sizeBytes: number;
};

/** What the server says first. */
export type BackupStart = {
  readonly startLsn: Lsn;
  readonly timeline: TimelineId;
  readonly tablespaces: readonly BackupTablespace[];
};

/** What the server says last. */
export type BaseBackupEnd = {
  readonly stopLsn: Lsn;
  readonly timeline: TimelineId;
  /** The server's manifest, byte for byte; undefined when none was asked for. */
  readonly manifest: ServerManifest | undefined;
  /** The server found pages whose checksum is wrong. */
  readonly checksumFailed: boolean;
  readonly receivedBytes: number;
};

/** How the manifest vouches for files; `omit` asks for no manifest. */
export type ManifestChecksums = "crc32c" | "none" | "omit";

/** What to ask for. */
export type BaseBackupOptions = {
  readonly label: string;
  /** An immediate checkpoint, instead of one spread over `checkpoint_timeout`. */
  readonly fastCheckpoint: boolean;
  readonly manifestChecksums: ManifestChecksums;
  /** The server sends at most so much; as fast as it can by default. From 32 to 1,048,576. */
  readonly kibPerSecondMax?: number | undefined;
  readonly signal: AbortSignal;
};

/** Who takes the archives; everything is called synchronously, in order. */
export interface BaseBackupTaker {
  begin(start: BackupStart): void;
  beginArchive(tablespace: BackupTablespace): void;
  /** A piece of the archive; valid during the call only. */
  archiveData(view: Buffer): void;
  endArchive(): void;
  warning(message: ServerMessage): void;
  pressure(): Promise<void> | undefined;
}

/** The command for a server of `major`. 14 has a list of words where 15 and later have options. */
export function baseBackupCommand(
  major: number,
  options: Omit<BaseBackupOptions, "signal">,
): string {
  const label = quoteLiteral(options.label);
  const { fastCheckpoint, manifestChecksums, kibPerSecondMax } = options;
  const algorithm = quoteLiteral(manifestChecksums.toUpperCase());
  if (major < 15) {
    const fast = fastCheckpoint ? " FAST" : "";
    const rate = kibPerSecondMax === undefined ? "" : ` MAX_RATE ${kibPerSecondMax}`;
    const manifest =
      manifestChecksums === "omit" ? "" : ` MANIFEST 'yes' MANIFEST_CHECKSUMS ${algorithm}`;
    return `BASE_BACKUP LABEL ${label} PROGRESS${fast} NOWAIT${rate} TABLESPACE_MAP${manifest}`;
  }
  const rate = kibPerSecondMax === undefined ? "" : `, MAX_RATE ${kibPerSecondMax}`;
  const checkpoint = fastCheckpoint ? "'fast'" : "'spread'";
  const manifest =
    manifestChecksums === "omit"
      ? "MANIFEST 'no'"
      : `MANIFEST 'yes', MANIFEST_CHECKSUMS ${algorithm}`;
  return `BASE_BACKUP (LABEL ${label}, PROGRESS, CHECKPOINT ${checkpoint}, WAIT false${rate}, TABLESPACE_MAP, ${manifest})`;
}

function positionOf(row: TextRow): { readonly lsn: Lsn; readonly timeline: TimelineId } {
  const [lsn, timeline] = row;
  if (typeof lsn !== "string" || typeof timeline !== "string") {
    throw new ProtocolFault("a backup position without values");
  }
  return { lsn: parseLsn(lsn), timeline: timelineOf(Number(timeline)) };
}

function tablespaceOf(row: TextRow): BackupTablespace {
  const [oid, location, sizeKib] = row;
  return {
    oid: Number(oid ?? "0"),
    location: location ?? "",
    sizeBytes: Number(sizeKib ?? "0") * 1024,
  };
}

const kind = { archive: 0x6e, data: 0x64, manifest: 0x6d, progress: 0x70 } as const;

/**
 * States by what the server sends: `start` (two result sets) → `archive` × tablespaces → `manifest` →
 * `end` (one result set). 14 opens a COPY for each archive and one for the manifest; from 15 on a single
 * COPY carries messages that begin with n (archive), m (manifest), d (data) or p (progress).
 */
class BaseBackupReceiver implements CommandHandler {
  readonly #taker: BaseBackupTaker;
  readonly #inOneCopy: boolean;
  readonly #tablespaces: BackupTablespace[] = [];
  readonly #manifest = new ManifestKeeper();
  #start: { readonly lsn: Lsn; readonly timeline: TimelineId } | undefined;
  #end: { readonly lsn: Lsn; readonly timeline: TimelineId } | undefined;
  #sent: "nothing" | "archive" | "manifest" = "nothing";
  #archives = 0;
  #manifestSeen = false;
  #kind = 0;
  #control: Buffer = Buffer.alloc(0);
  receivedBytes = 0;

  constructor(taker: BaseBackupTaker, options: { readonly inOneCopy: boolean }) {
    this.#taker = taker;
    this.#inOneCopy = options.inOneCopy;
  }

  row(row: TextRow, resultSet: number): void {
    switch (resultSet) {
      case 0:
        this.#start = positionOf(row);
        return;
      case 1:
        this.#tablespaces.push(tablespaceOf(row));
        return;
      case 2:
        this.#end = positionOf(row);
        return;
      default:
        throw new ProtocolFault("a fourth result set in a backup");
    }
  }

  copyBegin(): void {
    if (this.#archives === 0 && this.#sent === "nothing") {
      this.#begin();
    }
    if (!this.#inOneCopy) {
      if (this.#archives < this.#tablespaces.length) {
        this.#beginArchive();
      } else {
        this.#beginManifest();
      }
    }
  }

  copyEnd(): void {
    this.#endArchive();
  }

  copyData(view: Buffer, offset: number, totalBytes: number): void {
    this.receivedBytes += view.length;
    if (!this.#inOneCopy) {
      this.#content(view);
      return;
    }
    if (offset === 0) {
      this.#kind = view[0] ?? 0;
      this.#control = Buffer.alloc(0);
    }
    const piece = offset === 0 ? view.subarray(1) : view;
    if (this.#kind === kind.data) {
      this.#content(piece);
      return;
    }
    if (totalBytes > copyControlMessageBytesMax) {
      throw new ProtocolFault(`a backup message of ${totalBytes} bytes`);
    }
    this.#control = Buffer.concat([this.#control, piece]);
    if (offset + view.length === totalBytes) {
      this.#takeControl();
    }
  }

  notice(message: ServerMessage): void {
    this.#taker.warning(message);
  }

  pressure(): Promise<void> | undefined {
    return this.#taker.pressure();
  }

  #takeControl(): void {
    switch (this.#kind) {
      case kind.archive:
        this.#endArchive();
        this.#beginArchive();
        return;
      case kind.manifest:
        this.#endArchive();
        this.#beginManifest();
        return;
      case kind.progress:
        return;
      default:
        throw new ProtocolFault(`a backup message of kind ${this.#kind}`);
    }
  }

  #begin(): void {
    const start = this.#start;
    if (start === undefined || this.#tablespaces.length === 0) {
      throw new ProtocolFault("a backup without its start position");
    }
    this.#taker.begin({
      startLsn: start.lsn,
      timeline: start.timeline,
      tablespaces: this.#tablespaces,
    });
  }

  #beginArchive(): void {
    const tablespace = this.#tablespaces[this.#archives];
    if (tablespace === undefined) {
      throw new ProtocolFault("more archives than tablespaces");
    }
    if (this.#inOneCopy) {
      const expected = tablespace.oid === 0 ? "base.tar" : `${tablespace.oid}.tar`;
      const name = this.#control.toString("utf8", 0, Math.max(this.#control.indexOf(0), 0));
      if (name !== expected) {
        throw new ProtocolFault(`archive ${JSON.stringify(name)} in place of ${expected}`);
      }
    }
    this.#archives++;
    this.#sent = "archive";
    this.#taker.beginArchive(tablespace);
  }

  #endArchive(): void {
    if (this.#sent === "archive") {
      this.#sent = "nothing";
      this.#taker.endArchive();
    }
  }

  #beginManifest(): void {
    this.#sent = "manifest";
    this.#manifestSeen = true;
  }

  #content(piece: Buffer): void {
    if (this.#sent === "archive") {
      if (piece.length > 0) {
        this.#taker.archiveData(piece);
      }
      return;
    }
    if (this.#sent !== "manifest") {
      throw new ProtocolFault("backup data outside an archive");
    }
    if (this.#manifest.sizeBytes + piece.length > backupManifestBytesMax) {
      throw new DrError("SRC_MANIFEST_SIZE", { maxBytes: backupManifestBytesMax });
    }
    this.#manifest.add(piece);
  }

  /** What is known at the end. @throws DrError `SRC_BACKUP_INCOMPLETE`. */
  finish(options: {
    readonly checksumFailed: boolean;
    readonly manifestExpected: boolean;
  }): BaseBackupEnd {
    const end = this.#end;
    if (this.#archives === 0 || this.#archives !== this.#tablespaces.length) {
      throw new DrError("SRC_BACKUP_INCOMPLETE", { missing: "base.tar" });
    }
    if (end === undefined) {
      throw new DrError("SRC_BACKUP_INCOMPLETE", { missing: "stop LSN" });
    }
    if (options.manifestExpected && !this.#manifestSeen) {
      throw new DrError("SRC_BACKUP_INCOMPLETE", { missing: "backup_manifest" });
    }
    return {
      stopLsn: end.lsn,
      timeline: end.timeline,
      manifest: this.#manifestSeen ? this.#manifest : undefined,
      checksumFailed: options.checksumFailed,
      receivedBytes: this.receivedBytes,
    };
  }

  /** True once the server has sent the end position. */
  get endKnown(): boolean {
    return this.#end !== undefined;
  }
}

function refusal(error: ServerMessage, connection: ReplicationConnection): DrError {
  const { sqlstate, text } = error;
  if (sqlstate === "55000") {
    return new DrError("SRC_BACKUP_STATE", { text });
  }
  const meaning = errorOfFault(error, connection.purpose, { connecting: false });
  return meaning.code === "PG_COMMAND_FAILED"
    ? new DrError("SRC_BACKUP_REFUSED", { sqlstate, text })
    : meaning;
}

/**
 * Takes a base backup. Aborting destroys the connection; the server ends its backup by itself and leaves
 * nothing in its data directory. @throws DrError `SRC_BACKUP_INTERRUPTED` (with the cause),
 * `SRC_BACKUP_REFUSED`, `SRC_BACKUP_STATE`, `SRC_BACKUP_INCOMPLETE`, `SRC_MANIFEST_SIZE`, `PG_PROTOCOL`;
 * and whatever the taker throws.
 */
export async function takeBaseBackup(
  connection: ReplicationConnection,
  options: BaseBackupOptions & { readonly major: number },
  taker: BaseBackupTaker,
): Promise<BaseBackupEnd> {
  const { major, signal } = options;
  const receiver = new BaseBackupReceiver(taker, { inOneCopy: major >= 15 });
  let error: ServerMessage | undefined;
  try {
    error = await connection.run(baseBackupCommand(major, options), receiver, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    if (isDrError(cause, "PG_CONNECTION_LOST") || isDrError(cause, "PG_SHUTTING_DOWN")) {
      const { receivedBytes } = receiver;
      const reason = cause.message;
      throw new DrError("SRC_BACKUP_INTERRUPTED", { receivedBytes, reason }, { cause });
    }
    throw cause;
  }
  const checksumFailed = error?.sqlstate === "XX001" && receiver.endKnown;
  if (error !== undefined && !checksumFailed) {
    throw refusal(error, connection);
  }
  const manifestExpected = options.manifestChecksums !== "omit";
  return receiver.finish({ checksumFailed, manifestExpected });
}
