/**
 * Making a repository. `init` may be killed at any moment and is simply run again: until the format object is there nothing is a
 * repository, and a note in the directory names the keys in the making, so that the next run goes on with the same key file
 * instead of leaving it behind or refusing it. A key file that is there without such a note belongs to another repository
 * and is never taken. One `init` at a time works in a directory of this machine.
 */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { errnoOf } from "../files/file-error.ts";
import { acquireLocalLock } from "../files/local-lock.ts";
import { removeFile, writeDurably } from "../files/write-durably.ts";
import { type FullKeyRing, createKeyRing, privateSide } from "../pipeline/sealing/key-ring.ts";
import { publishPrivateSide, wrapPrivateSide } from "../pipeline/sealing/key-slot.ts";
import { createRecoveryKey } from "../pipeline/sealing/recovery-key.ts";
import {
  type RepositoryMark,
  putFirstFormat,
  readRepositoryMark,
} from "../repository/format-document.ts";
import type { ObjectStore, StoreCall } from "../repository/object-store.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import type { StoreProbe } from "../stores/probe-store.ts";
import type { Adapters } from "./compose.ts";
import { keepSettings } from "./config-save.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { keyFilePath, readKeyFile, requireOutside, writeKeyFile } from "./key-files.ts";
import {
  type RecoveryKey,
  keepRecoveryKey,
  recoveryKeyPath,
  writtenRecoveryKey,
} from "./recovery-key-file.ts";
import {
  type Encryption,
  type Joining,
  type OpenRepository,
  openExisting,
} from "./repository-access.ts";

/** Beside the objects, where no listing shows it: the id of the repository in the making. */
const UNFINISHED_NOTE = ".pra-init";

/** What `init` did. */
export type CreatedRepository = OpenRepository & {
  /** False: it was there already, and nothing was changed. */
  readonly created: boolean;
  readonly recovery: RecoveryKey;
  readonly probe: StoreProbe;
  /** Why the `.env` could not be kept in the repository. */
  readonly settingsFailure: DrError | undefined;
};

/** What may lie in a directory that becomes a repository: what an `init` that was killed leaves, and a mount's own. */
const HARMLESS = /^(?:\..*|lost\+found|keys|probe)$/;

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
  call: StoreCall & Joining & { readonly mark: RepositoryMark },
): Promise<OpenRepository> {
  try {
    return await openExisting(environment, store, call);
  } catch (error) {
    if (
      isDrError(error, "KEY_FILE_MISSING") ||
      isDrError(error, "KEY_OTHER_REPOSITORY") ||
      isDrError(error, "REPO_WRITER_UNKNOWN")
    ) {
      const { repositoryId } = call.mark;
      const repository = Buffer.from(repositoryId).toString("hex");
      const { location } = store;
      const path = keyFilePath(environment, repositoryId);
      const details = { location, repository, path };
      throw new DrError("REPO_EXISTS_OTHER_KEY", details, { cause: error });
    }
    throw error;
  }
}

type Keys = { readonly ring: FullKeyRing; readonly path: string; readonly resumed: boolean };

/** The keys of a killed run, from its note and the key file that it names. */
async function keysInTheMaking(
  environment: Environment,
  notePath: string,
): Promise<Keys | undefined> {
  try {
    const id = (await readFile(notePath, "utf8")).trim();
    if (!/^[0-9a-f]{32}$/.test(id)) {
      return undefined;
    }
    const repositoryId = new Uint8Array(Buffer.from(id, "hex"));
    const path = keyFilePath(environment, repositoryId);
    const ring = await readKeyFile(path, repositoryId);
    return { ring: { ...ring, private: privateSide(ring) }, path, resumed: true };
  } catch (error) {
    const isNone =
      errnoOf(error) === "ENOENT" ||
      isDrError(error, "KEY_FILE_MISSING") ||
      isDrError(error, "KEY_OTHER_REPOSITORY");
    if (isNone) {
      return undefined;
    }
    throw error;
  }
}

