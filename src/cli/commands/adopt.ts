/** `pra adopt DIRECTORY`: a copy becomes production; refused (exit 3) until it is told twice. */
import { type Command, Option } from "commander";

import { factLines } from "../fact-lines.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { expireText } from "../text/expire-text.ts";

type Options = { readonly allowProduction?: true; readonly confirm?: string };

async function adopt(directory: string, options: Options, frame: Frame): Promise<void> {
  const text = expireText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { adoptCopy } = await import("../../app/adopt.ts");
  const adopted = await adoptCopy(compose(), frame.environment(), {
    directory,
    allowProduction: options.allowProduction === true,
    confirm: options.confirm,
    onSettings: (lines) => {
      frame.note([text.turnsOn, ...lines.map((line) => `  ${line}`)].join("\n"));
    },
    signal: frame.signal,
  });
  const { dataDirectory, incarnation } = adopted;
  frame.result({ dataDirectory, incarnation, released: [...adopted.released] }, () =>
    [
      text.adopted(dataDirectory),
      ...factLines([[text.incarnation, incarnation]]),
      "",
      text.nextSteps,
    ].join("\n"),
  );
}

/** Registers the command. */
export function registerAdopt(program: Command, frame: Frame): void {
  const text = expireText[frame.language];
  defineCommand(program, frame.language, "adopt", text.adopt)
    .argument("<directory>", text.argumentDirectory)
    .addOption(new Option("--allow-production", text.optionAllow))
    .addOption(new Option("--confirm <name>", text.optionConfirm))
    .action((directory: string, options: Options) => adopt(directory, options, frame));
}
