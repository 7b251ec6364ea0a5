/**
 * The newest events of the ledger, as far back as a number of objects allows: for commands that want the latest word on something and
 * must not read years of history for it. Writers are taken from the one that began last; of each writer its newest events, so a
 * process that has written for a year costs no more than one that wrote once. What a watch records hour by hour is passed over: it would
 * hide the rest. Peak memory: one object, and the names of all
 * writers.
 */
import { ledgerTailEventsMax } from "../core/limits.ts";
import { newestNumber } from "../repository/list-children.ts";
import { objectKey, type LedgerWriterName } from "../repository/object-names.ts";
import { listAll, type StoreCall, type StoreEntry } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { decodeEvents, understood, type LedgerEvent } from "./event.ts";
import { listLedgerWriters } from "./read-ledger.ts";
import { isMonthlyChain } from "./resume-writer.ts";

/** How far a search went. `found`: stopped by its visitor; `whole`: nothing is left; `bounded`: older events were not read. */
export type LedgerSearch = "found" | "whole" | "bounded";

const DIGITS = 12;

/** The sequences under which a writer's newest objects lie, newest first; each object holds one event at least. */
async function newestObjects(
  sealed: SealedStore,
  writer: LedgerWriterName,
  call: StoreCall,
): Promise<{ readonly sequences: readonly number[]; readonly whole: boolean }> {
  const prefix = `ledger/${writer}/`;
  const sequencesOf = (entries: readonly StoreEntry[]): number[] =>
    entries
      .map(({ key }) => key.slice(prefix.length))
      .filter((digits) => /^\d{12}$/.test(digits))
      .map(Number)
      .reverse();
  const first = await sealed.store.list(prefix, call);
  if (!first.more) {
    return { sequences: sequencesOf(first.entries), whole: true };
  }
  const newest = await newestNumber(sealed.store, { prefix, digits: DIGITS }, call);
  const after = Math.max(0, (newest ?? 0) - ledgerTailEventsMax);
  const startAfter = `${prefix}${String(after).padStart(DIGITS, "0")}`;
  const entries: StoreEntry[] = [];
  for await (const entry of listAll(sealed.store, prefix, { ...call, startAfter })) {
    entries.push(entry);
  }
  return { sequences: sequencesOf(entries), whole: after === 0 };
}

/**
 * Shows events to `visit`, newest writer first and each writer's newest first, until it answers true or `objectsMax` objects were
 * read; of each writer `perWriterMax` at most, for what a command records last. @throws DrError what the store and `getWhole` throw, for an object that is not authentic.
 */
export async function searchNewestEvents(
  sealed: SealedStore,
  visit: (event: LedgerEvent) => boolean,
  call: StoreCall & { readonly objectsMax: number; readonly perWriterMax?: number },
): Promise<LedgerSearch> {
  const { signal, objectsMax, perWriterMax = Infinity } = call;
  let left = objectsMax;
  let whole = true;
  const writers = (await listLedgerWriters(sealed, { signal })).filter(
    (writer) => !isMonthlyChain(writer),
  );
  for (const writer of writers.toReversed()) {
    const objects = await newestObjects(sealed, writer, { signal });
    whole &&= objects.whole && objects.sequences.length <= perWriterMax;
    for (const sequence of objects.sequences.slice(0, perWriterMax)) {
      if (left === 0) {
        return "bounded";
      }
      left -= 1;
      const name = { type: "ledger", writer, sequence } as const;
      const { content } = await sealed.getWhole(name, { signal });
      for (const event of decodeEvents(content, objectKey(name)).toReversed()) {
        if (visit(understood(event))) {
          return "found";
        }
      }
    }
  }
  return whole ? "whole" : "bounded";
}
