/** A server as a receiver meets it over a connection: that it is the cluster's own, what it is, and that the slot is there. */
import { assert } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { type Lsn, formatLsn } from "../core/lsn.ts";
import { isWalSegmentSize } from "../core/wal-name.ts";
import {
  identifySystem,
  showSetting,
  type SystemIdentity,
} from "../postgres/replication-commands.ts";
import type { ReplicationConnection } from "../postgres/replication-connection.ts";
import { systemIdentifierOf, type IncarnationPlace } from "../repository/object-names.ts";
import type { ReceiverEventSink } from "./receiver-events.ts";
import { ensureSlot, type SlotWish } from "./receiver-slot.ts";

/** What is known of it. */
export type MetServer = {
  readonly connection: ReplicationConnection;
  readonly identity: SystemIdentity;
  readonly inRecovery: boolean;
  readonly slotLsn: Lsn;
  readonly walSegmentBytes: number;
};

function parseSize(text: string): number {
  const match = /^(\d+)(B|kB|MB|GB)?$/.exec(text);
  const unit = { B: 1, kB: 1 << 10, MB: 1 << 20, GB: 1 << 30 }[match?.[2] ?? "B"] ?? 0;
  const bytes = Number(match?.[1]) * unit;
  assert(isWalSegmentSize(bytes), `wal_segment_size ${text} is a size of WAL segments`);
  return bytes;
}

/**
 * Asks who the server is, and makes the slot where there never was one.
 * @throws DrError `WAL_SYSTEM_ID` when it is another cluster; `PG_*`; as `ensureSlot`.
 */
export async function meetServer(
  connection: ReplicationConnection,
  options: {
    readonly place: IncarnationPlace;
    readonly slot: SlotWish;
    readonly events: ReceiverEventSink;
    readonly signal: AbortSignal;
  },
): Promise<MetServer> {
  const { place, slot, events, signal } = options;
  const call = { signal };
  const identity = await identifySystem(connection, call);
  const expected = systemIdentifierOf(place.incarnation);
  if (BigInt(identity.systemIdentifier) !== expected) {
    const lsn = formatLsn(identity.flushLsn);
    throw new DrError("WAL_SYSTEM_ID", { lsn, found: identity.systemIdentifier, expected });
  }
  const walSegmentBytes = parseSize(await showSetting(connection, "wal_segment_size", call));
  const inRecovery = (await showSetting(connection, "in_hot_standby", call)) === "on";
  const { lsn: slotLsn } = await ensureSlot(connection, slot, { identity, events, ...call });
  return { connection, identity, inRecovery, slotLsn, walSegmentBytes };
}
