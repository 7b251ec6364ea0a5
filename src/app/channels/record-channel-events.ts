/** Tests of channels, and what was typed back, for the ledger. */
import type { DrError } from "../../core/errors.ts";
import type { EventContent } from "../../ledger/event-kinds.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { LedgerRecorder, unlessRefused } from "../ledger-recorder.ts";
import { openRepository } from "../repository-access.ts";

/** Records them; why not, when it could not. A channel can be tried before there is a repository. */
export async function recordChannelEvents(
  adapters: Adapters,
  environment: Environment,
  events: readonly EventContent[],
  call: { readonly signal: AbortSignal },
): Promise<DrError | undefined> {
  return await unlessRefused(call, async () => {
    const { sealed } = await openRepository(adapters, environment, call);
    const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: "alert test" });
    for (const event of events) {
      await ledger.record(event);
    }
    return ledger.failure;
  });
}
