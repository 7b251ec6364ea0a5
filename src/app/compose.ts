/**
 * The one place that names adapters: which store, which clock, which randomness, who we are. Everything else is given
 * them as plain arguments, so that a test gives others. No state, and nothing is opened before it is asked for.
 */
import { userInfo } from "node:os";
import { type Clock, systemClock } from "../core/clock.ts";
import { type Random, systemRandom } from "../core/random.ts";
import { hostObserver } from "../files/host-identity.ts";
import { NumberedFile } from "../files/numbered-file.ts";
import type { HolderObserver } from "../repository/lease-holder.ts";
import type { ObjectStore, StoreCall } from "../repository/object-store.ts";
import type { SeenFile } from "../repository/rollback-guard.ts";
import { raceTwoProcesses } from "../stores/disk/race.ts";
import { DiskStore } from "../stores/disk-store.ts";
import { type StoreProbe, probeStore } from "../stores/probe-store.ts";
import { RetryStore } from "../stores/retry-store.ts";

/** What operations work with. */
export type Adapters = {
  readonly clock: Clock;
  readonly random: Random;
  /** Who this process is, and what it can say about others. */
  readonly observer: HolderObserver;
  /** The account that runs this program, for the ledger. */
  readonly account: string;
  /** What this host has seen of repositories, kept in its state directory. */
  seenFile(stateDirectory: string): SeenFile;
  /** Opens the store at `root`; `create`: makes it when it is missing. @throws DrError `STORE_*`. */
  openStore(root: string, call: StoreCall & { readonly create: boolean }): Promise<ObjectStore>;
  /** Looks at what the store does. @throws DrError `STORE_*` when it cannot be used at all. */
  probe(store: ObjectStore, call: StoreCall): Promise<StoreProbe>;
};

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // An account without an entry in the password file, as in some containers.
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** The adapters of this machine. */
export function compose(): Adapters {
  const clock = systemClock;
  const random = systemRandom;
  return {
    clock,
    random,
    observer: hostObserver(),
    account: accountName(),
    seenFile: (directory) => new NumberedFile({ directory, base: "seen" }),
    openStore: async (root, { create, signal }) =>
      new RetryStore(await DiskStore.open({ root, create }, { signal }), { clock, random }),
    probe: (store, { signal }) =>
      probeStore(store, { clock, random, signal, race: raceTwoProcesses }),
  };
}
