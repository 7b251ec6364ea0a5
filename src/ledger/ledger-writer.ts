/**
 * Writing the ledger: one writer per process life, so two processes of one host never share a chain, but for the one that
 * `resume-writer.ts` goes on with. A command appends and
 * flushes at once; a daemon gathers events and flushes once a minute. An event counts as recorded when the
 * flush returned. It never rewrites what was written: after an uncertain failure it looks what is there and goes on behind it.
 */
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { ledgerBatchEventsMax, ledgerEventBytesMax } from "../core/limits.ts";
import {
  ledgerWriterNameOf,
  objectKey,
  type LedgerWriterName,
} from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { wellFormed } from "./canonical-json.ts";
import type { EventContent } from "./event-kinds.ts";
import {
  decodeEvents,
  encodeEvents,
  eventHash,
  FIRST_PREVIOUS_HASH,
  fitsEvent,
  type EventEnvelope,
} from "./event.ts";

/** The newest event of a writer. */
export type LedgerHead = {
  readonly writer: LedgerWriterName;
  readonly sequence: number;
  readonly hash: string;
};

/** The same, with the sequence under which the object that holds it lies: what a host remembers. */
export type RecordedHead = LedgerHead & { readonly object: number };

/** Something to record. */
export type NewEvent = EventContent & {
  /** Who: an account, or the program itself. */
  readonly actor: string;
  /** Why: the command, the policy, what a person gave as the reason. */
  readonly reason: string;
};

/** Who writes, and which heads of other writers it has seen; recorded with the first event. */
export type LedgerWriterOptions = {
  readonly clock: Clock;
  readonly host: string;
  readonly pid: number;
  /** Name and version of the program. */
  readonly program: string;
  /** From where the person came, where the system tells. */
  readonly from?: string | null;
  readonly follows?: readonly LedgerHead[];
  /** A chain that earlier processes of this host began, and its newest event; `resume-writer.ts` only. */
  readonly goesOn?: { readonly writer: LedgerWriterName; readonly head: LedgerHead | undefined };
};

/** One writer. Not to be used by two callers at the same time: `flush` calls queue up. */
export class LedgerWriter {
  readonly writer: LedgerWriterName;
  readonly #sealed: SealedStore;
  readonly #options: LedgerWriterOptions;
  #pending: EventEnvelope[] = [];
  #sequence = 0;
  #previousHash = FIRST_PREVIOUS_HASH;
  #written: RecordedHead | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(sealed: SealedStore, options: LedgerWriterOptions) {
    this.#sealed = sealed;
    this.#options = options;
    const { goesOn } = options;
    this.writer =
      goesOn?.writer ?? ledgerWriterNameOf(sealed.ring.writer.publicKey, sealed.newId());
    this.#sequence = goesOn?.head?.sequence ?? 0;
    this.#previousHash = goesOn?.head?.hash ?? FIRST_PREVIOUS_HASH;
  }

  /** The newest event that is recorded; undefined before the first. */
  get head(): RecordedHead | undefined {
    return this.#written;
  }

  /** Events that are not recorded yet. */
  get pendingEvents(): number {
    return this.#pending.length;
  }

  /**
   * Queues an event; its time is now. @throws DrError `LEDGER_EVENT_TOO_LARGE`; `LEDGER_FULL` when too many wait, because the
   * store does not take them.
   */
  add(event: NewEvent): EventEnvelope {
    if (this.#pending.length + 1 >= ledgerBatchEventsMax) {
      throw new DrError("LEDGER_FULL", { writer: this.writer, events: this.#pending.length });
    }
    if (this.#sequence === 0) {
      const { host, pid, program, from = null, follows = [] } = this.#options;
      const known = follows.map(({ writer, sequence, hash }) => ({ writer, sequence, hash }));
      const data = { host, pid, program, from, follows: known };
      this.#chain({ kind: "writerStarted", data, actor: event.actor, reason: event.reason });
    }
    return this.#chain(event);
  }

  #chain(event: NewEvent): EventEnvelope {
    const envelope: EventEnvelope = {
      id: this.#sealed.newId(),
      kind: event.kind,
      version: 1,
      time: new Date(this.#options.clock.now()).toISOString(),
      writer: this.writer,
      sequence: this.#sequence + 1,
      previousHash: this.#previousHash,
      actor: event.actor.toWellFormed(),
      reason: event.reason.toWellFormed(),
      data: wellFormed(event.data),
    };
    if (!fitsEvent(envelope)) {
      throw new DrError("LEDGER_EVENT_TOO_LARGE", {
        kind: event.kind,
        limitBytes: ledgerEventBytesMax,
      });
    }
    this.#sequence = envelope.sequence;
    this.#previousHash = eventHash(envelope);
    this.#pending.push(envelope);
    return envelope;
  }

  /** Records what is queued, in one object. Failed or aborted: it stays queued. @throws DrError what the store throws. */
  flush(call: StoreCall): Promise<void> {
    const turn = this.#queue.then(() => this.#flush(call));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Queues and records one event. */
  async append(event: NewEvent, call: StoreCall): Promise<EventEnvelope> {
    const envelope = this.add(event);
    await this.flush(call);
    return envelope;
  }

  async #flush(call: StoreCall): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = [...this.#pending];
      const [first] = batch;
      if (first === undefined) {
        return;
      }
      const name = { type: "ledger", writer: this.writer, sequence: first.sequence } as const;
      await failpointAsync("ledger.append", call);
      try {
        await this.#sealed.putWhole(name, encodeEvents(batch), call);
        this.#recorded(batch);
      } catch (error) {
        if (!isDrError(error, "STORE_CONFLICT")) {
          throw error;
        }
        // An earlier attempt arrived after all, with as many events as there were then.
        const { content } = await this.#sealed.getWhole(name, call);
        const there = decodeEvents(content, objectKey(name));
        // By content: a machine that was cloned while it ran draws the same ids.
        const own = there.every((event, at) => {
          const mine = batch[at];
          return mine !== undefined && eventHash(event) === eventHash(mine);
        });
        if (!own) {
          throw error;
        }
        this.#recorded(there);
      }
    }
  }

  #recorded(events: readonly EventEnvelope[]): void {
    this.#pending.splice(0, events.length);
    const [first] = events;
    const last = events.at(-1);
    if (first !== undefined && last !== undefined) {
      const { sequence } = last;
      const object = first.sequence;
      this.#written = { writer: this.writer, sequence, hash: eventHash(last), object };
    }
  }
}
