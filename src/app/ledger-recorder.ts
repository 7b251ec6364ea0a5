/**
 * What a command records in the ledger, at once, one writer a process. The ledger is the product's memory; a command whose work is done
 * is not undone because the ledger could not be written, but it says so.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { ledgerRecordTimeoutMs } from "../core/limits.ts";
import type { EventContent } from "../ledger/event-kinds.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";
import type { SeenHead } from "../repository/rollback-guard.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";

/** Records events; remembers the first failure instead of throwing it. */
export class LedgerRecorder {
  readonly #writer: LedgerWriter;
  readonly #actor: string;
  readonly #reason: string;
  /** Why the ledger could not be written, if it could not. */
  failure: DrError | undefined;
  /** The newest event that was recorded. */
  head: SeenHead | undefined;

  constructor(adapters: Adapters, sealed: SealedStore, options: { readonly reason: string }) {
    const { host, pid } = adapters.observer.self;
    this.#writer = new LedgerWriter(sealed, { clock: adapters.clock, host, pid, program: "pra" });
    this.#actor = `${adapters.account}@${host}`;
    this.#reason = options.reason;
  }

  /**
   * Records now. Its own time limit, not the caller's signal: that a command was interrupted is to be recorded too.
   */
  async record(event: EventContent): Promise<void> {
    const signal = AbortSignal.timeout(ledgerRecordTimeoutMs);
    try {
      const first = this.head === undefined;
      const actor = this.#actor;
      const reason = this.#reason;
      const { sequence } = await this.#writer.append({ ...event, actor, reason }, { signal });
      const head = this.#writer.head;
      if (head !== undefined) {
        // The first object also holds the event by which a writer introduces itself.
        this.head = { ...head, object: first ? 1 : sequence };
      }
    } catch (error) {
      const failure = isDrError(error)
        ? error
        : new DrError("STORE_UNAVAILABLE", {
            operation: "append",
            key: "ledger",
            reason: error instanceof Error ? error.name : "unknown",
          });
      this.failure ??= failure;
    }
  }
}
