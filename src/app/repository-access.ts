/**
 * Opening a repository: the store joined with its keys. A repository is recognised by its `format`
 * object alone; nothing local is needed but the key file.
 */
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { headerBytesMax } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import { parseHeader } from "../pipeline/sealing/header-bytes.ts";
import type { KeyRing } from "../pipeline/sealing/key-ring.ts";
import { ringOfSlot } from "../pipeline/sealing/key-slot.ts";
import { objectKey } from "../repository/object-names.ts";
import type { ObjectStore, StoreCall } from "../repository/object-store.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { keyFilePath, readKeyFile } from "./key-files.ts";

/** Whether a repository's keys are secret. */
export type Encryption = "on" | "none";

/** A repository and how it is protected. */
export type OpenRepository = {
  readonly sealed: SealedStore;
  readonly location: string;
  readonly repositoryId: string;
  readonly encryption: Encryption;
  /** Undefined when the keys are published. */
  readonly keyFile: string | undefined;
};

const FORMAT_KEY = objectKey({ type: "format", number: 1 });
const PUBLISHED_KEY = objectKey({ type: "keySlot", generation: 1, slot: "published" });

/** The repository's id, from its format object's header; undefined when there is no repository. */
export async function repositoryIdOf(
  store: ObjectStore,
  call: StoreCall,
): Promise<Uint8Array | undefined> {
  try {
    const length = Math.min(await store.size(FORMAT_KEY, call), headerBytesMax);
    const bytes = await store.get(FORMAT_KEY, { ...call, range: { offset: 0, length } });
    return Uint8Array.from(parseHeader(bytes, FORMAT_KEY).repositoryId);
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

async function publishedRing(store: ObjectStore, call: StoreCall): Promise<KeyRing | undefined> {
  try {
    const bytes = await store.get(PUBLISHED_KEY, call);
    return await ringOfSlot({ name: PUBLISHED_KEY, bytes }, "published");
  } catch (error) {
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

/** What a sealed store works with. */
export type Joining = { readonly clock: Clock; readonly random: Random };

/** Opens a repository whose id is known. @throws DrError as `openRepository`. */
export async function openExisting(
  environment: Environment,
  store: ObjectStore,
  call: StoreCall & Joining & { readonly repositoryId: Uint8Array },
): Promise<OpenRepository> {
  const { repositoryId, clock, random } = call;
  const published = await publishedRing(store, call);
  const path = keyFilePath(environment, repositoryId);
  const ring = published ?? (await readKeyFile(path, repositoryId));
  const sealed = new SealedStore({ store, ring, clock, random });
  // Whoever holds another repository's key is told so here.
  await sealed.getWhole({ type: "format", number: 1 }, call);
  return {
    sealed,
    location: store.location,
    repositoryId: Buffer.from(repositoryId).toString("hex"),
    encryption: published === undefined ? "on" : "none",
    keyFile: published === undefined ? path : undefined,
  };
}

/**
 * Opens the repository in `BACKUP_DIR`. @throws DrError `CONFIG_MISSING`, `STORE_*`, `REPO_NONE_HERE`, `KEY_*`,
 * `REPO_*`.
 */
export async function openRepository(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<OpenRepository> {
  const { clock, random } = adapters;
  const root = requireSetting(environment.backupDirectory, "BACKUP_DIR");
  const store = await adapters.openStore(root, { ...call, create: false });
  const repositoryId = await repositoryIdOf(store, call);
  if (repositoryId === undefined) {
    throw new DrError("REPO_NONE_HERE", { location: store.location });
  }
  return openExisting(environment, store, { ...call, clock, random, repositoryId });
}
