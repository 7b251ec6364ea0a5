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
import { type SettledHeads, settledHeads } from "./anchor.ts";
import type { LedgerHead } from "./ledger-writer.ts";
import { ledgerEventsOf, listLedgerObjects, listLedgerWriters } from "./read-ledger.ts";

/** What a verification found. `problems` are `LEDGER_` errors, each with its place. */
export type LedgerVerdict = {
  readonly writers: number;
  readonly events: number;
  readonly heads: readonly TimedHead[];
  /** Every writer's newest event not after `settledUntil`. */
  readonly settled: SettledHeads;
  /** Those heads themselves. */
  readonly settledHeads: readonly LedgerHead[];
  readonly problems: readonly DrError[];
};

/** A head, and when its event was made. */
export type TimedHead = LedgerHead & { readonly time: string };

type Link = { readonly sequence: number; readonly hash: string; readonly time: string };

/** The chain of one writer, as far as it was followed. */
class ChainCheck {
  readonly writer: LedgerWriterName;
  readonly problems: DrError[] = [];
  readonly remembered: LedgerHead[] = [];
  events = 0;
  link: Link = { sequence: 0, hash: FIRST_PREVIOUS_HASH, time: "" };
  /** The last of the events before the first one that is later than `until`. */
  settled: Link | undefined;
  readonly #until: string;
  #beyond = false;

  constructor(writer: LedgerWriterName, until: string) {
    this.writer = writer;
    this.#until = until;
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
    this.link = { sequence: event.sequence, hash: eventHash(event), time: event.time };
    this.#beyond ||= event.time > this.#until;
    this.settled = this.#beyond ? this.settled : this.link;
    this.#remember(event, object);
  }

  #remember(event: EventEnvelope, object: string): void {
    const { content } = understood(event);
    if (content === undefined && event.kind === "writerStarted" && event.version === 1) {
      // Else what it should have remembered would be passed over in silence.
      this.forged(
        object,
        new Error(`event ${event.sequence} introduces its writer in no known way`),
      );
    }
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

type VerifyCall = StoreCall & {
  /** Shown each event that could be read, writer after writer, each in its order. */
  readonly visit?: ((event: EventEnvelope) => void) | undefined;
};

async function checkObject(
  sealed: SealedStore,
  check: ChainCheck,
  at: VerifyCall & { readonly sequence: number },
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
    at.visit?.(event);
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

/** Without those that are remembered twice, each writer's newest first. */
function onceEach(remembered: readonly LedgerHead[]): readonly LedgerHead[] {
  const each = new Map(
    remembered.map((head) => [`${head.writer} ${head.sequence} ${head.hash}`, head]),
  );
  return [...each.values()].toSorted((a, b) => b.sequence - a.sequence);
}

/**
 * Follows every chain. `remembered`: heads that this host has seen. @throws DrError only what the store throws; what is
 * wrong with the ledger is in the verdict.
 */
export async function verifyLedger(
  sealed: SealedStore,
  call: VerifyCall & {
    readonly remembered?: readonly LedgerHead[];
    /** For an anchor: the instant up to which heads are folded. */
    readonly settledUntil?: string;
  },
): Promise<LedgerVerdict> {
  const { signal, visit, settledUntil = "" } = call;
  const heads = new Map<string, TimedHead>();
  const settled: LedgerHead[] = [];
  const remembered: LedgerHead[] = [...(call.remembered ?? [])];
  const problems: DrError[] = [];
  let events = 0;
  for (const writer of await listLedgerWriters(sealed, { signal })) {
    const check = new ChainCheck(writer, settledUntil);
    let objects = 0;
    for await (const sequence of listLedgerObjects(sealed, writer, { signal })) {
      objects += 1;
      await checkObject(sealed, check, { signal, visit, sequence });
    }
    // An empty folder is no writer.
    if (objects === 0) {
      continue;
    }
    heads.set(writer, { writer, ...check.link });
    if (check.settled !== undefined) {
      settled.push({ writer, ...check.settled });
    }
    remembered.push(...check.remembered);
    problems.push(...check.problems);
    events += check.events;
  }
  const shortened = new Set<string>();
  for (const one of onceEach(remembered)) {
    const problem = await checkRemembered(sealed, one, { signal, heads });
    // Of a writer's end that is gone the furthest that anybody remembers is told.
    if (problem !== undefined && !shortened.has(one.writer)) {
      problems.push(problem);
    }
    if (problem?.code === "LEDGER_SHORTENED") {
      shortened.add(one.writer);
    }
  }
  return {
    writers: heads.size,
    events,
    heads: [...heads.values()],
    settled: settledHeads(settledUntil, settled),
    settledHeads: settled,
    problems,
  };
}
