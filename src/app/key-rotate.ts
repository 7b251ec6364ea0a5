/**
 * `pra key rotate` and `pra key encrypt`: a new generation of keys. What is sealed from then on needs the new ones; what was sealed
 * before stays as it is and is read with the old ones, which the new private side opens. No data is rewritten.
 *
 * May be killed anywhere and is simply run again. The order is what makes it so:
 *
 *   leases ─→ the new ring in `<key file>.next`, durable ─→ recovery key ─→ slots, and the older generation's keys wrapped for the new
 *   one ─→ all of it opened once, as a new host would ─→ the format object: from here on the generation exists ─→ the file takes
 *   the key file's place
 *
 * Before the format object nothing counts, and the next run goes on with the keys in `.next`. After it, only the last step is missing, and
 * every command says so. Of two hosts that rotate at once the store lets one create the format object; the other's slots belong
 * to a root that nobody names.
 *
 * The leases of every cluster are held meanwhile: a backup or a receiver that went on under the old keys would write what the closing of
 * that generation excludes.
 */
import { DrError, isDrError } from "../core/errors.ts";
import { failpointAsync, guard } from "../core/failpoint.ts";
import { leaseTtlSeconds } from "../core/limits.ts";
import { acquireLocalLock } from "../files/local-lock.ts";
import { removeFile } from "../files/write-durably.ts";
import {
  type FullKeyRing,
  type KeyRing,
  nextKeyRing,
  privateSide,
} from "../pipeline/sealing/key-ring.ts";
import { ringOfSlot, slotFacts } from "../pipeline/sealing/key-slot.ts";
import { createRecoveryKey } from "../pipeline/sealing/recovery-key.ts";
import { fingerprintOf } from "../pipeline/sealing/recipient-key.ts";
import { listClusters } from "../repository/catalogue.ts";
import { collectClosing } from "../repository/collect-closing.ts";
import { putNextFormat, readClosing } from "../repository/format-document.ts";
import { acquireLease } from "../repository/lease.ts";
import { objectKey } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { SealedStore } from "../repository/sealed-store.ts";
import type { Adapters } from "./compose.ts";
import { type Environment, requireSetting } from "./environment.ts";
import { newSlotName, putSlot, slotKeyPath } from "./key-change.ts";
import {
  keyFilePath,
  nextKeyFilePath,
  readNextKeyFile,
  replaceKeyFile,
  requireOutside,
  writeKeyFile,
} from "./key-files.ts";
import { readSlots, slotNames } from "./key-slots.ts";
import { unlockRepository } from "./key-unlock.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { type RecoveryKey, keepRecoveryKey, writtenRecoveryKey } from "./recovery-key-file.ts";
import { findRepository, openExisting, openRepository } from "./repository-access.ts";

/** A new generation. */
export type Rotation = {
  readonly repositoryId: string;
  readonly generation: number;
  readonly keyFile: string;
  /** Slots of the new generation. */
  readonly slots: readonly string[];
  /** Labels or names of slots that could not be carried over: a passphrase is needed to wrap anything for it. */
  readonly notCarried: readonly string[];
  readonly recovery: RecoveryKey;
  readonly root: string;
  /** Backups and dumps of earlier generations that count. */
  readonly closed: number;
  /** True: a killed run's keys were taken up. */
  readonly resumed: boolean;
  /** True: the generation existed already, and only the key file was missing. */
  readonly finished: boolean;
  readonly ledgerFailure: DrError | undefined;
};

/** What was asked for. */
export type RotationRequest = StoreCall & {
  /** `encrypt`: of a repository whose keys are published. */
  readonly kind: "rotate" | "encrypt";
  readonly recoveryKey: "show" | "write";
  readonly reason: string;
};

type Run = {
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly request: RotationRequest;
  readonly keyFile: string;
  /** By the keys so far. */
  readonly before: SealedStore;
  /** By the new ones. */
  readonly after: SealedStore & { readonly ring: FullKeyRing };
  readonly actor: string;
  readonly resumed: boolean;
};

