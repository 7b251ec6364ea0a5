/**
 * `pra key add` and `pra key remove`: the ways to open the newest generation. A slot is a new object with the same keys wrapped once
 * more; no data is touched. Removing one deletes that wrapped copy and nothing else: who opened it before may have kept the keys, which only a
 * rotation puts out of use. Neither ever leaves a repository that nobody could open after its key files are lost.
 */
import { DrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import { passphraseLengthMin } from "../core/limits.ts";
import { generationsOf, privateSide } from "../pipeline/sealing/key-ring.ts";
import { createRecoveryKey } from "../pipeline/sealing/recovery-key.ts";
import { fingerprintOf, parseRecipient } from "../pipeline/sealing/recipient-key.ts";
import { type SlotLock, type SlotMethod, sealSlot } from "../pipeline/sealing/slot-methods.ts";
import { objectKey } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type KeySlot, isForPeople, readSlotChecks, readSlots } from "./key-slots.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { type RecoveryKey, keepRecoveryKey, recoveryKeyPath } from "./recovery-key-file.ts";
import { type OpenRepository, openRepository } from "./repository-access.ts";

/** A new way to open the repository. */
export type NewWay =
  | { readonly kind: "recovery"; readonly recoveryKey: "show" | "write" }
  | { readonly kind: "passphrase"; readonly passphrase: string }
  | { readonly kind: "recipient"; readonly publicText: string };

/** A slot that was added. */
export type AddedSlot = {
  readonly generation: number;
  readonly slot: string;
  readonly method: SlotMethod;
  readonly label: string;
  readonly recovery: RecoveryKey;
  /** Fingerprint of the root signing key: a recipient is asked for it. */
  readonly root: string;
  readonly ledgerFailure: DrError | undefined;
};

/** A slot that was removed, and how many ways are left. */
export type RemovedSlot = {
  readonly generation: number;
  readonly slot: string;
  readonly method: SlotMethod;
  readonly left: number;
  readonly ledgerFailure: DrError | undefined;
};

