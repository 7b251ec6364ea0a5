/**
 * Reading the ledger: all writers merged by time, each writer's own order kept. A writer's name tells when its process began, so
 * only writers that can have written at the instant reached are open. Peak memory: one object (at most
 * `ledgerBatchEventsMax` events) for each writer that is open at the same time, and the names of all writers.
 */
import { objectIdTimeMs, parseObjectId } from "../core/object-id.ts";
import { storeListPageMax } from "../core/limits.ts";
import { listChildren } from "../repository/list-children.ts";
import {
  objectKey,
  parseLedgerWriterName,
  type LedgerWriterName,
} from "../repository/object-names.ts";
import { listAll, type ObjectStore, type StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { decodeEvents, understood, type EventEnvelope, type LedgerEvent } from "./event.ts";

/** A month's chain has hundreds of objects, which a disk need not look at to know its name. */
async function* namesBelow(store: ObjectStore, call: StoreCall): AsyncGenerator<string> {
  const prefix = "ledger/";
  if (store.folders === undefined) {
    yield* listChildren(store, prefix, { ...call, limit: storeListPageMax });
  } else {
    yield* await store.folders(prefix, call);
  }
}

/** Every writer, by the time at which its process began. */
export async function listLedgerWriters(
  sealed: SealedStore,
  call: StoreCall,
): Promise<LedgerWriterName[]> {
  const writers: LedgerWriterName[] = [];
  for await (const child of namesBelow(sealed.store, call)) {
    if (/^[0-9a-f]{16}-[0-9a-f]{32}$/.test(child)) {
      writers.push(parseLedgerWriterName(child));
    }
  }
  return writers.toSorted((a, b) => beganMs(a) - beganMs(b));
}

/** When its process began, by the clock of its host. */
export function beganMs(writer: LedgerWriterName): number {
  return objectIdTimeMs(parseObjectId(writer.slice(17)));
}

/** The sequences under which a writer's objects lie, after one that is known. */
export async function* listLedgerObjects(
  sealed: SealedStore,
  writer: LedgerWriterName,
  call: StoreCall,
): AsyncGenerator<number, void, undefined> {
  const prefix = `ledger/${writer}/`;
  for await (const { key } of listAll(sealed.store, prefix, call)) {
    const digits = key.slice(prefix.length);
    if (/^\d{12}$/.test(digits)) {
      yield Number(digits);
    }
  }
}

/** A writer's events in order, those after `after`. */
export async function* ledgerEventsOf(
  sealed: SealedStore,
  writer: LedgerWriterName,
  call: StoreCall & { readonly after: number },
): AsyncGenerator<EventEnvelope, void, undefined> {
  const { signal, after } = call;
  // The object that holds event `after` may go on behind it, and only the next one's name tells.
  let held: number | undefined;
  const read = async (sequence: number): Promise<EventEnvelope[]> => {
    const name = { type: "ledger", writer, sequence } as const;
    const { content } = await sealed.getWhole(name, { signal });
    return decodeEvents(content, objectKey(name)).filter((event) => event.sequence > after);
  };
  for await (const sequence of listLedgerObjects(sealed, writer, { signal })) {
    if (held !== undefined && sequence > after + 1) {
      yield* await read(held);
    }
    held = sequence;
  }
  if (held !== undefined) {
    yield* await read(held);
  }
}

type OpenWriter = { readonly events: AsyncGenerator<EventEnvelope>; next: EventEnvelope };

/** Where to begin: events up to and including these sequences are known already. */
export type LedgerCursor = ReadonlyMap<LedgerWriterName, number>;

/**
 * All events by time. `known`: only what comes after. @throws DrError what the store and `getWhole` throw, for an
 * object that is not authentic: `verifyLedger` tells more.
 */
export async function* readLedger(
  sealed: SealedStore,
  call: StoreCall & { readonly known?: LedgerCursor },
): AsyncGenerator<LedgerEvent, void, undefined> {
  const { signal } = call;
  const waiting = await listLedgerWriters(sealed, { signal });
  const open = new Set<OpenWriter>();
  for (;;) {
    let earliest = earliestOf(open);
    for (let writer = waiting[0]; writer !== undefined; writer = waiting[0]) {
      if (earliest !== undefined && beganMs(writer) > Date.parse(earliest.next.time)) {
        break;
      }
      waiting.shift();
      const events = ledgerEventsOf(sealed, writer, {
        signal,
        after: call.known?.get(writer) ?? 0,
      });
      const first = await events.next();
      if (first.done !== true) {
        open.add({ events, next: first.value });
        earliest = earliestOf(open);
      }
    }
    if (earliest === undefined) {
      return;
    }
    yield understood(earliest.next);
    const following = await earliest.events.next();
    if (following.done === true) {
      open.delete(earliest);
    } else {
      earliest.next = following.value;
    }
  }
}

function earliestOf(open: ReadonlySet<OpenWriter>): OpenWriter | undefined {
  let earliest: OpenWriter | undefined;
  for (const one of open) {
    earliest = earliest === undefined || one.next.time < earliest.next.time ? one : earliest;
  }
  return earliest;
}
