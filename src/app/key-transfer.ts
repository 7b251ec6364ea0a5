/**
 * Keys on their way from one host to another. A host that only backs up gets the public side: it seals and cannot read, so whoever
 * steals it cannot read the backups either. Its writer pair is made where the private side is, which alone can enrol one; the file is as
 * secret as the metadata in it, and travels as any secret does. With a personal secret a host makes the private side itself.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { createDirectories } from "../files/directories.ts";
import { removeFile, writeDurably } from "../files/write-durably.ts";
import {
  type KeyRing,
  createWriterPair,
  enrolWriter,
  publicSide,
} from "../pipeline/sealing/key-ring.ts";
import { fingerprintOf, createRecipient } from "../pipeline/sealing/recipient-key.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { Adapters } from "./compose.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { openEncrypted } from "./key-change.ts";
import {
  keyFilePath,
  readKeyFile,
  replaceKeyFile,
  requireOutside,
  writeKeyFile,
} from "./key-files.ts";
import { type PersonalSecret, unlockRepository } from "./key-unlock.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { findRepository, openExisting } from "./repository-access.ts";
import { dirname } from "node:path";

/** A key file that was written for another host. */
export type ExportedKeys = {
  readonly path: string;
  readonly repositoryId: string;
  readonly generation: number;
  /** The beginning of the new host's public key, as `pra key list` and the ledger name it. */
  readonly writer: string;
  readonly ledgerFailure: DrError | undefined;
};

/** A key file that this host has now. */
export type ArrivedKeys = {
  readonly path: string;
  readonly repositoryId: string;
  readonly generation: number;
  readonly private: boolean;
  /** Without the private side: the host that has it. */
  readonly privateAt: string | undefined;
  /** True: it took the place of an older one. */
  readonly replaced: boolean;
  /** The slot that was opened, when a secret made it. */
  readonly slot: string | undefined;
  /** Fingerprint of the root signing key. */
  readonly root: string;
  readonly ledgerFailure: DrError | undefined;
};

function writerOf(ring: KeyRing): string {
  return Buffer.from(ring.writer.publicKey).toString("hex").slice(0, 16);
}

/** Writes the key file of a host that only backs up. @throws DrError `KEY_*`, `STORE_*`. */
export async function exportPublicKeys(
  adapters: Adapters,
  environment: Environment,
  request: StoreCall & { readonly path: string; readonly reason: string },
): Promise<ExportedKeys> {
  const { path, reason, signal } = request;
  const { sealed, repositoryId } = await openEncrypted(adapters, environment, { signal });
  const root = requireSetting(environment.backupDirectory, "BACKUP_DIR");
  await requireOutside(path, root);
  const { ring } = sealed;
  const pair = createWriterPair();
  const writer = { ...pair, enrolment: enrolWriter(ring, pair.publicKey) };
  const theirs = publicSide(ring, writer, adapters.observer.self.host);
  await writeKeyFile(path, theirs, { signal });
  const { generation } = ring;
  const name = writerOf(theirs);
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  const data = { generation, writer: name, full: false, slot: null };
  await ledger.record({ kind: "hostEnrolled", data });
  return { path, repositoryId, generation, writer: name, ledgerFailure: ledger.failure };
}

