/**
 * Making a repository and opening one: the store joined with its keys. A repository is recognised by its `format`
 * object alone; nothing local is needed but the key file.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DrError, isDrError } from "../core/errors.ts";
import { headerBytesMax } from "../core/limits.ts";
import type { Random } from "../core/random.ts";
import { writeDurably } from "../files/write-durably.ts";
import { parseHeader } from "../pipeline/sealing/header-bytes.ts";
import { type FullKeyRing, type KeyRing, createKeyRing } from "../pipeline/sealing/key-ring.ts";
import { publishPrivateSide, ringOfSlot, wrapPrivateSide } from "../pipeline/sealing/key-slot.ts";
import { createRecoveryKey } from "../pipeline/sealing/recovery-key.ts";
import { objectKey } from "../repository/object-names.ts";
import type { ObjectStore, StoreCall } from "../repository/object-store.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import type { StoreProbe } from "../stores/probe-store.ts";
import type { Adapters } from "./compose.ts";
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
  readonly recovery: RecoveryKey;
  readonly probe: StoreProbe;
};

/** Where the recovery key is now: in the caller's hand, to be shown once, or in a file. */
export type RecoveryKey =
  | { readonly kind: "none" }
  | { readonly kind: "shown"; readonly text: string }
  | { readonly kind: "written"; readonly path: string };

const FORMAT_KEY = objectKey({ type: "format", number: 1 });
const PUBLISHED_KEY = objectKey({ type: "keySlot", generation: 1, slot: "published" });

/** What may lie in a directory that becomes a repository: what an `init` that was killed leaves, and a mount's own. */
const HARMLESS = /^(?:\..*|lost\+found|keys|probe)$/;

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

type Joining = { readonly clock: Clock; readonly random: Random };

async function openExisting(
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

/** A directory that is there already must be empty, or hold a repository. @throws DrError `REPO_DIRECTORY_FOREIGN`. */
async function requireOwnDirectory(root: string): Promise<void> {
  let names: readonly string[];
  try {
    names = await readdir(root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return;
    }
    throw new DrError(
      "STORE_IO",
      { operation: "readdir", path: root, reason: (error as NodeJS.ErrnoException).code ?? "?" },
      { cause: error },
    );
  }
  const foreign = names.includes("format") ? undefined : names.find((name) => !HARMLESS.test(name));
  if (foreign !== undefined) {
    throw new DrError("REPO_DIRECTORY_FOREIGN", { location: root, name: foreign });
  }
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

/** What a store must do before a repository is trusted to it. @throws DrError `REPO_PROBE_FAILED`. */
function requireUsable(location: string, probe: StoreProbe): void {
  const faults = [
    probe.refusesSecondCreate ? [] : ["a second creation overwrites the first"],
    probe.oneWinnerInProcess ? [] : ["two creators of one name both win"],
    probe.readsAfterWrite && probe.readsRanges ? [] : ["what was written is not what is read"],
    probe.listsAfterWrite ? [] : ["what was written is not listed"],
  ].flat();
  if (faults.length > 0) {
    throw new DrError("REPO_PROBE_FAILED", { location, reason: faults.join("; ") });
  }
}

/** Opens what is there for `init`. @throws DrError `REPO_EXISTS_OTHER_KEY` when its keys are not here. */
async function openAgain(
  environment: Environment,
  store: ObjectStore,
  call: StoreCall & Joining & { readonly repositoryId: Uint8Array },
): Promise<OpenRepository> {
  try {
    return await openExisting(environment, store, call);
  } catch (error) {
    if (
      isDrError(error, "KEY_FILE_MISSING") ||
      isDrError(error, "KEY_OTHER_REPOSITORY") ||
      isDrError(error, "REPO_WRITER_UNKNOWN")
    ) {
      const repository = Buffer.from(call.repositoryId).toString("hex");
      const { location } = store;
      const path = keyFilePath(environment, call.repositoryId);
      const details = { location, repository, path };
      throw new DrError("REPO_EXISTS_OTHER_KEY", details, { cause: error });
    }
    throw error;
  }
}

/** Where a recovery key is written when there is no terminal to print it on. */
function recoveryKeyPath(keyFile: string): string {
  return keyFile.replace(/\.key$/, "").concat(".recovery");
}

async function keepRecoveryKey(
  text: string,
  keyFile: string,
  options: StoreCall & { readonly recoveryKey: "show" | "write" },
): Promise<RecoveryKey> {
  if (options.recoveryKey === "show") {
    return { kind: "shown", text };
  }
  const path = recoveryKeyPath(keyFile);
  const parts = [Buffer.from(`${text}\n`)];
  const { signal } = options;
  const result = await writeDurably({ finalPath: path, parts, group: "STORE", signal });
  if (result === "conflict") {
    throw new DrError("KEY_FILE_EXISTS", { path });
  }
  return { kind: "written", path };
}

/** How to make a repository. */
export type CreateOptions = StoreCall & {
  readonly encryption: Encryption;
  /** `show`: the caller prints it, on a terminal. `write`: to a file of mode 600 beside the key file. */
  readonly recoveryKey: "show" | "write";
};

/**
 * Makes a repository in `BACKUP_DIR`, created (mode 700) when missing; the same key again changes nothing.
 * Order: probe, key file, key slots, recovery key, and the format object last, so that a killed `init` is
 * simply run again. @throws DrError `CONFIG_MISSING`, `STORE_*`, `KEY_*`, `REPO_EXISTS_OTHER_KEY`,
 * `REPO_DIRECTORY_FOREIGN`, `REPO_PROBE_FAILED`.
 */
export async function createRepository(
  adapters: Adapters,
  environment: Environment,
  options: CreateOptions,
): Promise<CreatedRepository> {
  const { signal, encryption } = options;
  const { clock, random } = adapters;
  const root = requireSetting(environment.backupDirectory, "BACKUP_DIR");
  await requireOwnDirectory(root);
  if (encryption === "on") {
    await requireOutside(environment.keyFile ?? join(environment.keyDirectory, "key"), root);
  }
  const store = await adapters.openStore(root, { signal, create: true });
  const probe = await adapters.probe(store, { signal });
  const existing = await repositoryIdOf(store, { signal });
  if (existing !== undefined) {
    const call = { signal, clock, random, repositoryId: existing };
    const opened = await openAgain(environment, store, call);
    return { ...opened, created: false, recovery: { kind: "none" }, probe };
  }
  requireUsable(store.location, probe);
  await removeUnfinished(store, { signal });
  const ring = createKeyRing();
  const sealed = new SealedStore({ store, ring, clock, random });
  const slot = async (name: string, content: Uint8Array): Promise<void> => {
    await sealed.putWhole({ type: "keySlot", generation: 1, slot: name }, content, { signal });
  };
  let keyFile: string | undefined;
  let recovery: RecoveryKey = { kind: "none" };
  if (encryption === "none") {
    await slot("published", publishPrivateSide(ring));
  } else {
    keyFile = keyFilePath(environment, ring.repositoryId);
    await writeKeyFile(keyFile, ring, { signal });
    const text = createRecoveryKey();
    await slot("recovery", wrapPrivateSide(ring, text));
    recovery = await keepRecoveryKey(text, keyFile, options);
  }
  await putFormat(sealed, ring, { signal });
  const repositoryId = Buffer.from(ring.repositoryId).toString("hex");
  const opened = { sealed, location: store.location, repositoryId, encryption, keyFile };
  return { ...opened, created: true, recovery, probe };
}
