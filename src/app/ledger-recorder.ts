/**
 * What a command records in the ledger, at once, one writer a process: with who, from where, and why. The ledger is the product's memory; a command whose work is done
 * is not undone because the ledger could not be written, but it says so. Each process names the newest events that this host has seen of
 * others, and its own are remembered likewise, so that a cut end shows.
 */
import { cutText } from "../core/cut-text.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { ledgerFollowsMax } from "../core/ledger-limits.ts";
import { ledgerRecordTimeoutMs } from "../core/limits.ts";
import { personTextMax } from "../core/watch-limits.ts";
import type { EventContent } from "../ledger/event-kinds.ts";
import { LedgerWriter, type LedgerHead } from "../ledger/ledger-writer.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { type SeenHead, rememberSeen } from "../repository/rollback-guard.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { rememberedHeads } from "./seen-heads.ts";

/** The program's reason, with what the person said. */
function reasonOf(environment: Environment, reason: string): string {
  const said = environment.settings.get("PRA_REASON")?.value.trim() ?? "";
  const clean = cutText(said.replace(/\p{Cc}/gu, " "), personTextMax);
  return clean === "" || clean === reason ? reason : `${reason}: ${clean}`;
}

/** Records events; remembers the first failure instead of throwing it. */
export class LedgerRecorder {
  readonly #adapters: Adapters;
  readonly #environment: Environment;
  readonly #sealed: SealedStore;
  readonly #actor: string;
  readonly #reason: string;
  #writer: Promise<LedgerWriter> | undefined;
  /** Why the ledger could not be written, if it could not. */
  failure: DrError | undefined;
  /** The newest event that was recorded. */
  head: SeenHead | undefined;

  constructor(
    adapters: Adapters,
    sealed: SealedStore,
    options: { readonly environment: Environment; readonly reason: string },
  ) {
    const { environment, reason } = options;
    this.#adapters = adapters;
    this.#environment = environment;
    this.#sealed = sealed;
    this.#actor = `${adapters.account}@${adapters.observer.self.host}`;
    this.#reason = reasonOf(environment, reason);
  }

  async #open(call: StoreCall): Promise<LedgerWriter> {
    const { clock, observer } = this.#adapters;
    const { host, pid } = observer.self;
    const from = this.#environment.cameFrom ?? null;
    const follows = await this.#known(call);
    return new LedgerWriter(this.#sealed, { clock, host, pid, program: "pra", from, follows });
  }

  /** Heads that this host remembers. What it cannot read here, whatever relies on it says with its own error. */
  async #known(call: StoreCall): Promise<readonly LedgerHead[]> {
    const site = { adapters: this.#adapters, environment: this.#environment };
    try {
      return (await rememberedHeads(site, this.#sealed, call)).slice(-ledgerFollowsMax);
    } catch (error) {
      if (isDrError(error)) {
        return [];
      }
      throw error;
    }
  }

  async #remember(head: SeenHead, call: StoreCall): Promise<void> {
    const file = this.#adapters.seenFile(this.#environment.stateDirectory);
    try {
      await failpointAsync("ledger.remember", call);
      await rememberSeen(this.#sealed, { ...call, file }, { ledger: [head] });
    } catch (error) {
      // A host that remembers nothing notices no cut end; the event itself is recorded.
      if (!isDrError(error)) {
        throw error;
      }
    }
  }

  /**
   * Records now. Its own time limit, not the caller's signal: that a command was interrupted is to be recorded too.
   */
  async record(event: EventContent): Promise<void> {
    const call = { signal: AbortSignal.timeout(ledgerRecordTimeoutMs) };
    try {
      const actor = this.#actor;
      const reason = this.#reason;
      this.#writer ??= this.#open(call);
      const writer = await this.#writer;
      await writer.append({ ...event, actor, reason }, call);
      const { head } = writer;
      if (head !== undefined) {
        this.head = head;
        await this.#remember(head, call);
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

/** Recording beside other work: a repository that refuses is the answer, and stops nobody. @throws the signal's reason when aborted. */
export async function unlessRefused(
  { signal }: StoreCall,
  record: () => Promise<DrError | undefined>,
): Promise<DrError | undefined> {
  try {
    return await record();
  } catch (error) {
    signal.throwIfAborted();
    if (isDrError(error)) {
      return error;
    }
    throw error;
  }
}
