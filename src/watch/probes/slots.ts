/** What replication slots make the server keep: ours, and any other that nobody reads (L46, L47). */
import { type Finding, found } from "../../core/finding/finding.ts";
import { slotRetainedNoteBytes, slotSafeBadBytes } from "../../core/look-limits.ts";
import type { SlotHealth } from "../../postgres/server-health.ts";

function judgeOwn(slot: SlotHealth): Finding {
  const { name, active, retainedBytes = 0, walStatus, safeBytes } = slot;
  const figure = { value: retainedBytes, unit: "bytes" };
  const values = { slot: name, retainedBytes };
  if (walStatus === "lost") {
    return found("slots", "bad", "slot-lost", { slot: name }, figure);
  }
  const ending = walStatus === "unreserved" || (safeBytes ?? Infinity) < slotSafeBadBytes;
  if (ending && !active) {
    const told = { ...values, safeBytes: Math.max(0, safeBytes ?? 0) };
    return found("slots", "bad", "slot-ending", told, figure);
  }
  return !active && retainedBytes >= slotRetainedNoteBytes
    ? found("slots", "bad", "slot-held-much", values, figure)
    : found("slots", "good", "slot-held", values, figure);
}

/**
 * `expected`: the repository has once had WAL by a slot of ours, so that its absence is a gap in the making.
 */
export function judgeSlots(
  slots: readonly SlotHealth[],
  about: { readonly own: string; readonly expected: boolean },
): readonly Finding[] {
  const own = slots.find(({ name }) => name === about.own);
  const foreign = slots.filter(
    ({ name, active, retainedBytes = 0 }) =>
      name !== about.own && !active && retainedBytes >= slotRetainedNoteBytes,
  );
  return [
    ...(own === undefined
      ? about.expected
        ? [found("slots", "bad", "slot-absent", { slot: about.own })]
        : []
      : [judgeOwn(own)]),
    ...foreign.map(({ name, retainedBytes = 0 }) =>
      found(
        "slots",
        "note",
        "slot-foreign",
        { slot: name, retainedBytes },
        { value: retainedBytes, unit: "bytes" },
      ),
    ),
  ];
}
