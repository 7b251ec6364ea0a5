/**
 * The key slots of a repository as people see them: which ways there are to open it, who made them, and whether one was ever proved.
 * Nothing here opens a slot or shows a secret.
 */
import { type DrError, isDrError } from "../core/errors.ts";
import { keyCheckWritersMax, keySlotsMax } from "../core/limits.ts";
import { searchNewestEvents } from "../ledger/newest-events.ts";
import { slotFacts } from "../pipeline/sealing/key-slot.ts";
import { fingerprintOf } from "../pipeline/sealing/recipient-key.ts";
import type { SlotMethod } from "../pipeline/sealing/slot-methods.ts";
import { keySlotPrefix, objectKey } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { SealedStore } from "../repository/sealed-store.ts";

/** One slot that is authentic. */
export type KeySlot = {
  readonly generation: number;
  readonly slot: string;
  readonly method: SlotMethod;
  readonly label: string;
  /** Who made it, as that host told; empty for those of `init`. */
  readonly actor: string;
  readonly createdAt: string;
  /** The beginning of the public key of the writer that signed it. */
  readonly writer: string;
  /** Fingerprint of the recipient's public key. */
  readonly recipient: string | undefined;
};

/** A slot's object that says nothing: damaged, or left by a rotation that lost against another. */
export type UnusableSlot = { readonly key: string; readonly error: DrError };

/** The names of the slots of a generation. */
export async function slotNames(
  sealed: SealedStore,
  generation: number,
  call: StoreCall,
): Promise<readonly string[]> {
  const slots: string[] = [];
  for await (const { name } of sealed.listNames(keySlotPrefix(generation), call)) {
    if (name?.type === "keySlot" && slots.length < keySlotsMax) {
      slots.push(name.slot);
    }
  }
  return slots;
}

/** One slot, checked like any object. @throws DrError what `getWhole` throws; `KEY_SLOT_INVALID`. */
async function readSlot(
  sealed: SealedStore,
  of: { readonly generation: number; readonly slot: string },
  call: StoreCall,
): Promise<KeySlot> {
  const { content, ticket } = await sealed.getWhole({ type: "keySlot", ...of }, call);
  const { method, label, actor, recipient } = slotFacts(content);
  return {
    ...of,
    method,
    label,
    actor,
    createdAt: new Date(ticket.createdAtMs).toISOString(),
    writer: Buffer.from(ticket.writer).toString("hex").slice(0, 16),
    recipient: recipient === undefined ? undefined : fingerprintOf(recipient),
  };
}

/** The slots of a generation, oldest first, and those that say nothing. @throws DrError what the store throws. */
export async function readSlots(
  sealed: SealedStore,
  generation: number,
  call: StoreCall,
): Promise<{ readonly slots: readonly KeySlot[]; readonly unusable: readonly UnusableSlot[] }> {
  const slots: KeySlot[] = [];
  const unusable: UnusableSlot[] = [];
  for (const slot of await slotNames(sealed, generation, call)) {
    try {
      slots.push(await readSlot(sealed, { generation, slot }, call));
    } catch (error) {
      if (!isDrError(error) || !/^(?:REPO|KEY)_/.test(error.code)) {
        throw error;
      }
      unusable.push({ key: objectKey({ type: "keySlot", generation, slot }), error });
    }
  }
  const byTime = (a: KeySlot, b: KeySlot): number => a.createdAt.localeCompare(b.createdAt);
  return { slots: slots.toSorted(byTime), unusable };
}

/** True for a slot that people can open: what is left when every key file is lost. */
export function isForPeople({ method }: Pick<KeySlot, "method">): boolean {
  return method === "recovery" || method === "passphrase" || method === "recipient";
}

/** When a slot was last proved to open the repository. */
export type SlotCheck = { readonly slot: string; readonly time: string };

/**
 * The newest proof of each slot of the ring's generation that is there. It is the last thing that a check records, so one object of
 * each of the newest `keyCheckWritersMax` writers is read, and none beyond when all slots are found. @throws DrError what the ledger throws.
 */
export async function readSlotChecks(
  sealed: SealedStore,
  call: StoreCall,
): Promise<ReadonlyMap<string, SlotCheck>> {
  const { generation, rootPublicKey } = sealed.ring;
  const root = fingerprintOf(rootPublicKey);
  const checks = new Map<string, SlotCheck>();
  const present = new Set(await slotNames(sealed, generation, call));
  await searchNewestEvents(
    sealed,
    ({ content, time }) => {
      const isOurs =
        content?.kind === "keyChecked" &&
        content.data.generation === generation &&
        content.data.root === root;
      const slot = isOurs ? content.data.slot : undefined;
      if (slot !== undefined && present.has(slot)) {
        const known = checks.get(slot);
        if (known === undefined || known.time < time) {
          checks.set(slot, { slot, time });
        }
      }
      return checks.size === present.size;
    },
    { ...call, objectsMax: keyCheckWritersMax, perWriterMax: 1 },
  );
  return checks;
}