/** Opens a repository whose keys are secret, with its private side. @throws DrError `KEY_NOT_ENCRYPTED`, `KEY_PRIVATE_MISSING`. */
export async function openEncrypted(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<OpenRepository & { readonly keyFile: string }> {
  const repository = await openRepository(adapters, environment, call);
  const { sealed, repositoryId, keyFile } = repository;
  if (keyFile === undefined) {
    throw new DrError("KEY_NOT_ENCRYPTED", { repository: repositoryId });
  }
  privateSide(sealed.ring);
  return { ...repository, keyFile };
}

/** A name for a new slot: what opens it, and digits that no other has. */
export function newSlotName(sealed: SealedStore, method: SlotMethod): string {
  return `${method}-${sealed.newId().slice(-12)}`;
}

/** Puts a slot with the ring's own generation in it. @throws DrError what `sealSlot` and the store throw. */
export async function putSlot(
  sealed: SealedStore,
  of: { readonly slot: string; readonly lock: SlotLock },
  call: StoreCall & { readonly label: string; readonly actor: string },
): Promise<void> {
  const { label, actor, signal } = call;
  const content = await sealSlot(sealed.ring, of.lock, { label, actor });
  const { generation } = sealed.ring;
  await failpointAsync("key.put-slot", { signal });
  await sealed.putWhole({ type: "keySlot", generation, slot: of.slot }, content, { signal });
}

/** The file of a slot's recovery key, where there is no terminal. */
export function slotKeyPath(keyFile: string, slot: string): string {
  return recoveryKeyPath(keyFile).replace(/\.recovery$/, `.${slot}`);
}

/**
 * Adds a way to open the repository. A recovery key is written to its file before the slot is made: a slot whose key nobody has would count as
 * a way and be none. @throws DrError `KEY_*`, `STORE_*`.
 */
export async function addSlot(
  adapters: Adapters,
  environment: Environment,
  request: StoreCall & {
    readonly way: NewWay;
    readonly label: string;
    readonly reason: string;
  },
): Promise<AddedSlot> {
  const { way, label, reason, signal } = request;
  if (way.kind === "passphrase" && way.passphrase.length < passphraseLengthMin) {
    throw new DrError("KEY_PASSPHRASE_SHORT", { min: passphraseLengthMin });
  }
  const recipient = way.kind === "recipient" ? parseRecipient(way.publicText) : undefined;
  const { sealed, keyFile } = await openEncrypted(adapters, environment, { signal });
  const slot = newSlotName(sealed, way.kind);
  const actor = `${adapters.account}@${adapters.observer.self.host}`;
  const call = { label, actor, signal };
  let recovery: RecoveryKey = { kind: "none" };
  if (way.kind === "recovery") {
    const text = createRecoveryKey();
    const path = slotKeyPath(keyFile, slot);
    recovery = await keepRecoveryKey(text, path, { recoveryKey: way.recoveryKey, signal });
    await putSlot(sealed, { slot, lock: { recoveryText: text } }, call);
  } else if (recipient !== undefined) {
    await putSlot(sealed, { slot, lock: { recipient } }, call);
  } else if (way.kind === "passphrase") {
    await putSlot(sealed, { slot, lock: { passphrase: way.passphrase } }, call);
  }
  const { generation, rootPublicKey } = sealed.ring;
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  const method = way.kind;
  await ledger.record({ kind: "keySlotAdded", data: { generation, slot, method, label } });
  const root = fingerprintOf(rootPublicKey);
  return { generation, slot, method, label, recovery, root, ledgerFailure: ledger.failure };
}

/** A slot by its name, with the others of its generation; those of the newest generation first. */
async function findSlot(
  sealed: SealedStore,
  typed: string,
  call: StoreCall,
): Promise<{ readonly found: KeySlot; readonly others: readonly KeySlot[] }> {
  for (const { generation } of generationsOf(sealed.ring).toReversed()) {
    const { slots } = await readSlots(sealed, generation, call);
    const found = slots.find(({ slot }) => slot === typed);
    if (found !== undefined) {
      return { found, others: slots.filter((other) => other !== found) };
    }
  }
  throw new DrError("KEY_SLOT_UNKNOWN", { slot: typed });
}

/**
 * Refuses what would leave a generation that nobody could open after its key files are lost. An older one is opened by the keys of
 * the next, so only its slot for those must stay. @throws DrError `KEY_SLOT_*`.
 */
async function requireOtherWay(
  sealed: SealedStore,
  of: Awaited<ReturnType<typeof findSlot>>,
  call: StoreCall & { readonly unchecked: boolean },
): Promise<number> {
  const { slot, method, generation } = of.found;
  const { unchecked, signal } = call;
  if (method === "later") {
    throw new DrError("KEY_SLOT_KEEPS_OLDER", { slot, generation });
  }
  const left = of.others.filter(isForPeople);
  if (generation !== sealed.ring.generation) {
    return left.length;
  }
  if (left.length === 0 && guard("L41-last-slot")) {
    throw new DrError("KEY_SLOT_LAST", { slot, generation });
  }
  const checks = await readSlotChecks(sealed, { signal });
  if (!unchecked && !left.some((other) => checks.has(other.slot))) {
    throw new DrError("KEY_SLOT_UNCHECKED", { slot, generation });
  }
  return left.length;
}

/**
 * Removes a slot, of any generation. @throws DrError `KEY_SLOT_UNKNOWN`, `KEY_SLOT_LAST`; `KEY_SLOT_UNCHECKED` when none that stays was
 * ever proved, unless `unchecked`; `KEY_*`, `STORE_*`.
 */
export async function removeSlot(
  adapters: Adapters,
  environment: Environment,
  request: StoreCall & {
    readonly slot: string;
    /** Remove it although nobody ever proved another one. */
    readonly unchecked: boolean;
    readonly reason: string;
  },
): Promise<RemovedSlot> {
  const { unchecked, reason, signal } = request;
  const { sealed } = await openEncrypted(adapters, environment, { signal });
  const about = await findSlot(sealed, request.slot, { signal });
  const { generation, slot, method, label } = about.found;
  const left = await requireOtherWay(sealed, about, { unchecked, signal });
  await failpointAsync("key.delete-slot", { signal });
  await sealed.store.delete(objectKey({ type: "keySlot", generation, slot }), { signal });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  await ledger.record({ kind: "keySlotRemoved", data: { generation, slot, method, label } });
  return { generation, slot, method, left, ledgerFailure: ledger.failure };
}