function fullRing(ring: KeyRing): FullKeyRing {
  return { ...ring, private: privateSide(ring) };
}

/** The right to write anything of any cluster. @throws DrError `REPO_LEASE_HELD`, naming who must stop first. */
async function holdLeases(
  sealed: SealedStore,
  adapters: Adapters,
  call: StoreCall,
): Promise<AsyncDisposableStack> {
  await using leases = new AsyncDisposableStack();
  const { clock, observer } = adapters;
  for (const cluster of await listClusters(sealed, call)) {
    for (const purpose of ["backup", "wal", "expire"] as const) {
      const options = { ...call, cluster, purpose, ttlSeconds: leaseTtlSeconds, clock, observer };
      leases.use(await acquireLease(sealed, options));
    }
  }
  return leases.move();
}

/** Deletes what a run left of this generation: its slots belong to a ring that is in `.next` and nowhere else. */
async function removeOwnSlots(after: SealedStore, call: StoreCall): Promise<void> {
  const { generation } = after.ring;
  const { slots } = await readSlots(after, generation, call);
  for (const { slot } of slots) {
    await after.store.delete(objectKey({ type: "keySlot", generation, slot }), call);
  }
}

/** The recovery key of the new generation, and its slot, opened once before anything relies on it. */
async function putRecovery(run: Run, slot: string): Promise<RecoveryKey> {
  const { after, keyFile, request, actor } = run;
  const { signal } = request;
  const { generation } = after.ring;
  const path = slotKeyPath(keyFile, `generation-${generation}.recovery`);
  const written = run.resumed ? await writtenRecoveryKey(path) : undefined;
  const text = written ?? createRecoveryKey();
  const mode = written === undefined ? request.recoveryKey : "write";
  const recovery = await keepRecoveryKey(text, path, { recoveryKey: mode, signal });
  const lock = { recoveryText: text };
  await putSlot(after, { slot, lock }, { label: "", actor, signal });
  const name = objectKey({ type: "keySlot", generation, slot });
  const bytes = await after.store.get(name, { signal });
  const opened = await ringOfSlot({ name, bytes }, lock);
  if (opened === undefined || !sameRoot(opened, after.ring)) {
    throw new DrError("KEY_CHECK_FAILED", { what: "rootPublicKey", slot });
  }
  return recovery;
}

function sameRoot(a: KeyRing, b: KeyRing): boolean {
  return Buffer.from(a.rootPublicKey).equals(b.rootPublicKey);
}

/** Recipients get a slot of the new generation; who has a passphrase has to give it again. */
async function carryRecipients(run: Run): Promise<readonly string[]> {
  const { before, after, request } = run;
  const { signal } = request;
  const { generation } = before.ring;
  const notCarried: string[] = [];
  for (const slot of await slotNames(before, generation, { signal })) {
    const name = { type: "keySlot", generation, slot } as const;
    const { label, actor, method, recipient } = slotFacts(
      (await before.getWhole(name, { signal })).content,
    );
    if (recipient !== undefined) {
      const fresh = { slot: newSlotName(after, "recipient"), lock: { recipient } };
      await putSlot(after, fresh, { label, actor, signal });
    } else if (method === "passphrase") {
      notCarried.push(label === "" ? slot : label);
    }
  }
  return notCarried;
}

