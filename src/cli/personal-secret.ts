/**
 * What a person has, from a terminal without echo, from a file of mode 600, or from standard input. Never from the command line, where
 * every process of the machine could read it; and nothing is waited for where there is no terminal.
 */
import { readFile, stat } from "node:fs/promises";
import { type Command, Option } from "commander";

import type { PersonalSecret } from "../app/key-unlock.ts";
import { DrError } from "../core/errors.ts";
import { ask, canAsk } from "./ask.ts";
import type { Frame } from "./frame.ts";
import { keyText } from "./text/key-text.ts";

/** The options that say where a secret comes from. */
export type SecretOptions = {
  readonly recoveryKeyFile?: string;
  readonly passphrase?: true;
  readonly passphraseFile?: string;
  readonly recipientKey?: string;
  readonly root?: string;
};

/** Characters of the largest secret anybody would keep in a file. */
const SECRET_BYTES_MAX = 4096;

/** Adds the options to a command that opens a slot. */
export function withSecretOptions(command: Command, frame: Frame): Command {
  const text = keyText[frame.language];
  return command
    .addOption(new Option("--recovery-key-file <file>", text.optionRecoveryKeyFile))
    .addOption(
      new Option("--passphrase", text.optionPassphrase).conflicts([
        "recoveryKeyFile",
        "recipientKey",
      ]),
    )
    .addOption(
      new Option("--passphrase-file <file>", text.optionPassphraseFile).conflicts([
        "recoveryKeyFile",
        "recipientKey",
      ]),
    )
    .addOption(
      new Option("--recipient-key <file>", text.optionRecipientKey).conflicts("recoveryKeyFile"),
    )
    .addOption(new Option("--root <fingerprint>", text.optionRoot));
}

async function readInput(signal: AbortSignal): Promise<string> {
  let content = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    signal.throwIfAborted();
    content += String(chunk);
    if (content.length > SECRET_BYTES_MAX) {
      throw new DrError("KEY_SECRET_FILE", { path: "-", reason: "size" });
    }
  }
  return content;
}

async function readSecretFile(path: string, signal: AbortSignal): Promise<string> {
  if (path === "-") {
    return await readInput(signal);
  }
  let found: { readonly mode: number; readonly size: number };
  try {
    found = await stat(path);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "?";
    throw new DrError("KEY_SECRET_FILE", { path, reason }, { cause: error });
  }
  if ((found.mode & 0o077) !== 0) {
    throw new DrError("KEY_SECRET_FILE", { path, reason: (found.mode & 0o777).toString(8) });
  }
  if (found.size > SECRET_BYTES_MAX) {
    throw new DrError("KEY_SECRET_FILE", { path, reason: "size" });
  }
  return await readFile(path, { encoding: "utf8", signal });
}

async function askSecret(question: string, frame: Frame): Promise<string> {
  if (frame.json || !canAsk()) {
    throw new DrError("KEY_NO_TERMINAL", {});
  }
  return await ask(question, { secret: true, signal: frame.signal });
}

/** A passphrase; asked twice when it is a new one. @throws DrError `KEY_NO_TERMINAL`, `KEY_SECRET_FILE`, `KEY_PASSPHRASE_DIFFERS`. */
export async function passphraseOf(
  options: SecretOptions,
  frame: Frame,
  isNew: boolean,
): Promise<string> {
  const text = keyText[frame.language];
  if (options.passphraseFile !== undefined) {
    return (await readSecretFile(options.passphraseFile, frame.signal)).replace(/\r?\n$/, "");
  }
  const typed = await askSecret(text.askPassphrase, frame);
  if (isNew && (await askSecret(text.askPassphraseAgain, frame)) !== typed) {
    throw new DrError("KEY_PASSPHRASE_DIFFERS", {});
  }
  return typed;
}

/**
 * What a person opens the repository with; a recovery key unless something else is named. @throws DrError `KEY_NO_TERMINAL`,
 * `KEY_SECRET_FILE`, `KEY_RECOVERY_*` before anything is read from the repository.
 */
export async function personalSecret(
  options: SecretOptions,
  frame: Frame,
): Promise<PersonalSecret> {
  const text = keyText[frame.language];
  const { recipientSecret, recoverySecret } = await import("../app/key-unlock.ts");
  if (options.recipientKey !== undefined) {
    const path = options.recipientKey;
    const content = await readSecretFile(path, frame.signal);
    return recipientSecret(content, { path, root: options.root });
  }
  if (options.passphrase === true || options.passphraseFile !== undefined) {
    return { passphrase: await passphraseOf(options, frame, false) };
  }
  const recoveryText =
    options.recoveryKeyFile === undefined
      ? await askSecret(text.askRecovery, frame)
      : await readSecretFile(options.recoveryKeyFile, frame.signal);
  return recoverySecret(recoveryText);
}
