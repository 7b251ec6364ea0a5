/**
 * `pra key check`: proves that what a person has opens the newest backup. A recovery key that nobody ever tried is a hope: it may have
 * been copied wrong, or be the sheet of another repository, and that must show before it is needed.
 *
 * It goes the way that a new host would go, from the slot alone: root, map and a frame of data are opened with the keys found in
 * the slot, never with those of this host. Only the comparison at the end needs the key file.
 */
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import type { ObjectId } from "../core/object-id.ts";
import { FrameReader } from "../pipeline/sealing/frame-codec.ts";
import { oneTimeCodec } from "../pipeline/sealing/frame-content.ts";
import { type KeyRing, generationsOf } from "../pipeline/sealing/key-ring.ts";
import { slotFacts } from "../pipeline/sealing/key-slot.ts";
import { fingerprintOf } from "../pipeline/sealing/recipient-key.ts";
import { newestBackup } from "../repository/catalogue.ts";
import { clusterNameOf, type IncarnationPlace, objectKey } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { decodeRoot } from "../repository/root.ts";
import type { FramedName, SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type PersonalSecret, unlockRepository } from "./key-unlock.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { newestRestorable } from "./newest-incarnation.ts";
import { openRepository } from "./repository-access.ts";

/** What was opened on the way, in order. */
export type OpenedByKey = "slot" | "root" | "map" | "data";

/** A secret that is proved. */
export type KeyCheck = {
  readonly repositoryId: string;
  readonly generation: number;
  readonly slot: string;
  readonly method: string;
  /** The newest backup that it opened; undefined when there is none yet. */
  readonly backup: ObjectId | undefined;
  readonly opened: readonly OpenedByKey[];
  /** Fingerprint of the root signing key. */
  readonly root: string;
  /** Why the ledger could not be written: then the proof is not remembered. */
  readonly ledgerFailure: DrError | undefined;
};

/** The keys found must be those by which this host writes: else the sheet opens what nobody uses. */
function requireSame(found: KeyRing, held: KeyRing, slot: string): void {
  const heldOf = new Map(generationsOf(held).map((keys) => [keys.generation, keys]));
  for (const keys of generationsOf(found)) {
    const own = heldOf.get(keys.generation);
    const differing = (["rootPublicKey", "dataPublicKey", "metadataKey"] as const).find(
      (name) => own === undefined || !Buffer.from(own[name]).equals(keys[name]),
    );
    if (differing !== undefined) {
      const what = `${differing}, generation ${keys.generation}`;
      throw new DrError("KEY_CHECK_FAILED", { what, slot });
    }
  }
}

/** Opens an object that ends with a directory, and its first frame. */
async function openFrame(sealed: SealedStore, name: FramedName, call: StoreCall): Promise<void> {
  const { ticket, frameRange, directory } = await sealed.openFramed(name, call);
  if (directory.length > 0) {
    const bytes = await sealed.store.get(objectKey(name), { ...call, range: frameRange(0) });
    new FrameReader(ticket, oneTimeCodec()).read(bytes, 0);
  }
}

async function openBackup(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<{ readonly backup: ObjectId | undefined; readonly opened: readonly OpenedByKey[] }> {
  const newest = await newestBackup(sealed, place, call);
  if (newest === undefined) {
    return { backup: undefined, opened: [] };
  }
  if (newest.state === "damaged") {
    throw newest.error;
  }
  const { id } = newest;
  const { content } = await sealed.getWhole({ ...place, type: "root", id }, call);
  const { maps, packs } = decodeRoot(content);
  const [map] = maps;
  const pack = packs.toSorted((a, b) => (a.id < b.id ? -1 : 1)).at(-1);
  const opened: OpenedByKey[] = ["root"];
  if (map !== undefined) {
    await openFrame(sealed, { ...place, type: "map", id: map.id }, call);
    opened.push("map");
  }
  if (pack !== undefined && guard("L41-check-opens-data")) {
    await openFrame(sealed, { ...place, type: "pack", id: pack.id }, call);
    opened.push("data");
  }
  return { backup: id, opened };
}

/**
 * Proves one secret, and records it. @throws DrError `KEY_NOT_ENCRYPTED`, `KEY_CHECK_FAILED`, what `unlockRepository` throws; what
 * opening the newest backup throws when that is damaged.
 */
export async function checkKey(
  adapters: Adapters,
  environment: Environment,
  request: StoreCall & { readonly secret: PersonalSecret; readonly reason: string },
): Promise<KeyCheck> {
  const { secret, reason, signal } = request;
  const { clock, random } = adapters;
  const { sealed, repositoryId, encryption } = await openRepository(adapters, environment, {
    signal,
  });
  if (encryption === "none") {
    throw new DrError("KEY_NOT_ENCRYPTED", { repository: repositoryId });
  }
  const { store, ring: held } = sealed;
  const mark = { repositoryId: held.repositoryId, generation: held.generation };
  const unlocked = await unlockRepository(store, mark, { secret, signal, clock, random });
  const { ring, slot, sealed: theirs } = unlocked;
  requireSame(ring, held, slot);
  const cluster = clusterNameOf(environment.cluster);
  const place = await newestRestorable(theirs, cluster, { signal });
  const found =
    place === undefined
      ? { backup: undefined, opened: [] }
      : await openBackup(theirs, place, { signal });
  const { generation, rootPublicKey } = ring;
  const slotContent = await theirs.getWhole({ type: "keySlot", generation, slot }, { signal });
  const { method } = slotFacts(slotContent.content);
  const root = fingerprintOf(rootPublicKey);
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  const { backup } = found;
  await ledger.record({
    kind: "keyChecked",
    data: { generation, slot, method, root, cluster, backup: backup ?? null },
  });
  const opened: readonly OpenedByKey[] = ["slot", ...found.opened];
  const facts = { repositoryId, generation, slot, method, root, backup, opened };
  return { ...facts, ledgerFailure: ledger.failure };
}
