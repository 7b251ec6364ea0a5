/** `pra key list`: which generations there are, who can open them, and what this host's key file opens. It shows no secret. */
import { type KeyRing, generationsOf } from "../pipeline/sealing/key-ring.ts";
import { fingerprintOf } from "../pipeline/sealing/recipient-key.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import { type KeySlot, type UnusableSlot, readSlotChecks, readSlots } from "./key-slots.ts";
import { openRepository } from "./repository-access.ts";

/** What a host can do with its keys. */
export type HeldSide = "published" | "public" | "private";

/** A slot with the time of its newest proof. */
export type ListedSlot = KeySlot & { readonly checkedAt: string | undefined };

/** One generation. */
export type ListedGeneration = {
  readonly generation: number;
  readonly newest: boolean;
  readonly held: HeldSide;
  /** Fingerprints of the public keys. */
  readonly root: string;
  readonly data: string;
  readonly slots: readonly ListedSlot[];
  readonly unusable: readonly UnusableSlot[];
};

/** Everything that is listed. */
export type KeyList = {
  readonly repositoryId: string;
  readonly location: string;
  readonly keyFile: string | undefined;
  /** The beginning of this host's public writing key; undefined when keys are published, and each command makes its own. */
  readonly writer: string | undefined;
  readonly privateAt: string | undefined;
  readonly generations: readonly ListedGeneration[];
};

function heldSide(keys: Pick<KeyRing, "private">, published: boolean): HeldSide {
  if (published) {
    return "published";
  }
  return keys.private === undefined ? "public" : "private";
}

/** Reads it all. @throws DrError `KEY_*`, `STORE_*`, `REPO_*`. */
export async function listKeys(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<KeyList> {
  const opened = await openRepository(adapters, environment, call);
  const { sealed, location, repositoryId, keyFile } = opened;
  const { ring } = sealed;
  const checks = await readSlotChecks(sealed, call);
  const generations: ListedGeneration[] = [];
  for (const keys of generationsOf(ring).toReversed()) {
    const { generation } = keys;
    const { slots, unusable } = await readSlots(sealed, generation, call);
    const newest = generation === ring.generation;
    generations.push({
      generation,
      newest,
      held: heldSide(keys, keyFile === undefined),
      root: fingerprintOf(keys.rootPublicKey),
      data: fingerprintOf(keys.dataPublicKey),
      slots: slots.map((slot) => ({
        ...slot,
        checkedAt: newest ? checks.get(slot.slot)?.time : undefined,
      })),
      unusable,
    });
  }
  const writer =
    keyFile === undefined
      ? undefined
      : Buffer.from(ring.writer.publicKey).toString("hex").slice(0, 16);
  return { repositoryId, location, keyFile, writer, privateAt: ring.privateAt, generations };
}
