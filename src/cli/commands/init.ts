/**
 * `pra init`: makes the repository and its keys. The recovery key goes to a terminal and nowhere else; where there is none
 * (cron, a pipe, `--json`), to a file beside the key file, so that it never lands in a log.
 */
import { type Command, Option } from "commander";

import type { AddedSetting } from "../../app/add-settings.ts";
import { errorText } from "../../core/errors.ts";
import type { CreatedRepository } from "../../app/create-repository.ts";
import { ask, canAsk } from "../ask.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { initText } from "../text/init-text.ts";

/** A store's clock may differ by this much before it is worth a word. */
const CLOCK_SKEW_TOLD_MS = 5000;

function probeLines(made: CreatedRepository, frame: Frame): string[] {
  const text = initText[frame.language];
  const { capabilities, leases, deletes, clockSkewMs } = made.probe;
  const free =
    capabilities.freeBytes === undefined
      ? "?"
      : formatBytes(capabilities.freeBytes, frame.language);
  const skew = Math.abs(clockSkewMs ?? 0);
  return [
    ...factLines([
      [text.repository, made.repositoryId],
      [text.keyFile, made.keyFile ?? text.keyPublished],
      [text.store, text.storeFacts(capabilities.fileSystem ?? capabilities.kind, free)],
      ["", text.probeGood],
    ]),
    ...(leases.kind === "refused" ? [`  ! ${text.leasesRefused[leases.reason]}`] : []),
    ...(deletes ? [] : [`  ! ${text.noDelete}`]),
    ...(skew > CLOCK_SKEW_TOLD_MS
      ? [`  ! ${text.clockSkew(formatDuration(skew, frame.language))}`]
      : []),
  ];
}

function recoveryLines(made: CreatedRepository, frame: Frame): string[] {
  const text = initText[frame.language];
  switch (made.recovery.kind) {
    case "none":
      return made.encryption === "none" ? ["", text.noEncryption] : [];
    case "shown":
      return ["", text.recoveryTitle, "", `    ${made.recovery.text}`, "", text.recoveryAdvice];
    case "written":
      return ["", text.recoveryWritten(made.recovery.path)];
  }
}

function renderInit(made: CreatedRepository, frame: Frame): string {
  const text = initText[frame.language];
  const title = made.created ? text.created(made.location) : text.unchanged(made.location);
  return [
    title,
    ...probeLines(made, frame),
    ...recoveryLines(made, frame),
    ...(made.settingsFailure === undefined
      ? []
      : ["", `! ${errorText(made.settingsFailure, frame.language).message}`]),
    "",
    text.next,
    `  ${text.nextCheck}`,
    `  ${text.nextBackup}`,
  ].join("\n");
}

function jsonOf(made: CreatedRepository): JsonValue {
  const { capabilities, leases, ...seen } = made.probe;
  return {
    created: made.created,
    repository: made.repositoryId,
    location: made.location,
    encryption: made.encryption,
    keyFile: made.keyFile ?? null,
    recoveryKeyFile: made.recovery.kind === "written" ? made.recovery.path : null,
    store: {
      kind: capabilities.kind,
      fileSystem: capabilities.fileSystem ?? null,
      freeBytes: capabilities.freeBytes ?? null,
      append: capabilities.append,
      createdBy: capabilities.createdBy,
      leases: leases.kind === "allowed" ? "allowed" : `refused: ${leases.reason}`,
      refusesSecondCreate: seen.refusesSecondCreate,
      readsAfterWrite: seen.readsAfterWrite,
      listsAfterWrite: seen.listsAfterWrite,
      deletes: seen.deletes,
      clockSkewMs: seen.clockSkewMs ?? null,
    },
  };
}

/** Asks what is missing, where there is somebody to ask, and writes the answers into the `.env`. */
async function askMissing(frame: Frame): Promise<void> {
  if (frame.json || !canAsk()) {
    return;
  }
  const text = initText[frame.language];
  const { addSettings, missingForInit } = await import("../../app/add-settings.ts");
  const { settingsRegistry } = await import("../../app/settings.ts");
  const environment = frame.environment();
  const answers: AddedSetting[] = [];
  for (const { name, fallback } of missingForInit(environment)) {
    const { help, secret } = settingsRegistry[name];
    frame.note(help[frame.language]);
    const shown = fallback === undefined || fallback === "" ? "" : ` [${fallback}]`;
    const question = { secret: secret === "whole", signal: frame.signal };
    let answer = "";
    do {
      answer = await ask(`${name}${shown}: `, question);
    } while (answer === "" && fallback === undefined);
    if (answer !== "") {
      answers.push([name, answer]);
    }
  }
  if (answers.length > 0) {
    const { envFile } = environment;
    const path = await addSettings(answers, { envFile, directory: process.cwd() });
    frame.note(text.settingsWritten(path));
  }
}

/** Registers the command. */
export function registerInit(program: Command, frame: Frame): void {
  const text = initText[frame.language];
  defineCommand(program, frame.language, "init", text)
    .addOption(
      new Option("--encryption <mode>", text.optionEncryption)
        .choices(["on", "none"])
        .default("on"),
    )
    .action(async (options: { readonly encryption: "on" | "none" }) => {
      const { compose } = await import("../../app/compose.ts");
      const { createRepository } = await import("../../app/create-repository.ts");
      await askMissing(frame);
      const onTerminal = process.stdout.isTTY && !frame.json;
      const made = await createRepository(compose(), frame.environment(), {
        encryption: options.encryption,
        recoveryKey: onTerminal ? "show" : "write",
        signal: frame.signal,
      });
      frame.result(jsonOf(made), () => renderInit(made, frame));
      if (!made.probe.deletes || made.settingsFailure !== undefined) {
        frame.conclude({ kind: "warnings" });
      }
    });
}
