/**
 * `pra key`: who can open the repository. Secrets are typed without echo or read from files; what is printed is fingerprints, names and
 * dates, save a new recovery key, which goes to a terminal once or to a file.
 */
import { type Command, Option } from "commander";

import type { AddedSlot, NewWay } from "../../app/key-change.ts";
import type { KeyCheck } from "../../app/key-check.ts";
import type { KeyList, ListedGeneration } from "../../app/key-list.ts";
import type { Rotation } from "../../app/key-rotate.ts";
import type { ArrivedKeys } from "../../app/key-transfer.ts";
import type { RecoveryKey } from "../../app/recovery-key-file.ts";
import { DrError, errorText } from "../../core/errors.ts";
import { factLines } from "../fact-lines.ts";
import type { Frame, JsonValue } from "../frame.ts";
import {
  type SecretOptions,
  passphraseOf,
  personalSecret,
  withSecretOptions,
} from "../personal-secret.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { formatTable } from "../table.ts";
import { initText } from "../text/init-text.ts";
import { keyText } from "../text/key-text.ts";

/** Where a new recovery key goes: to a terminal, or to a file. */
function recoveryMode(frame: Frame): "show" | "write" {
  return process.stdout.isTTY && !frame.json ? "show" : "write";
}

/** As `pra init` shows one. */
function recoveryLines(recovery: RecoveryKey, frame: Frame): readonly string[] {
  const text = initText[frame.language];
  const { checkAdvice } = keyText[frame.language];
  switch (recovery.kind) {
    case "none":
      return [];
    case "shown":
      return ["", text.recoveryTitle, "", `    ${recovery.text}`, "", text.recoveryAdvice];
    case "written":
      return ["", text.recoveryWritten(recovery.path), checkAdvice];
  }
}

function recoveryFile(recovery: RecoveryKey): string | null {
  return recovery.kind === "written" ? recovery.path : null;
}

function ledgerLines(failure: DrError | undefined, frame: Frame): readonly string[] {
  const text = keyText[frame.language];
  return failure === undefined
    ? []
    : ["", `! ${text.ledgerFailed(errorText(failure, frame.language).message)}`];
}

