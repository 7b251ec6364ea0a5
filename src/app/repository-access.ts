/**
 * Opening a repository: the store joined with its keys. A repository is recognised by its `format`
 * object alone; nothing local is needed but the key file, which must be of the newest generation: a host whose key file is older
 * would seal with keys that were given up, and could not read what the others write.
 */
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import type { Random } from "../core/random.ts";
import type { KeyRing } from "../pipeline/sealing/key-ring.ts";
import { ringOfSlot } from "../pipeline/sealing/key-slot.ts";
import {
  type RepositoryMark,
  readClosing,
  readRepositoryMark,
} from "../repository/format-document.ts";
import { objectKey } from "../repository/object-names.ts";
import type { ObjectStore, StoreCall } from "../repository/object-store.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { keyFilePath, readKeyFile, unfinishedKeyFile } from "./key-files.ts";

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

const PUBLISHED_KEY = objectKey({ type: "keySlot", generation: 1, slot: "published" });

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

/** A key file's ring, when it is of the repository's newest generation. @throws DrError `KEY_GENERATION_*`, `KEY_*`. */
async function currentRing(path: string, mark: RepositoryMark): Promise<KeyRing> {
  const ring = await readKeyFile(path, mark.repositoryId);
  const { generation: held } = ring;
  const { generation: newest } = mark;
  if (held > newest) {
    throw new DrError("KEY_GENERATION_AHEAD", { path, held, newest });
  }
  if (held < newest && guard("L41-behind")) {
    const unfinished = await unfinishedKeyFile(path, mark);
    if (unfinished !== undefined) {
      throw new DrError("KEY_ROTATION_UNFINISHED", { generation: newest, path: unfinished });
    }
    throw new DrError("KEY_GENERATION_BEHIND", { path, held, newest });
  }
  return ring;
}

/** Opens a repository whose id and generation are known. @throws DrError as `openRepository`. */
export async function openExisting(
  environment: Environment,
  store: ObjectStore,
  call: StoreCall & Joining & { readonly mark: RepositoryMark },
): Promise<OpenRepository> {
  const { mark, clock, random, signal } = call;
  // Keys that were published once stay there; what was sealed since needs others.
  const published = mark.generation === 1 ? await publishedRing(store, call) : undefined;
  const path = keyFilePath(environment, mark.repositoryId);
  const ring = published ?? (await currentRing(path, mark));
  // Whoever holds another repository's key is told so here.
  const closing = await readClosing(new SealedStore({ store, ring, clock, random }), { signal });
  return {
    sealed: new SealedStore({ store, ring, clock, random, closing }),
    location: store.location,
    repositoryId: Buffer.from(mark.repositoryId).toString("hex"),
    encryption: published === undefined ? "on" : "none",
    keyFile: published === undefined ? path : undefined,
  };
}

/** The store in `BACKUP_DIR`, which holds a repository. @throws DrError `CONFIG_MISSING`, `STORE_*`, `REPO_NONE_HERE`. */
export async function findRepository(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<{ readonly store: ObjectStore; readonly mark: RepositoryMark }> {
  const root = requireSetting(environment.backupDirectory, "BACKUP_DIR");
  const store = await adapters.openStore(root, { ...call, create: false });
  const mark = await readRepositoryMark(store, call);
  if (mark === undefined) {
    throw new DrError("REPO_NONE_HERE", { location: store.location });
  }
  return { store, mark };
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
  const { store, mark } = await findRepository(adapters, environment, call);
  return openExisting(environment, store, { ...call, clock, random, mark });
}
