/**
 * Whether somebody receives WAL. Who says to receive holds a lease in the repository; whether he does is the server's word: a process that
 * stands still, or lost its way, holds the lease as long as one that works (L46).
 */
import { type Finding, found } from "../../core/finding/finding.ts";
import type { SlotHealth } from "../../postgres/server-health.ts";

/** Who holds the lease. `unknown`: on another host, and his lease is not over. */
export type ReceiverHolder = {
  readonly host: string;
  readonly pid: number;
  readonly liveness: "alive" | "dead" | "unknown";
};

/**
 * `slot`: ours, as the server shows it; undefined when there is none or the server did not answer. A slot that nobody reads means that a
 * receiver is meant to run: who gives it up drops the slot.
 */
export function judgeReceiver(
  holder: ReceiverHolder | undefined,
  slot: Pick<SlotHealth, "name" | "active"> | undefined,
): Finding {
  const unread = slot?.active === false ? slot.name : undefined;
  if (holder === undefined) {
    return unread === undefined
      ? found("receiver", "note", "receiver-none")
      : found("receiver", "bad", "receiver-stopped", { slot: unread });
  }
  const { host, pid, liveness } = holder;
  if (liveness === "dead") {
    return found("receiver", "bad", "receiver-dead", { host, pid });
  }
  return unread === undefined
    ? found("receiver", "good", "receiver-there", { host, pid })
    : found("receiver", "bad", "receiver-idle", { host, pid, slot: unread });
}