/** Everything up to the format object, which makes the generation. Answers what to tell. */
async function makeGeneration(
  run: Run,
): Promise<Pick<Rotation, "recovery" | "notCarried" | "closed">> {
  const { adapters, before, after, actor, request } = run;
  const { signal } = request;
  const { clock, random } = adapters;
  if (run.resumed) {
    await removeOwnSlots(after, { signal });
  }
  const recovery = await putRecovery(run, newSlotName(after, "recovery"));
  const notCarried = await carryRecipients(run);
  const later = { slot: newSlotName(before, "later"), lock: { later: after.ring.private } };
  await putSlot(before, later, { label: "", actor, signal });
  const closing = await collectClosing(before, { signal });
  await failpointAsync("key.format", { signal });
  try {
    await putNextFormat(after, closing, { signal });
  } catch (error) {
    if (isDrError(error, "STORE_CONFLICT")) {
      await removeOwnSlots(after, { signal });
      const path = nextKeyFilePath(run.keyFile);
      await removeFile(path);
      const { generation: newest } = after.ring;
      throw new DrError("KEY_ROTATED_MEANWHILE", { newest }, { cause: error });
    }
    throw error;
  }
  const { repositoryId, generation } = after.ring;
  const mark = { repositoryId, generation };
  if (recovery.kind === "shown") {
    const secret = { recoveryText: recovery.text };
    await unlockRepository(after.store, mark, { secret, signal, clock, random });
  }
  return { recovery, notCarried, closed: closing.accepted.size };
}

/** The ring in the making: that of a killed run, else a new one, durable before anything is sealed for it. */
async function ringInTheMaking(
  before: SealedStore,
  keyFile: string,
  call: StoreCall,
): Promise<{ readonly ring: FullKeyRing; readonly resumed: boolean }> {
  const path = nextKeyFilePath(keyFile);
  const found = await readNextKeyFile(keyFile, before.ring.repositoryId);
  if (found?.generation === before.ring.generation + 1) {
    return { ring: fullRing(found), resumed: true };
  }
  if (found !== undefined) {
    await removeFile(path);
  }
  const ring = nextKeyRing(before.ring);
  if (guard("L41-key-file-first")) {
    await failpointAsync("key.write-next", call);
    await writeKeyFile(path, ring, call);
  }
  return { ring, resumed: false };
}

async function finish(
  run: Run,
  made: Pick<Rotation, "recovery" | "notCarried" | "closed">,
): Promise<Rotation> {
  const { adapters, environment, after, keyFile, request, resumed } = run;
  const { signal, reason } = request;
  const { ring } = after;
  const { generation } = ring;
  const next = nextKeyFilePath(keyFile);
  if (!guard("L41-key-file-first")) {
    await writeKeyFile(next, ring, { signal });
  }
  await replaceKeyFile(next, keyFile, { signal });
  const { slots: found } = await readSlots(after, generation, { signal });
  const slots = found.map(({ slot }) => slot);
  const root = fingerprintOf(ring.rootPublicKey);
  const ledger = new LedgerRecorder(adapters, after, { environment, reason });
  const { closed } = made;
  await ledger.record({
    kind: "keysRotated",
    data: { generation, encrypted: true, slots, root, closed },
  });
  const repositoryId = Buffer.from(ring.repositoryId).toString("hex");
  const facts = { repositoryId, generation, keyFile, slots, root, resumed, finished: false };
  return { ...facts, ...made, ledgerFailure: ledger.failure };
}

/** The last steps of a run that was killed after its generation existed. */
async function finishKilled(
  adapters: Adapters,
  environment: Environment,
  request: RotationRequest,
): Promise<Rotation> {
  const { signal } = request;
  const { clock, random } = adapters;
  const { store, mark } = await findRepository(adapters, environment, { signal });
  const keyFile = keyFilePath(environment, mark.repositoryId);
  const found = await readNextKeyFile(keyFile, mark.repositoryId);
  if (found === undefined) {
    throw new DrError("KEY_FILE_MISSING", {
      path: nextKeyFilePath(keyFile),
      repository: Buffer.from(mark.repositoryId).toString("hex"),
    });
  }
  const ring = fullRing(found);
  const closing = await readClosing(new SealedStore({ store, ring, clock, random }), { signal });
  const after = Object.assign(new SealedStore({ store, ring, clock, random, closing }), { ring });
  const actor = `${adapters.account}@${adapters.observer.self.host}`;
  const run = {
    adapters,
    environment,
    request,
    keyFile,
    before: after,
    after,
    actor,
    resumed: true,
  };
  const recovery = await recoveryAfterKill(run);
  const closed = closing?.accepted.size ?? 0;
  return { ...(await finish(run, { recovery, notCarried: [], closed })), finished: true };
}

