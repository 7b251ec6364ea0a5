/**
 * The rollback guard as commands use it: compare with what this host has seen before anything relies on the repository, and
 * remember what was just written. An accepted rollback goes to the ledger.
 */
import { ledgerGivenUpObjectsMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { searchNewestEvents } from "../ledger/newest-events.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { type GivenUpCheck, checkRollback, rememberSeen } from "../repository/rollback-guard.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import type { LedgerRecorder } from "./ledger-recorder.ts";
import { forgetChains } from "./seen-heads.ts";

/** Who compares what. */
export type HistoryCheck = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly sealed: SealedStore;
  readonly ledger: LedgerRecorder;
};

/** What the ledger says of backups that are gone: whoever gave them up wrote it down before. */
function givenUpIn(sealed: SealedStore): GivenUpCheck {
  return async (backups, call) => {
    const wanted = new Set<string>(backups);
    const found = new Set<ObjectId>();
    const options = { ...call, objectsMax: ledgerGivenUpObjectsMax };
    await searchNewestEvents(
      sealed,
      ({ content }) => {
        if (content?.kind === "backupsGivenUp") {
          const ids = new Set(content.data.backups.map(({ backup }) => backup));
          backups.filter((id) => ids.has(id)).forEach((id) => found.add(id));
        }
        return found.size === wanted.size;
      },
      options,
    );
    return found;
  };
}

/** @throws DrError `REPO_ROLLED_BACK` unless accepted; `STORE_*` when the state directory cannot be used. */
export async function checkHistory(
  check: HistoryCheck & { readonly accept: boolean },
  call: StoreCall,
): Promise<void> {
  const { adapters, environment, sealed, ledger, accept } = check;
  const file = adapters.seenFile(environment.stateDirectory);
  const { missing } = await checkRollback(sealed, {
    ...call,
    file,
    accept,
    givenUp: givenUpIn(sealed),
  });
  if (missing.length > 0) {
    await forgetChains(environment, sealed, call);
    await ledger.record({ kind: "rollbackAccepted", data: { missing: [...missing] } });
  }
}

/** Remembers a backup that this host just published; the ledger's event about it is remembered by who records it. */
export async function rememberBackup(
  check: HistoryCheck,
  place: IncarnationPlace,
  newest: ObjectId,
  call: StoreCall,
): Promise<void> {
  const { adapters, environment, sealed } = check;
  const file = adapters.seenFile(environment.stateDirectory);
  const roots = [{ cluster: place.cluster, incarnation: place.incarnation, newest }];
  await rememberSeen(sealed, { ...call, file }, { roots });
}
