/** Writes a simulated life into a repository's ledger, each event at its own time, as one writer that lived through it. */
import type { Clock } from "../../src/core/clock.ts";
import { systemRandom } from "../../src/core/random.ts";
import { msOf } from "../../src/core/units.ts";
import { LedgerWriter } from "../../src/ledger/ledger-writer.ts";
import type { PeriodEvent } from "../../src/queries/period/period-event.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";

/** Events that are written in one object. */
const TOGETHER = 5000;

/** Records them all. */
export async function recordLife(
  { store, ring }: Pick<SealedStore, "store" | "ring">,
  events: readonly PeriodEvent[],
  call: { readonly signal: AbortSignal },
): Promise<void> {
  let nowMs = events[0]?.atMs ?? 0;
  const clock: Clock = {
    now: () => msOf(nowMs),
    monotonic: () => msOf(nowMs),
    sleep: () => Promise.resolve(),
  };
  const sealed = new SealedStore({ store, ring, clock, random: systemRandom });
  const writer = new LedgerWriter(sealed, { clock, host: "db1", pid: 1, program: "pra" });
  for (const { atMs, actor, content } of events) {
    nowMs = atMs;
    writer.add({ ...content, actor, reason: "simulated" });
    if (writer.pendingEvents >= TOGETHER) {
      await writer.flush(call);
    }
  }
  await writer.flush(call);
}
