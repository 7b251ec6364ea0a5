/**
 * Making a repository and opening one: the only place that names the store's adapter and joins it with keys.
 * A repository is recognised by its `format` object alone; nothing local is needed but the key file.
 */
import { join } from "node:path";
import { type Clock, systemClock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { headerBytesMax } from "../core/limits.ts";
import { systemRandom } from "../core/random.ts";
import { parseHeader } from "../pipeline/sealing/header-bytes.ts";
import { type FullKeyRing, type KeyRing, createKeyRing } from "../pipeline/sealing/key-ring.ts";
import { publishPrivateSide, ringOfSlot, wrapPrivateSide } from "../pipeline/sealing/key-slot.ts";
import { createRecoveryKey } from "../pipeline/sealing/recovery-key.ts";
import { objectKey } from "../repository/object-names.ts";
import type { ObjectStore, StoreCall } from "../repository/object-store.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import { DiskStore } from "../stores/disk-store.ts";
import { type StoreProbe, probeStore } from "../stores/probe-store.ts";
import { RetryStore } from "../stores/retry-store.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { keyFilePath, readKeyFile, requireOutside, writeKeyFile } from "./key-files.ts";

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

/** What `init` did. */
export type CreatedRepository = OpenRepository & {
  /** False: it was there already, and nothing was changed. */
  readonly created: boolean;
  /** To be printed once and kept elsewhere; undefined when nothing was created or the keys are published. */
  readonly recoveryKey: string | undefined;
  readonly probe: StoreProbe;
};

const FORMAT_KEY = objectKey({ type: "format", number: 1 });
const PUBLISHED_KEY = objectKey({ type: "keySlot", generation: 1, slot: "published" });

async function openStore(
  environment: Environment,
  options: StoreCall & { readonly create: boolean; readonly clock: Clock },
): Promise<ObjectStore> {
  const root = requireSetting(environment.backupDirectory, "BACKUP_DIR");
  const { create, clock, signal } = options;
  const disk = await DiskStore.open({ root, create }, { signal });
  return new RetryStore(disk, { clock, random: systemRandom });
}

/** The repository's id, from its format object's header; undefined when there is no repository. */
async function repositoryIdOf(
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

function sealedStore(store: ObjectStore, ring: KeyRing, clock: Clock): SealedStore {
  return new SealedStore({ store, ring, clock, random: systemRandom });
}

/** Reads the format object with the ring: whoever holds another repository's key is told so here. */
async function checkFormat(sealed: SealedStore, call: StoreCall): Promise<void> {
  await sealed.getWhole({ type: "format", number: 1 }, call);
}

/**
 * Opens the repository in `BACKUP_DIR`. @throws DrError `CONFIG_MISSING`, `STORE_*`, `REPO_NONE_HERE`, `KEY_*`,
 * `REPO_*`.
 */
export async function openRepository(
  environment: Environment,
  call: StoreCall & { readonly clock?: Clock },
): Promise<OpenRepository> {
  const clock = call.clock ?? systemClock;
  const store = await openStore(environment, { ...call, clock, create: false });
  const repositoryId = await repositoryIdOf(store, call);
  if (repositoryId === undefined) {
    throw new DrError("REPO_NONE_HERE", { location: store.location });
  }
  return openExisting(environment, store, { ...call, clock, repositoryId });
}

async function openExisting(
  environment: Environment,
  store: ObjectStore,
  call: StoreCall & { readonly clock: Clock; readonly repositoryId: Uint8Array },
): Promise<OpenRepository> {
  const published = await publishedRing(store, call);
  const keyFile = published === undefined ? keyFilePath(environment, call.repositoryId) : undefined;
  const ring =
    published ??
    (await readKeyFile(keyFilePath(environment, call.repositoryId), call.repositoryId));
  const sealed = sealedStore(store, ring, call.clock);
  await checkFormat(sealed, call);
  return {
    sealed,
    location: store.location,
    repositoryId: Buffer.from(call.repositoryId).toString("hex"),
    encryption: published === undefined ? "on" : "none",
    keyFile,
  };
}

/** Removes the key slots of an `init` that was killed before its format object: without one there is no repository. */
async function removeUnfinished(store: ObjectStore, call: StoreCall): Promise<void> {
  const { entries } = await store.list("keys/", call);
  for (const { key } of entries) {
    await store.delete(key, call);
  }
}

async function putFormat(sealed: SealedStore, ring: FullKeyRing, call: StoreCall): Promise<void> {
  const document = {
    version: 1,
    repositoryId: Buffer.from(ring.repositoryId).toString("hex"),
    suite: "x25519-hkdf-sha256-aes256gcm ed25519 zstd nh61",
    features: [],
  };
  const content = Buffer.from(JSON.stringify(document));
  await sealed.putWhole({ type: "format", number: 1 }, content, call);
}

/**
 * Makes a repository in `BACKUP_DIR`, created (mode 700) when missing; the same key again changes nothing.
 * Order: probe, key file, key slots, and the format object last, so that a killed `init` is simply run again.
 * @throws DrError `CONFIG_MISSING`, `STORE_*`, `KEY_FILE_INSIDE`, `KEY_*`.
 */
export async function createRepository(
  environment: Environment,
  options: StoreCall & { readonly encryption: Encryption; readonly clock?: Clock },
): Promise<CreatedRepository> {
  const { signal, encryption, clock = systemClock } = options;
  const store = await openStore(environment, { signal, clock, create: true });
  const probe = await probeStore(store, { clock, random: systemRandom, signal });
  const existing = await repositoryIdOf(store, { signal });
  if (existing !== undefined) {
    const call = { signal, clock, repositoryId: existing };
    const opened = await openExisting(environment, store, call);
    return { ...opened, created: false, recoveryKey: undefined, probe };
  }
  await removeUnfinished(store, { signal });
  const ring = createKeyRing();
  const sealed = sealedStore(store, ring, clock);
  let keyFile: string | undefined;
  let recoveryKey: string | undefined;
  const slot = async (name: string, content: Uint8Array): Promise<void> => {
    await sealed.putWhole({ type: "keySlot", generation: 1, slot: name }, content, { signal });
  };
  if (encryption === "none") {
    await slot("published", publishPrivateSide(ring));
  } else {
    keyFile = keyFilePath(environment, ring.repositoryId);
    await requireOutside(keyFile, store.location);
    await writeKeyFile(keyFile, ring, { signal });
    recoveryKey = createRecoveryKey();
    await slot("recovery", wrapPrivateSide(ring, recoveryKey));
  }
  await putFormat(sealed, ring, { signal });
  const repositoryId = Buffer.from(ring.repositoryId).toString("hex");
  const opened = { sealed, location: store.location, repositoryId, encryption, keyFile };
  return { ...opened, created: true, recoveryKey, probe };
}

/** Where a recovery key is written when there is no terminal to print it on. */
export function recoveryKeyPath(keyFile: string): string {
  return join(keyFile, "..", `${keyFile.split("/").at(-1) ?? "pra"}.recovery`);
}