/** The key file of a killed run, else a new one. The note comes first, so that a key file never lies there unexplained. */
async function keyFileFor(
  environment: Environment,
  notePath: string,
  call: StoreCall & { readonly temporaryDirectory: string },
): Promise<Keys> {
  const resumed = await keysInTheMaking(environment, notePath);
  if (resumed !== undefined) {
    return resumed;
  }
  const ring = createKeyRing();
  const path = keyFilePath(environment, ring.repositoryId);
  const parts = [Buffer.from(`${Buffer.from(ring.repositoryId).toString("hex")}\n`)];
  await removeFile(notePath);
  await writeDurably({ finalPath: notePath, parts, group: "STORE", ...call });
  await writeKeyFile(path, ring, call);
  return { ring, path, resumed: false };
}

/** How to make a repository. */
export type CreateOptions = StoreCall & {
  readonly encryption: Encryption;
  /** `show`: the caller prints it, on a terminal. `write`: to a file of mode 600 beside the key file. */
  readonly recoveryKey: "show" | "write";
};

/** Writes slots, recovery key and format object; the last of them makes it a repository. */
async function writeKeys(
  sealed: SealedStore,
  keys: Keys | { readonly ring: FullKeyRing; readonly path: undefined },
  options: CreateOptions,
): Promise<RecoveryKey> {
  const { signal } = options;
  const { ring, path } = keys;
  const slot = async (name: string, content: Uint8Array): Promise<void> => {
    await failpointAsync("init.key-slot", { signal });
    await sealed.putWhole({ type: "keySlot", generation: 1, slot: name }, content, { signal });
  };
  if (path === undefined) {
    await slot("published", publishPrivateSide(ring));
    await putFirstFormat(sealed, { signal });
    return { kind: "none" };
  }
  const recoveryPath = recoveryKeyPath(path);
  const written = keys.resumed ? await writtenRecoveryKey(recoveryPath) : undefined;
  const text = written ?? createRecoveryKey();
  await slot("recovery", wrapPrivateSide(ring, text));
  const recovery = await keepRecoveryKey(text, recoveryPath, {
    ...options,
    recoveryKey: written === undefined ? options.recoveryKey : "write",
  });
  await failpointAsync("init.format", { signal });
  await putFirstFormat(sealed, { signal });
  return recovery;
}

/**
 * Makes a repository in `BACKUP_DIR`, created (mode 700) when missing; the same key again changes nothing.
 * Order: probe, note, key file, key slots, recovery key, and the format object last, so that a killed `init` is
 * simply run again. @throws DrError `CONFIG_MISSING`, `STORE_*`, `KEY_*`, `REPO_EXISTS_OTHER_KEY`,
 * `REPO_DIRECTORY_FOREIGN`, `REPO_PROBE_FAILED`; `RESTORE_LOCKED` while another `init` works there.
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
  await using _lock = await acquireLocalLock(root, { signal, clock, random });
  const probe = await adapters.probe(store, { signal });
  const existing = await readRepositoryMark(store, { signal });
  const notePath = join(root, UNFINISHED_NOTE);
  if (existing !== undefined) {
    const call = { signal, clock, random, mark: existing };
    const opened = await openAgain(environment, store, call);
    await removeFile(notePath);
    const settingsFailure = await keepSettings(adapters, environment, { signal, ...opened });
    return { ...opened, created: false, recovery: { kind: "none" }, probe, settingsFailure };
  }
  requireUsable(store.location, probe);
  await removeUnfinished(store, { signal });
  const keys =
    encryption === "on"
      ? await keyFileFor(environment, notePath, {
          signal,
          temporaryDirectory: await store.stagingDirectory({ signal }),
        })
      : { ring: createKeyRing(), path: undefined };
  const { ring, path: keyFile } = keys;
  const sealed = new SealedStore({ store, ring, clock, random });
  const recovery = await writeKeys(sealed, keys, options);
  await removeFile(notePath);
  const repositoryId = Buffer.from(ring.repositoryId).toString("hex");
  const opened = { sealed, location: store.location, repositoryId, encryption, keyFile };
  const settingsFailure = await keepSettings(adapters, environment, { signal, sealed });
  return { ...opened, created: true, recovery, probe, settingsFailure };
}
