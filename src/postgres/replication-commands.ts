/**
 * The small commands of the replication protocol: who is the server, timelines, slots. Each answers with
 * rows and leaves the connection ready for the next one.
 *
 * Follows section 53.4 "Streaming Replication Protocol" of PostgreSQL's documentation;
 * READ_REPLICATION_SLOT exists from 15 on.
 */
import { DrError } from "../core/errors.ts";
import { type Lsn, parseLsn } from "../core/lsn.ts";
import { type TimelineId, timelineOf } from "../core/wal-name.ts";
import { errorOfFault } from "./connection-errors.ts";
import { placeOf } from "./connection-settings.ts";
import { quoteIdentifier, type ReplicationConnection } from "./replication-connection.ts";
import type { ServerMessage, TextRow } from "./server-message.ts";

/** An unknown setting, among others: errcodes.txt. */
const UNDEFINED_OBJECT = "42704";

/** IDENTIFY_SYSTEM's answer. */
export type SystemIdentity = {
  /** 64 bits, in decimal. */
  readonly systemIdentifier: string;
  readonly timeline: TimelineId;
  /** The end of what the server has flushed; on a standby, of what it has received and flushed. */
  readonly flushLsn: Lsn;
};

/** What READ_REPLICATION_SLOT knows. */
export type SlotPosition = {
  readonly restartLsn: Lsn | undefined;
  readonly restartTimeline: TimelineId | undefined;
};

type Waiting = { readonly signal: AbortSignal };

function malformed(connection: ReplicationConnection, fact: string): DrError {
  return new DrError("PG_PROTOCOL", { where: placeOf(connection.purpose.settings), fact });
}

function text(connection: ReplicationConnection, row: TextRow | undefined, column: number): string {
  const value = row?.[column];
  if (typeof value !== "string") {
    throw malformed(connection, `no value in column ${column}`);
  }
  return value;
}

/** The server's `server_version_num`. */
export async function serverVersionNumber(
  connection: ReplicationConnection,
  options: Waiting,
): Promise<number> {
  const [row] = await connection.rows("SHOW server_version_num", options);
  return Number(text(connection, row, 0));
}

/** The value of a setting. @throws DrError `PG_COMMAND_FAILED` when there is none of this name. */
export async function showSetting(
  connection: ReplicationConnection,
  name: string,
  options: Waiting,
): Promise<string> {
  const [row] = await connection.rows(`SHOW ${quoteIdentifier(name)}`, options);
  return text(connection, row, 0);
}

/** The value of a setting; undefined when the server knows none of this name. */
export async function showSettingIfKnown(
  connection: ReplicationConnection,
  name: string,
  options: Waiting,
): Promise<string | undefined> {
  const rows: TextRow[] = [];
  const command = `SHOW ${quoteIdentifier(name)}`;
  const error = await connection.run(command, { row: (row) => rows.push(row) }, options);
  if (error === undefined) {
    return text(connection, rows[0], 0);
  }
  if (error.sqlstate === UNDEFINED_OBJECT) {
    return undefined;
  }
  throw streamRefusal(connection, error, undefined);
}

/** Which cluster this is, and where it stands. */
export async function identifySystem(
  connection: ReplicationConnection,
  options: Waiting,
): Promise<SystemIdentity> {
  const [row] = await connection.rows("IDENTIFY_SYSTEM", options);
  return {
    systemIdentifier: text(connection, row, 0),
    timeline: timelineOf(Number(text(connection, row, 1))),
    flushLsn: parseLsn(text(connection, row, 2)),
  };
}

/** A timeline's history file, byte for byte. Timeline 1 has none. @throws DrError `WAL_HISTORY_MISSING`. */
export async function timelineHistory(
  connection: ReplicationConnection,
  timeline: TimelineId,
  options: Waiting,
): Promise<{ readonly name: string; readonly content: string }> {
  const rows: TextRow[] = [];
  const error = await connection.run(
    `TIMELINE_HISTORY ${timeline}`,
    { row: (row) => rows.push(row) },
    options,
  );
  if (error?.sqlstate === "58P01") {
    throw new DrError("WAL_HISTORY_MISSING", { timeline, text: error.text });
  }
  if (error !== undefined) {
    throw streamRefusal(connection, error, undefined);
  }
  return { name: text(connection, rows[0], 0), content: text(connection, rows[0], 1) };
}

/** What an error about slots or streaming means. */
export function streamRefusal(
  connection: ReplicationConnection,
  error: ServerMessage,
  slot: string | undefined,
): DrError {
  const { sqlstate, text: words } = error;
  if (sqlstate === "58P01") {
    return new DrError("WAL_SEGMENT_REMOVED", { text: words });
  }
  if (slot !== undefined) {
    switch (sqlstate) {
      case "42704":
        return new DrError("WAL_SLOT_MISSING", { slot });
      case "42710":
        return new DrError("WAL_SLOT_EXISTS", { slot });
      case "55006":
        return new DrError("WAL_SLOT_IN_USE", { slot, text: words });
      case "55000":
        return new DrError("WAL_SLOT_LOST", { slot, text: words });
      case "53400":
        return new DrError("WAL_SLOTS_FULL", { text: words });
      default:
    }
  }
  const meaning = errorOfFault(error, connection.purpose, { connecting: false });
  return meaning.code === "PG_COMMAND_FAILED"
    ? new DrError("WAL_STREAM_REFUSED", { sqlstate, text: words })
    : meaning;
}

async function slotCommand(
  connection: ReplicationConnection,
  command: { readonly text: string; readonly slot: string },
  options: Waiting,
): Promise<readonly TextRow[]> {
  const rows: TextRow[] = [];
  const error = await connection.run(command.text, { row: (row) => rows.push(row) }, options);
  if (error !== undefined) {
    throw streamRefusal(connection, error, command.slot);
  }
  return rows;
}

/**
 * Creates a physical slot that reserves WAL from now on. A temporary one goes with the connection.
 * @throws DrError `WAL_SLOT_EXISTS`, `WAL_SLOTS_FULL`, `WAL_STREAM_REFUSED`.
 */
export async function createSlot(
  connection: ReplicationConnection,
  slot: string,
  options: Waiting & { readonly temporary: boolean },
): Promise<void> {
  const temporary = options.temporary ? " TEMPORARY" : "";
  const command = `CREATE_REPLICATION_SLOT ${quoteIdentifier(slot)}${temporary} PHYSICAL RESERVE_WAL`;
  await slotCommand(connection, { text: command, slot }, options);
}

/** Drops a slot. @throws DrError `WAL_SLOT_MISSING`, `WAL_SLOT_IN_USE`. */
export async function dropSlot(
  connection: ReplicationConnection,
  slot: string,
  options: Waiting,
): Promise<void> {
  const command = `DROP_REPLICATION_SLOT ${quoteIdentifier(slot)}`;
  await slotCommand(connection, { text: command, slot }, options);
}

/** Where a slot stands, or undefined when there is none. Servers from 15 on only. */
export async function readSlot(
  connection: ReplicationConnection,
  slot: string,
  options: Waiting,
): Promise<SlotPosition | undefined> {
  const command = `READ_REPLICATION_SLOT ${quoteIdentifier(slot)}`;
  const [row] = await slotCommand(connection, { text: command, slot }, options);
  const [kind, restartLsn, restartTimeline] = row ?? [];
  if (typeof kind !== "string") {
    return undefined;
  }
  return {
    restartLsn: typeof restartLsn === "string" ? parseLsn(restartLsn) : undefined,
    restartTimeline:
      typeof restartTimeline === "string" ? timelineOf(Number(restartTimeline)) : undefined,
  };
}