/** `2027-01-31 23:59` of an instant. */
function minute(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

function generationLines(listed: ListedGeneration, frame: Frame): readonly string[] {
  const text = keyText[frame.language];
  const { slot, label, made, by, checked } = text.columns;
  const rows = listed.slots.map((one) => [
    one.slot,
    one.label === "" ? text.methods[one.method] : one.label,
    minute(one.createdAt),
    one.actor === "" ? one.writer : one.actor,
    one.method === "later" || one.method === "published" || !listed.newest
      ? ""
      : one.checkedAt === undefined
        ? text.never
        : minute(one.checkedAt),
  ]);
  const columns = [slot, label, made, by, checked].map((heading) => ({ heading }));
  return [
    "",
    text.generation(listed.generation, listed.newest, text.held[listed.held]),
    ...factLines([
      [text.root, listed.root],
      [text.data, listed.data],
    ]),
    "",
    formatTable(columns, rows),
    ...listed.unusable.map(
      ({ key, error }) => `! ${text.unusable(key, errorText(error, frame.language).message)}`,
    ),
  ];
}

function renderList(list: KeyList, frame: Frame): string {
  const text = keyText[frame.language];
  const [newest] = list.generations;
  const unproved =
    list.keyFile !== undefined && newest?.slots.every(({ checkedAt }) => checkedAt === undefined);
  return [
    ...factLines([
      [text.repository, list.repositoryId],
      [text.keyFile, list.keyFile ?? text.published],
      ...(list.writer === undefined ? [] : [[text.writer, list.writer] as const]),
      ...(list.privateAt === undefined ? [] : [[text.privateAt, list.privateAt] as const]),
    ]),
    ...list.generations.flatMap((listed) => generationLines(listed, frame)),
    ...(unproved === true ? ["", `! ${text.noneChecked}`] : []),
  ].join("\n");
}

async function list(frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { listKeys } = await import("../../app/key-list.ts");
  const found = await listKeys(compose(), frame.environment(), { signal: frame.signal });
  frame.result(
    {
      repository: found.repositoryId,
      location: found.location,
      keyFile: found.keyFile ?? null,
      writer: found.writer ?? null,
      privateAt: found.privateAt ?? null,
      generations: found.generations.map(({ slots, unusable, ...rest }) => ({
        ...rest,
        slots: slots.map(({ recipient, checkedAt, ...slot }) => ({
          ...slot,
          recipient: recipient ?? null,
          checkedAt: checkedAt ?? null,
        })),
        unusable: unusable.map(({ key, error }) => ({ key, code: error.code })),
      })),
    },
    () => renderList(found, frame),
  );
}

function renderCheck(done: KeyCheck, frame: Frame): string {
  const text = keyText[frame.language];
  const opened = done.opened.map((one) => text.openedThings[one]).join(", ");
  return [
    text.good(done.slot),
    ...factLines([
      [text.opened, opened],
      [text.backup, done.backup ?? text.noBackup],
      [text.root, done.root],
    ]),
    ...ledgerLines(done.ledgerFailure, frame),
  ].join("\n");
}

async function check(options: SecretOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { checkKey } = await import("../../app/key-check.ts");
  const secret = await personalSecret(options, frame);
  const request = { secret, reason: "pra key check", signal: frame.signal };
  const done = await checkKey(compose(), frame.environment(), request);
  const { repositoryId, ledgerFailure, backup, ...rest } = done;
  const recorded = ledgerFailure === undefined;
  frame.result({ ...rest, repository: repositoryId, backup: backup ?? null, recorded }, () =>
    renderCheck(done, frame),
  );
  if (!recorded) {
    frame.conclude({ kind: "warnings" });
  }
}

type AddOptions = SecretOptions & {
  readonly recovery?: true;
  readonly recipient?: string;
  readonly label: string;
};

async function wayOf(options: AddOptions, frame: Frame): Promise<NewWay> {
  if (options.recipient !== undefined) {
    return { kind: "recipient", publicText: options.recipient };
  }
  if (options.recovery === true) {
    return { kind: "recovery", recoveryKey: recoveryMode(frame) };
  }
  if (options.passphrase === true || options.passphraseFile !== undefined) {
    return { kind: "passphrase", passphrase: await passphraseOf(options, frame, true) };
  }
  const option = "--recovery | --passphrase | --recipient";
  throw new DrError("USAGE_MISSING_OPTION", { option, command: "pra key add" });
}

function renderAdded(added: AddedSlot, frame: Frame): string {
  const text = keyText[frame.language];
  return [
    text.added(added.slot, added.generation),
    ...recoveryLines(added.recovery, frame),
    ...(added.recovery.kind === "shown" ? [text.checkAdvice] : []),
    ...(added.method === "recipient" ? ["", ...text.recipientNext(added.root)] : []),
    ...ledgerLines(added.ledgerFailure, frame),
  ].join("\n");
}

async function add(options: AddOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { addSlot } = await import("../../app/key-change.ts");
  const way = await wayOf(options, frame);
  const request = { way, label: options.label, reason: "pra key add", signal: frame.signal };
  const added = await addSlot(compose(), frame.environment(), request);
  const { generation, slot, method, label, recovery, root } = added;
  const recoveryKeyFile = recoveryFile(recovery);
  frame.result({ generation, slot, method, label, root, recoveryKeyFile }, () =>
    renderAdded(added, frame),
  );
}

async function remove(
  slot: string,
  options: { readonly unchecked?: true },
  frame: Frame,
): Promise<void> {
  const text = keyText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { removeSlot } = await import("../../app/key-change.ts");
  const unchecked = options.unchecked === true;
  const request = { slot, unchecked, reason: "pra key remove", signal: frame.signal };
  const { ledgerFailure, ...removed } = await removeSlot(compose(), frame.environment(), request);
  frame.result(removed, () =>
    [
      text.removed(removed.slot, removed.left),
      text.removedAdvice,
      ...ledgerLines(ledgerFailure, frame),
    ].join("\n"),
  );
}

function renderRotation(made: Rotation, kind: "rotate" | "encrypt", frame: Frame): string {
  const text = keyText[frame.language];
  const { generation } = made;
  const title = made.finished
    ? text.finished(generation)
    : kind === "encrypt"
      ? text.encrypted(generation)
      : text.rotated(generation);
  return [
    title,
    ...factLines([
      [text.keyFile, made.keyFile],
      [text.root, made.root],
    ]),
    ...recoveryLines(made.recovery, frame),
    ...(made.notCarried.length === 0
      ? []
      : ["", `! ${text.notCarried(made.notCarried.join(", "))}`]),
    "",
    kind === "encrypt" ? text.encryptedAdvice : text.olderAdvice,
    ...text.rotatedAdvice,
    ...ledgerLines(made.ledgerFailure, frame),
  ].join("\n");
}

async function rotate(kind: "rotate" | "encrypt", frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { rotateKeys } = await import("../../app/key-rotate.ts");
  const made = await rotateKeys(compose(), frame.environment(), {
    kind,
    recoveryKey: recoveryMode(frame),
    reason: `pra key ${kind}`,
    signal: frame.signal,
  });
  const { repositoryId, generation, keyFile, slots, notCarried, recovery, root, closed } = made;
  const value: JsonValue = {
    repository: repositoryId,
    generation,
    keyFile,
    slots,
    notCarried,
    recoveryKeyFile: recoveryFile(recovery),
    root,
    closed,
    resumed: made.resumed,
  };
  frame.result(value, () => renderRotation(made, kind, frame));
}

async function exportPublic(path: string, frame: Frame): Promise<void> {
  const text = keyText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { exportPublicKeys } = await import("../../app/key-transfer.ts");
  const request = { path, reason: "pra key export", signal: frame.signal };
  const written = await exportPublicKeys(compose(), frame.environment(), request);
  const { ledgerFailure, repositoryId, generation, writer } = written;
  frame.result({ repository: repositoryId, path, generation, writer }, () =>
    [
      text.exported(path),
      text.exportedAdvice,
      ...factLines([[text.writer, writer]]),
      ...ledgerLines(ledgerFailure, frame),
    ].join("\n"),
  );
}

function arrivedJson(keys: ArrivedKeys): JsonValue {
  const { ledgerFailure: _, repositoryId, slot, privateAt, ...rest } = keys;
  return {
    ...rest,
    repository: repositoryId,
    slot: slot ?? null,
    privateAt: privateAt ?? null,
  };
}

async function importFile(file: string, frame: Frame): Promise<void> {
  const text = keyText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { importKeys } = await import("../../app/key-transfer.ts");
  const request = { file, signal: frame.signal };
  const keys = await importKeys(compose(), frame.environment(), request);
  frame.result(arrivedJson(keys), () =>
    [
      text.imported(keys.path),
      ...(keys.private ? [] : [text.importedPublic(keys.privateAt)]),
      ...factLines([[text.root, keys.root]]),
    ].join("\n"),
  );
}

async function recover(options: SecretOptions, frame: Frame): Promise<void> {
  const text = keyText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { recoverKeys } = await import("../../app/key-transfer.ts");
  const secret = await personalSecret(options, frame);
  const request = { secret, reason: "pra key recover", signal: frame.signal };
  const keys = await recoverKeys(compose(), frame.environment(), request);
  frame.result(arrivedJson(keys), () =>
    [
      text.recovered(keys.path, keys.slot ?? ""),
      ...factLines([[text.root, keys.root]]),
      ...ledgerLines(keys.ledgerFailure, frame),
    ].join("\n"),
  );
}

async function recipient(path: string, frame: Frame): Promise<void> {
  const text = keyText[frame.language];
  const { createRecipientFile } = await import("../../app/key-transfer.ts");
  const publicKey = await createRecipientFile(path, { signal: frame.signal });
  frame.result({ path, publicKey }, () =>
    [text.recipientMade(path), "", `    ${publicKey}`, "", text.recipientAdvice].join("\n"),
  );
}

/** Registers the group. */
export function registerKey(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = keyText[language];
  const group = defineGroup(program, language, "key", text.groupSummary);
  defineCommand(group, language, "list", text.list).action(() => list(frame));
  withSecretOptions(defineCommand(group, language, "check", text.check), frame).action(
    (options: SecretOptions) => check(options, frame),
  );
  defineCommand(group, language, "add", text.add)
    .addOption(
      new Option("--recovery", text.optionAddRecovery).conflicts(["passphrase", "recipient"]),
    )
    .addOption(new Option("--passphrase", text.optionAddPassphrase).conflicts("recipient"))
    .addOption(new Option("--passphrase-file <file>", text.optionPassphraseFile))
    .addOption(new Option("--recipient <key>", text.optionAddRecipient))
    .addOption(new Option("--label <text>", text.optionLabel).default(""))
    .action((options: AddOptions) => add(options, frame));
  defineCommand(group, language, "remove", text.remove)
    .argument("<slot>", text.argumentSlot)
    .addOption(new Option("--unchecked", text.optionUnchecked))
    .action((slot: string, options: { readonly unchecked?: true }) => remove(slot, options, frame));
  defineCommand(group, language, "rotate", text.rotate).action(() => rotate("rotate", frame));
  defineCommand(group, language, "encrypt", text.encrypt).action(() => rotate("encrypt", frame));
  defineCommand(group, language, "export", text.exportKeys)
    .addOption(new Option("--public <file>", text.optionPublic).makeOptionMandatory())
    .action((options: { readonly public: string }) => exportPublic(options.public, frame));
  defineCommand(group, language, "import", text.importKeys)
    .argument("<file>", text.argumentFile)
    .action((file: string) => importFile(file, frame));
  withSecretOptions(defineCommand(group, language, "recover", text.recover), frame).action(
    (options: SecretOptions) => recover(options, frame),
  );
  defineCommand(group, language, "recipient", text.recipient)
    .argument("<file>", text.argumentFile)
    .action((path: string) => recipient(path, frame));
}