/**
 * The recovery key that the killed run wrote; where it was to be shown, nobody may have seen it: then a new one takes its place.
 */
async function recoveryAfterKill(run: Run): Promise<RecoveryKey> {
  const { after, keyFile, request } = run;
  const { signal } = request;
  const { generation } = after.ring;
  const path = slotKeyPath(keyFile, `generation-${generation}.recovery`);
  if ((await writtenRecoveryKey(path)) !== undefined) {
    return { kind: "written", path };
  }
  const { slots } = await readSlots(after, generation, { signal });
  const recovery = await putRecovery(run, newSlotName(after, "recovery"));
  for (const { slot, method } of slots) {
    if (method === "recovery") {
      await after.store.delete(objectKey({ type: "keySlot", generation, slot }), { signal });
    }
  }
  return recovery;
}

/** True when this host's rotation was killed between the format object and the key file. */
async function isUnfinished(
  adapters: Adapters,
  environment: Environment,
  call: StoreCall,
): Promise<boolean> {
  const { store, mark } = await findRepository(adapters, environment, call);
  const keyFile = keyFilePath(environment, mark.repositoryId);
  const next = await readNextKeyFile(keyFile, mark.repositoryId);
  if (next?.generation !== mark.generation || next.private === undefined) {
    return false;
  }
  const { clock, random } = adapters;
  const after = new SealedStore({ store, ring: next, clock, random });
  try {
    await readClosing(after, call);
    return true;
  } catch (error) {
    if (isDrError(error, "REPO_WRITER_UNKNOWN")) {
      // Another host made this generation: see `KEY_ROTATED_MEANWHILE`.
      await removeOwnSlots(after, call);
      await removeFile(nextKeyFilePath(keyFile));
      throw new DrError("KEY_ROTATED_MEANWHILE", { newest: mark.generation }, { cause: error });
    }
    throw error;
  }
}

/**
 * Makes a new generation of keys, or finishes one that was killed. @throws DrError `KEY_NOT_ENCRYPTED`, `KEY_ALREADY_ENCRYPTED`,
 * `KEY_PRIVATE_MISSING`, `KEY_ROTATED_MEANWHILE`, `REPO_LEASE_HELD`, `RESTORE_LOCKED`, `STORE_*`.
 */
export async function rotateKeys(
  adapters: Adapters,
  environment: Environment,
  request: RotationRequest,
): Promise<Rotation> {
  const { kind, signal } = request;
  const { clock, random } = adapters;
  const root = requireSetting(environment.backupDirectory, "BACKUP_DIR");
  const { store, mark } = await findRepository(adapters, environment, { signal });
  await using _lock = await acquireLocalLock(root, { signal, clock, random });
  if (await isUnfinished(adapters, environment, { signal })) {
    return await finishKilled(adapters, environment, request);
  }
  const {
    sealed: before,
    encryption,
    repositoryId,
  } = await openRepository(adapters, environment, {
    signal,
  });
  if (kind === "rotate" && encryption === "none") {
    throw new DrError("KEY_NOT_ENCRYPTED", { repository: repositoryId });
  }
  if (kind === "encrypt" && encryption === "on") {
    const { generation } = before.ring;
    throw new DrError("KEY_ALREADY_ENCRYPTED", { repository: repositoryId, generation });
  }
  privateSide(before.ring);
  const keyFile = keyFilePath(environment, mark.repositoryId);
  await requireOutside(keyFile, root);
  await using _leases = await holdLeases(before, adapters, { signal });
  // Somebody may have been quicker while the leases were waited for.
  const again = await openExisting(environment, store, { signal, clock, random, mark });
  const { ring, resumed } = await ringInTheMaking(again.sealed, keyFile, { signal });
  const after = Object.assign(new SealedStore({ store, ring, clock, random }), { ring });
  const actor = `${adapters.account}@${adapters.observer.self.host}`;
  const run = { adapters, environment, request, keyFile, before, after, actor, resumed };
  return await finish(run, await makeGeneration(run));
}
