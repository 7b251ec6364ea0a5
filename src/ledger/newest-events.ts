/**
 * The newest events of the ledger, as far back as a number of objects allows: for commands that want the latest word on something and
 * must not read years of history for it. Writers are taken from the one that began last; of each writer its newest events, so a
 * process that has written for a year costs no more than one that wrote once. What a watch records hour by hour is passed over: it would
 * hide the rest. Peak memory: one object, and the names of all
 * writers.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { ledgerProcessMsMax } from "../core/ledger-limits.ts";
import { ledgerTailEventsMax } from "../core/limits.ts";
import { newestNumber } from "../repository/list-children.ts";
import { objectKey, type LedgerWriterName } from "../repository/object-names.ts";
import { listAll, type StoreCall, type StoreEntry } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { decodeEvents, understood, type EventEnvelope, type LedgerEvent } from "./event.ts";
import { beganMs, listLedgerWriters } from "./read-ledger.ts";
import { isMonthlyChain } from "./resume-writer.ts";

/** How far a search went. `found`: stopped by its visitor; `whole`: nothing that was wanted is left; `bounded`: older events were not read. */
export type LedgerSearch = "found" | "whole" | "bounded";

const DIGITS = 12;

/** The sequences under which a writer's newest objects lie, newest first; each object holds one event at least. */
async function newestObjects(
  sealed: SealedStore,
  writer: LedgerWriterName,
  call: StoreCall & { readonly tailMax: number },
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
  const after = Math.max(0, (newest ?? 0) - call.tailMax);
  const startAfter = `${prefix}${String(after).padStart(DIGITS, "0")}`;
  const entries: StoreEntry[] = [];
  for await (const entry of listAll(sealed.store, prefix, { ...call, startAfter })) {
    entries.push(entry);
  }
  return { sequences: sequencesOf(entries), whole: after === 0 };
}

/** How far to search, and what to do about what cannot be read. */
export type LedgerSearchCall = StoreCall & {
  readonly objectsMax: number;
  /** Of each writer, for what a command records last. */
  readonly perWriterMax?: number;
  /** Of a writer that has written much, its newest events: for what may be old. */
  readonly tailMax?: number;
  /**
   * Nothing older is wanted: processes that began long before (`ledgerProcessMsMax`) are passed over, and of each other nothing is read behind
   * an event that is older.
   */
  readonly sinceMs?: number;
  /** Told of each object that cannot be believed and each that is missing between others, and the search goes on; without it they end it. */
  readonly onUnread?: (problem: DrError) => void;
};

/** An object's own fault, as opposed to a store that does not answer. */
function isUntrue(error: unknown): error is DrError {
  return isDrError(error) && /^(?:REPO|KEY|LEDGER)_/.test(error.code);
}

/** The events of one object; none of one that cannot be believed, when that is to be told. */
async function eventsAt(
  sealed: SealedStore,
  at: { readonly writer: LedgerWriterName; readonly sequence: number },
  { signal, onUnread }: LedgerSearchCall,
): Promise<readonly EventEnvelope[] | undefined> {
  const name = { type: "ledger", ...at } as const;
  try {
    const { content } = await sealed.getWhole(name, { signal });
    return decodeEvents(content, objectKey(name));
  } catch (error) {
    if (onUnread === undefined || !isUntrue(error)) {
      throw error;
    }
    onUnread(error);
    return undefined;
  }
}

/** A writer's objects from the newest back, each of which must begin where the one before it ends. */
class BackwardChain {
  readonly #writer: LedgerWriterName;
  readonly #onUnread: LedgerSearchCall["onUnread"];
  #behind: number | undefined;

  constructor(writer: LedgerWriterName, onUnread: LedgerSearchCall["onUnread"]) {
    this.#writer = writer;
    this.#onUnread = onUnread;
  }

  /** The next older object; `events` undefined: it could not be read, which was told. */
  pass(sequence: number, events: number | undefined): void {
    const behind = this.#behind;
    const next = sequence + (events ?? Infinity);
    if (behind !== undefined && next < behind) {
      const gap = { writer: this.#writer, from: next, to: behind - 1 };
      this.#onUnread?.(new DrError("LEDGER_GAP", gap));
    }
    this.#behind = sequence;
  }
}

/** What is left of a search. */
type Budget = {
  objects: number;
  /** Nothing that was wanted was passed over. */
  whole: boolean;
};

/** A writer's events, newest first, as far as the budget and the call go. */
async function* eventsBackwards(
  sealed: SealedStore,
  writer: LedgerWriterName,
  budget: Budget,
  call: LedgerSearchCall,
): AsyncGenerator<LedgerEvent, void, undefined> {
  const { signal, perWriterMax = Infinity, sinceMs = -Infinity, onUnread } = call;
  const { tailMax = ledgerTailEventsMax } = call;
  const objects = await newestObjects(sealed, writer, { signal, tailMax });
  budget.whole &&= objects.whole && objects.sequences.length <= perWriterMax;
  const chain = new BackwardChain(writer, onUnread);
  for (const sequence of objects.sequences.slice(0, perWriterMax)) {
    if (budget.objects === 0) {
      budget.whole = false;
      return;
    }
    budget.objects -= 1;
    const events = await eventsAt(sealed, { writer, sequence }, call);
    chain.pass(sequence, events?.length);
    yield* (events ?? []).toReversed().map(understood);
    const [oldest] = events ?? [];
    if (oldest !== undefined && Date.parse(oldest.time) < sinceMs) {
      return;
    }
  }
  if (objects.whole && perWriterMax === Infinity) {
    chain.pass(0, 1);
  }
}

/**
 * Shows events to `visit`, newest writer first and each writer's newest first, until it answers true or `objectsMax` objects were
 * read. @throws DrError what the store throws; without `onUnread` what `getWhole` throws for an object that is not authentic.
 */
export async function searchNewestEvents(
  sealed: SealedStore,
  visit: (event: LedgerEvent) => boolean,
  call: LedgerSearchCall,
): Promise<LedgerSearch> {
  const { signal, objectsMax, sinceMs = -Infinity } = call;
  const budget: Budget = { objects: objectsMax, whole: true };
  const writers = (await listLedgerWriters(sealed, { signal })).filter(
    (writer) => !isMonthlyChain(writer) && beganMs(writer) >= sinceMs - ledgerProcessMsMax,
  );
  for (const writer of writers.toReversed()) {
    if (budget.objects === 0) {
      return "bounded";
    }
    for await (const event of eventsBackwards(sealed, writer, budget, call)) {
      if (visit(event)) {
        return "found";
      }
    }
  }
  return budget.whole ? "whole" : "bounded";
}
