/**
 * Opening a repository with what a person has: a printed recovery key, a passphrase, a recipient's secret key. Nothing local is asked,
 * so it works on a host that has never seen the repository, when everything else is lost.
 *
 * What comes out is the whole private side: the newest generation from its slot, each earlier one from the slot that the generation
 * after it opens. All of it is checked like any object, with the roots that were just found.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { type FullKeyRing, withEarlier } from "../pipeline/sealing/key-ring.ts";
import { ringOfSlot } from "../pipeline/sealing/key-slot.ts";
import {
  fingerprintOf,
  parseRecipientSecret,
  sameFingerprint,
} from "../pipeline/sealing/recipient-key.ts";
import { parseRecoveryKey } from "../pipeline/sealing/recovery-key.ts";
import type { SlotUnlock } from "../pipeline/sealing/slot-methods.ts";
import { type RepositoryMark, readClosing } from "../repository/format-document.ts";
import { keySlotPrefix, objectKey, tryParseObjectKey } from "../repository/object-names.ts";
import { type ObjectStore, type StoreCall, listAll } from "../repository/object-store.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import type { Joining } from "./repository-access.ts";

/** What a person has. */
export type PersonalSecret =
  | { readonly recoveryText: string }
  | { readonly passphrase: string }
  | {
      readonly recipientKey: Uint8Array;
      /** Fingerprint of the newest root signing key, noted when the recipient was added. */
      readonly root: string | undefined;
    };

/** What was typed or kept as a recovery key. @throws DrError `KEY_RECOVERY_*` before anything is read from a repository. */
export function recoverySecret(text: string): PersonalSecret {
  parseRecoveryKey(text);
  return { recoveryText: text };
}

/** What `pra key recipient` wrote into a file. @throws DrError `KEY_SECRET_FILE`. */
export function recipientSecret(
  text: string,
  from: { readonly path: string; readonly root: string | undefined },
): PersonalSecret {
  const { path, root } = from;
  const recipientKey = parseRecipientSecret(text);
  if (recipientKey === undefined) {
    throw new DrError("KEY_SECRET_FILE", { path, reason: "pra-secret-?" });
  }
  return { recipientKey, root };
}

/** A repository opened by a person. */
export type Unlocked = {
  readonly ring: FullKeyRing;
  readonly slot: string;
  /** With those keys. */
  readonly sealed: SealedStore;
};

type Opened = { readonly ring: FullKeyRing; readonly slot: string };

/** The first slot of a generation that opens; what is damaged or foreign among them is passed over. */
async function openGeneration(
  store: ObjectStore,
  generation: number,
  call: StoreCall & { readonly unlock: SlotUnlock },
): Promise<Opened | undefined> {
  const { unlock, signal } = call;
  for await (const { key } of listAll(store, keySlotPrefix(generation), { signal })) {
    const name = tryParseObjectKey(key);
    if (name?.type === "keySlot") {
      const ring = await tryOpen(store, key, { unlock, signal });
      if (ring !== undefined) {
        return { ring, slot: name.slot };
      }
    }
  }
  return undefined;
}

async function tryOpen(
  store: ObjectStore,
  name: string,
  call: StoreCall & { readonly unlock: SlotUnlock },
): Promise<FullKeyRing | undefined> {
  try {
    const bytes = await store.get(name, { signal: call.signal });
    return await ringOfSlot({ name, bytes }, call.unlock);
  } catch (error) {
    // A slot that is damaged is none; another one may open. What was typed wrong is wrong for all of them.
    const isDamage =
      isDrError(error) && /^(?:REPO_|KEY_SLOT_|STORE_MISSING|STORE_SHORT)/.test(error.code);
    if (!isDamage) {
      throw error;
    }
    return undefined;
  }
}

/** The error that says what a secret that opens nothing is. */
async function refusal(
  store: ObjectStore,
  mark: RepositoryMark,
  call: StoreCall & { readonly secret: PersonalSecret },
): Promise<DrError> {
  const { secret, signal } = call;
  const repository = Buffer.from(mark.repositoryId).toString("hex");
  if ("passphrase" in secret) {
    return new DrError("KEY_PASSPHRASE_WRONG", { repository });
  }
  if ("recipientKey" in secret) {
    return new DrError("KEY_RECIPIENT_WRONG", { repository });
  }
  for (let generation = mark.generation - 1; generation >= 1; generation--) {
    if ((await openGeneration(store, generation, { unlock: secret, signal })) !== undefined) {
      const newest = mark.generation;
      return new DrError("KEY_RECOVERY_OLD", { generation, repository, newest });
    }
  }
  return new DrError("KEY_RECOVERY_WRONG", { repository });
}

/** HPKE says nothing of who sealed: without a root known beforehand, any root would do. */
function requireRoot(ring: FullKeyRing, root: string | undefined): void {
  if (root === undefined) {
    throw new DrError("KEY_ROOT_UNKNOWN", {});
  }
  const found = fingerprintOf(ring.rootPublicKey);
  if (!sameFingerprint(found, root) && guard("L41-recipient-root")) {
    throw new DrError("KEY_ROOT_DIFFERS", { found, expected: root });
  }
}

/**
 * The private side of every generation of a repository. @throws DrError `KEY_RECOVERY_*`, `KEY_PASSPHRASE_WRONG`,
 * `KEY_RECIPIENT_WRONG`, `KEY_ROOT_*`, `KEY_GENERATION_MISSING` when an older generation's keys are gone; `STORE_*`, `REPO_*`.
 */
export async function unlockRepository(
  store: ObjectStore,
  mark: RepositoryMark,
  call: StoreCall & Joining & { readonly secret: PersonalSecret },
): Promise<Unlocked> {
  const { secret, signal, clock, random } = call;
  if ("recipientKey" in secret && secret.root === undefined) {
    throw new DrError("KEY_ROOT_UNKNOWN", {});
  }
  const newest = await openGeneration(store, mark.generation, { unlock: secret, signal });
  if (newest === undefined) {
    throw await refusal(store, mark, { secret, signal });
  }
  if ("recipientKey" in secret) {
    requireRoot(newest.ring, secret.root);
  }
  const earlier: FullKeyRing[] = [];
  let after = newest.ring;
  // Without them a new host would read nothing of before the last rotation.
  const oldest = guard("L42-earlier-keys") ? 1 : mark.generation;
  for (let generation = mark.generation - 1; generation >= oldest; generation--) {
    const unlock = { later: after.private };
    const opened = await openGeneration(store, generation, { unlock, signal });
    if (opened === undefined) {
      const object = objectKey({ type: "keySlot", generation, slot: "later" });
      const held = mark.generation;
      throw new DrError("KEY_GENERATION_MISSING", { object, generation, held });
    }
    earlier.unshift(opened.ring);
    after = opened.ring;
  }
  const ring = withEarlier(newest.ring, earlier);
  const joined = { store, ring, clock, random };
  const closing = await readClosing(new SealedStore(joined), { signal });
  return { ring, slot: newest.slot, sealed: new SealedStore({ ...joined, closing }) };
}
