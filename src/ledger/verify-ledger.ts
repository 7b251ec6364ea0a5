/**
 * Proving that nothing in the ledger was edited, removed, moved or forged: every object is authentic, was written by the
 * key that its name bears, lies under the sequence it begins with, and every event continues the chain. The end of a
 * chain, and a whole chain, can be cut off without breaking any link; that shows only where somebody remembers: another writer's
 * first event, or this host's `seen` file.
 *
 * Peak memory: one object, the heads of all writers, and what their first events remember.
 */
import { DrError, isDrError } from "../core/errors.ts";
import {
  objectKey,
  parseLedgerWriterName,
  type LedgerWriterName,
} from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import {
  decodeEvents,
  eventHash,
  FIRST_PREVIOUS_HASH,
  understood,
  type EventEnvelope,
} from "./event.ts";
import type { LedgerHead } from "./ledger-writer.ts";
import { ledgerEventsOf, listLedgerObjects, listLedgerWriters } from "./read-ledger.ts";

/** What a verification found. `problems` are `LEDGER_` errors, each with its place. */
export type LedgerVerdict = {
  readonly writers: number;
  readonly events: number;
  readonly heads: readonly LedgerHead[];
  readonly problems: readonly DrError[];
};

type Link = { readonly sequence: number; readonly hash: string };

/** The chain of one writer, as far as it was followed. */
class ChainCheck {
  readonly writer: LedgerWriterName;
  readonly problems: DrError[] = [];
  readonly remembered: LedgerHead[] = [];
  events = 0;
  link: Link = { sequence: 0, hash: FIRST_PREVIOUS_HASH };

  constructor(writer: LedgerWriterName) {
    this.writer = writer;
  }

  problem(error: DrError): void {
    this.problems.push(error);
  }

  /** An object that cannot be believed: the chain goes on behind it, if there is something. */
  forged(object: string, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.problem(new DrError("LEDGER_FORGED", { object, reason }, { cause }));
  }

  follow(event: EventEnvelope, object: string): void {
    const { writer, link } = this;
    this.events += 1;
    if (event.writer !== writer) {
      this.forged(object, new Error(`event ${event.sequence} names ${event.writer} as its writer`));
    }
    if (event.sequence > link.sequence + 1) {
      const from = link.sequence + 1;
      this.problem(new DrError("LEDGER_GAP", { writer, from, to: event.sequence - 1 }));
    } else if (event.sequence <= link.sequence) {
      const after = link.sequence;
      this.problem(new DrError("LEDGER_ORDER", { object, sequence: event.sequence, after }));
    } else if (event.previousHash !== link.hash) {
      this.problem(new DrError("LEDGER_CHAIN_BROKEN", { object, sequence: event.sequence }));
    }
    this.link = { sequence: event.sequence, hash: eventHash(event) };
    this.#remember(event);
  }

  #remember(event: EventEnvelope): void {
    const { content } = understood(event);
    if (content?.kind === "writerStarted") {
      for (const { writer: other, sequence, hash } of content.data.follows) {
        this.remembered.push({ writer: parseLedgerWriterName(other), sequence, hash });
      }
    }
  }
}

/** An object's own fault, as opposed to a store that does not answer. */
function isUntrue(error: unknown): boolean {
  return isDrError(error) && (error.code.startsWith("REPO_") || error.code.startsWith("KEY_"));
}

async function checkObject(
  sealed: SealedStore,
  check: ChainCheck,
  at: StoreCall & { readonly sequence: number },
): Promise<void> {
  const name = { type: "ledger", writer: check.writer, sequence: at.sequence } as const;
  const object = objectKey(name);
  let events: EventEnvelope[];
  try {
    const { content, ticket } = await sealed.getWhole(name, { signal: at.signal });
    const key = Buffer.from(ticket.writer).toString("hex").slice(0, 16);
    if (key !== check.writer.slice(0, 16)) {
      check.forged(object, new Error(`it was sealed by ${key}`));
    }
    events = decodeEvents(content, object);
  } catch (error) {
    if (!isUntrue(error)) {
      throw error;
    }
    check.forged(object, error);
    return;
  }
  const first = events[0]?.sequence ?? 0;
  if (first !== at.sequence) {
    const after = at.sequence - 1;
    check.problem(new DrError("LEDGER_ORDER", { object, sequence: first, after }));
  }
  for (const event of events) {
    check.follow(event, object);
  }
}

/** An event that somebody remembers must be there, with the same hash. */
async function checkRemembered(
  sealed: SealedStore,
  remembered: LedgerHead,
  call: StoreCall & { readonly heads: ReadonlyMap<string, LedgerHead> },
): Promise<DrError | undefined> {
  const { writer, sequence } = remembered;
  const head = call.heads.get(writer);
  if (head === undefined || head.sequence < sequence) {
    return new DrError("LEDGER_SHORTENED", { writer, sequence, found: head?.sequence ?? 0 });
  }
  let { hash } = head;
  if (head.sequence > sequence) {
    try {
      const events = ledgerEventsOf(sealed, writer, { ...call, after: sequence - 1 });
      const next = await events.next();
      hash = next.done === true ? "" : eventHash(next.value);
    } catch (error) {
      if (isUntrue(error)) {
        return undefined;
      }
      throw error;
    }
  }
  const object = `ledger/${writer}`;
  return hash === remembered.hash
    ? undefined
    : new DrError("LEDGER_CHAIN_BROKEN", { object, sequence });
}

/**
 * Follows every chain. `remembered`: heads that this host has seen. @throws DrError only what the store throws; what is
 * wrong with the ledger is in the verdict.
 */
export async function verifyLedger(
  sealed: SealedStore,
  call: StoreCall & { readonly remembered?: readonly LedgerHead[] },
): Promise<LedgerVerdict> {
  const { signal } = call;
  const heads = new Map<string, LedgerHead>();
  const remembered: LedgerHead[] = [...(call.remembered ?? [])];
  const problems: DrError[] = [];
  let events = 0;
  for (const writer of await listLedgerWriters(sealed, { signal })) {
    const check = new ChainCheck(writer);
    for await (const sequence of listLedgerObjects(sealed, writer, { signal })) {
      await checkObject(sealed, check, { signal, sequence });
    }
    heads.set(writer, { writer, ...check.link });
    remembered.push(...check.remembered);
    problems.push(...check.problems);
    events += check.events;
  }
  for (const one of remembered) {
    const problem = await checkRemembered(sealed, one, { signal, heads });
    if (problem !== undefined) {
      problems.push(problem);
    }
  }
  return { writers: heads.size, events, heads: [...heads.values()], problems };
}
