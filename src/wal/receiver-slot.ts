/**
 * The replication slot of a receiver: it is what keeps WAL on the server until the repository has it. It is made
 * without a word only where there never was one; a slot that vanished is told, because WAL may be missing.
 */
import { isDrError } from "../core/errors.ts";
import { type Lsn, parseLsn } from "../core/lsn.ts";
import {
  createSlot,
  readSlot,
  serverVersionNumber,
  type SystemIdentity,
} from "../postgres/replication-commands.ts";
import type { ReplicationConnection } from "../postgres/replication-connection.ts";
import { SqlSession } from "../postgres/sql-session.ts";
import type { ReceiverEventSink } from "./receiver-events.ts";

/** Which slot, and how it came to be. */
export type SlotWish = {
  readonly name: string;
  readonly temporary: boolean;
  /** The repository had this slot before; asked only when the server does not have it. */
  readonly expected: boolean | (() => Promise<boolean>);
};

type Position = { readonly exists: boolean; readonly restartLsn: Lsn | undefined };

/** READ_REPLICATION_SLOT came with 15; before, the view says the same. */
async function positionOf(
  connection: ReplicationConnection,
  slot: string,
  options: { readonly signal: AbortSignal },
): Promise<Position> {
  if ((await serverVersionNumber(connection, options)) >= 150_000) {
    const position = await readSlot(connection, slot, options);
    return { exists: position !== undefined, restartLsn: position?.restartLsn };
  }
  const applicationName = slot;
  await using session = await SqlSession.open(connection.purpose.settings, {
    ...options,
    applicationName,
  });
  const [row] = await session.query(
    "SELECT restart_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1",
    { ...options, values: [slot] },
  );
  const lsn = row?.["lsn"];
  return {
    exists: row !== undefined,
    restartLsn: typeof lsn === "string" ? parseLsn(lsn) : undefined,
  };
}

/**
 * Makes sure that the slot exists; answers what it keeps, or the end of the server's WAL when it keeps nothing yet.
 * @throws DrError `WAL_SLOTS_FULL`, `WAL_STREAM_REFUSED`, and those of the connection.
 */
export async function ensureSlot(
  connection: ReplicationConnection,
  wish: SlotWish,
  options: {
    readonly identity: SystemIdentity;
    readonly events: ReceiverEventSink;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly lsn: Lsn; readonly created: boolean }> {
  const { identity, events, signal } = options;
  const { name, temporary, expected } = wish;
  const found = temporary
    ? { exists: false, restartLsn: undefined }
    : await positionOf(connection, name, { signal });
  if (found.restartLsn !== undefined) {
    return { lsn: found.restartLsn, created: false };
  }
  if (!found.exists) {
    if (typeof expected === "function" ? await expected() : expected) {
      await events({ kind: "slot-missing", slot: name });
    }
    try {
      await createSlot(connection, name, { signal, temporary });
      await events({ kind: "slot-created", slot: name });
    } catch (error) {
      if (!isDrError(error, "WAL_SLOT_EXISTS")) {
        throw error;
      }
    }
  }
  const { restartLsn } = await positionOf(connection, name, { signal });
  return { lsn: restartLsn ?? identity.flushLsn, created: true };
}
