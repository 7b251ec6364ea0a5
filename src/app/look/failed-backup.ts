/** The last backup that failed and was not followed by a good one, as the ledger has it. */
import { statusLedgerObjectsMax } from "../../core/look-limits.ts";
import { searchNewestEvents } from "../../ledger/newest-events.ts";
import type { StoreCall } from "../../repository/object-store.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import type { FailedBackup } from "../../watch/probes/jobs.ts";

/** Looks behind `since`, the end of the newest good one. @throws DrError what the store and the ledger throw. */
export async function findFailedBackup(
  sealed: SealedStore,
  about: { readonly cluster: string; readonly since: string | undefined },
  call: StoreCall,
): Promise<FailedBackup | undefined> {
  const { cluster, since = "" } = about;
  let newest: FailedBackup | undefined;
  await searchNewestEvents(
    sealed,
    ({ content, time }) => {
      const failed = content?.kind === "backupFailed" && content.data.cluster === cluster;
      if (failed && time > since && (newest === undefined || newest.at < time)) {
        const { code, message } = content.data;
        newest = { at: time, code, message };
      }
      return false;
    },
    { ...call, objectsMax: statusLedgerObjectsMax },
  );
  return newest;
}
