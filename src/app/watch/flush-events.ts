/**
 * Events of the watch reach the ledger when the repository can be written: all that wait in one object, in one chain a month. They leave the watch's memory when they
 * are recorded; a process that dies in between records them twice, which does no harm, for each names its alert or message.
 */
import { DrError, isDrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { ledgerGoOnAttemptsMax } from "../../core/ledger-limits.ts";
import { ledgerBatchEventsMax } from "../../core/limits.ts";
import { watchLedgerMs } from "../../core/watch-limits.ts";
import { parseEventContent } from "../../ledger/event-kinds.ts";
import { resumeMonthlyWriter } from "../../ledger/resume-writer.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import type { WatchEvent } from "../../watch/watch-document.ts";
import type { WatchMemory } from "../../watch/watch-memory.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { rememberChain, rememberedHeads } from "../seen-heads.ts";
import { openRepository } from "../repository-access.ts";

type Batch = {
  readonly sealed: SealedStore;
  readonly batch: readonly WatchEvent[];
  readonly signal: AbortSignal;
};

/** Into this month's chain of the host and cluster; another process may be doing the same. */
async function record(
  adapters: Adapters,
  environment: Environment,
  { sealed, batch, signal }: Batch,
): Promise<void> {
  const { clock, observer } = adapters;
  const { host, pid } = observer.self;
  for (let attempt = 1; ; attempt += 1) {
    const remembered = await rememberedHeads({ adapters, environment }, sealed, { signal });
    const subject = `watch ${environment.cluster}`;
    // A chain that begins names what its host remembers: the end of last month's, and of one that was cut.
    const names = { subject, remembered, follows: remembered };
    const options = { clock, host, pid, program: "pra", ...names };
    const writer = await resumeMonthlyWriter(sealed, options, { signal });
    for (const { kind, data, actor } of batch) {
      const content = parseEventContent({ kind, version: 1, data });
      if (content !== undefined) {
        writer.add({ ...content, actor, reason: "watch" });
      }
    }
    try {
      await writer.flush({ signal });
      const { head } = writer;
      if (head !== undefined) {
        await rememberChain(environment, sealed, head, { signal });
      }
      return;
    } catch (error) {
      if (!isDrError(error, "STORE_CONFLICT") || attempt >= ledgerGoOnAttemptsMax) {
        throw error;
      }
    }
  }
}

/** Writes what waits; the failure, when it could not. Its own time limit: a store that hangs holds no delivery up. */
export async function flushEvents(
  adapters: Adapters,
  environment: Environment,
  options: { readonly memory: WatchMemory; readonly signal: AbortSignal },
): Promise<DrError | undefined> {
  const { memory } = options;
  const { events, eventsLost } = await memory.read(options);
  const batch = events.slice(0, ledgerBatchEventsMax - 2);
  if (batch.length === 0) {
    return undefined;
  }
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(watchLedgerMs)]);
  try {
    const { sealed } = await openRepository(adapters, environment, { signal });
    await record(adapters, environment, { sealed, batch, signal });
    failpoint("watch.recorded");
  } catch (error) {
    options.signal.throwIfAborted();
    return isDrError(error)
      ? error
      : new DrError("STORE_UNAVAILABLE", {
          operation: "append",
          key: "ledger",
          reason: error instanceof Error ? error.name : "unknown",
        });
  }
  await memory.update((document) => {
    // Some of them may have been dropped meanwhile, because too many waited.
    const dropped = document.eventsLost - eventsLost;
    const left = document.events.slice(Math.max(0, batch.length - dropped));
    return { document: { ...document, events: left }, result: undefined };
  }, options);
  return undefined;
}
