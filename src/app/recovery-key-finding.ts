/**
 * Whether anybody ever proved that the repository opens without this host's key file. Red in `pra status` until then: a recovery key that
 * nobody tried is a hope. `pra check`, which is about taking backups, says it as a word.
 */
import { statusKeyCheckAgeNoteMs } from "../core/look-limits.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type Finding, found } from "../core/finding/finding.ts";
import { readSlotChecks } from "./key-slots.ts";

/** Judges the newest proof of any slot that is there. @throws DrError what the store and the ledger throw. */
export async function judgeRecoveryKey(
  sealed: SealedStore,
  options: StoreCall & { readonly nowMs: number; readonly unproved: "bad" | "note" },
): Promise<readonly Finding[]> {
  const { nowMs, signal, unproved } = options;
  const checks = await readSlotChecks(sealed, { signal });
  const times = [...checks.values()].map(({ time }) => time);
  const newest = times.toSorted().at(-1);
  if (newest === undefined) {
    return [found("recovery-key", unproved, "recovery-unproved")];
  }
  const ageMs = Math.max(0, nowMs - Date.parse(newest));
  const figure = { value: Math.round(ageMs / 1000), unit: "s" };
  return [
    ageMs > statusKeyCheckAgeNoteMs
      ? found("recovery-key", "note", "recovery-old", { ageMs }, figure)
      : found("recovery-key", "good", "recovery-proved", { ageMs }, figure),
  ];
}