async function heldRing(path: string, repositoryId: Uint8Array): Promise<KeyRing | undefined> {
  try {
    return await readKeyFile(path, repositoryId);
  } catch (error) {
    if (isDrError(error, "KEY_FILE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

/** What would be lost by taking `fresh` in the place of `held`; undefined when nothing would. */
function lossBy(held: KeyRing, fresh: KeyRing): string | undefined {
  if (held.generation > fresh.generation) {
    return `generation ${held.generation}`;
  }
  return held.private !== undefined && fresh.private === undefined ? "private" : undefined;
}

/** Puts a ring where this host looks for its keys. @throws DrError `KEY_IMPORT_LOSES`, `KEY_FILE_INSIDE`, `STORE_*`. */
async function takeKeys(
  environment: Environment,
  ring: KeyRing,
  call: StoreCall & { readonly from: string },
): Promise<{ readonly path: string; readonly replaced: boolean }> {
  const { from, signal } = call;
  const root = requireSetting(environment.backupDirectory, "BACKUP_DIR");
  const path = keyFilePath(environment, ring.repositoryId);
  await requireOutside(path, root);
  const held = await heldRing(path, ring.repositoryId);
  if (held === undefined) {
    await writeKeyFile(path, ring, { signal });
    return { path, replaced: false };
  }
  const what = lossBy(held, ring);
  if (what !== undefined) {
    throw new DrError("KEY_IMPORT_LOSES", { path, file: from, what });
  }
  const arriving = `${path}.arriving`;
  await removeFile(arriving);
  await writeKeyFile(arriving, ring, { signal });
  await replaceKeyFile(arriving, path, { signal });
  return { path, replaced: true };
}

/**
 * Takes a key file that another host exported, after opening the repository with it. @throws DrError `KEY_OTHER_REPOSITORY`,
 * `KEY_GENERATION_*`, `KEY_IMPORT_LOSES`, `KEY_FILE_*`, `STORE_*`.
 */
export async function importKeys(
  adapters: Adapters,
  environment: Environment,
  request: StoreCall & { readonly file: string },
): Promise<ArrivedKeys> {
  const { file, signal } = request;
  const { clock, random } = adapters;
  const { store, mark } = await findRepository(adapters, environment, { signal });
  const ring = await readKeyFile(file, mark.repositoryId);
  await openExisting({ ...environment, keyFile: file }, store, { signal, clock, random, mark });
  const taken = await takeKeys(environment, ring, { from: file, signal });
  return {
    ...taken,
    repositoryId: Buffer.from(ring.repositoryId).toString("hex"),
    generation: ring.generation,
    private: ring.private !== undefined,
    privateAt: ring.privateAt,
    slot: undefined,
    root: fingerprintOf(ring.rootPublicKey),
    ledgerFailure: undefined,
  };
}

/**
 * Makes this host's key file, private side included, from the repository and a personal secret. @throws DrError what
 * `unlockRepository` throws; `KEY_NOT_ENCRYPTED`, `KEY_FILE_INSIDE`, `STORE_*`.
 */
export async function recoverKeys(
  adapters: Adapters,
  environment: Environment,
  request: StoreCall & { readonly secret: PersonalSecret; readonly reason: string },
): Promise<ArrivedKeys> {
  const { secret, reason, signal } = request;
  const { clock, random } = adapters;
  const { store, mark } = await findRepository(adapters, environment, { signal });
  const unlocked = await unlockRepository(store, mark, { secret, signal, clock, random });
  const { ring, slot, sealed } = unlocked;
  const { path, replaced } = await takeKeys(environment, ring, { from: slot, signal });
  const { generation } = ring;
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason });
  const data = { generation, writer: writerOf(ring), full: true, slot };
  await ledger.record({ kind: "hostEnrolled", data });
  return {
    path,
    replaced,
    repositoryId: Buffer.from(ring.repositoryId).toString("hex"),
    generation,
    private: true,
    privateAt: undefined,
    slot,
    root: fingerprintOf(ring.rootPublicKey),
    ledgerFailure: ledger.failure,
  };
}

/** Makes a pair for a person: the secret half to a new file, mode 600; answers the public half. @throws DrError `KEY_FILE_EXISTS`. */
export async function createRecipientFile(path: string, call: StoreCall): Promise<string> {
  const { signal } = call;
  const { publicText, secretText } = createRecipient();
  await createDirectories(dirname(path), { group: "STORE", signal });
  const parts = [Buffer.from(`${secretText}\n`)];
  const result = await writeDurably({ finalPath: path, parts, group: "STORE", signal });
  if (result === "conflict") {
    throw new DrError("KEY_FILE_EXISTS", { path });
  }
  return publicText;
}
