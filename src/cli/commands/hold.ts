/** `pra hold` and `pra release`. */
import { Argument, type Command, Option } from "commander";

import type { HoldResult } from "../../app/hold.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { retentionText } from "../text/retention-text.ts";

type Options = {
  readonly reason: string;
  readonly until?: string;
  readonly acceptRollback?: true;
};

/** `2027-01-31 23:59` of an instant. */
function minute(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

function show({ hold, kind, place }: HoldResult, frame: Frame): void {
  const text = retentionText[frame.language];
  const { backup, state, reason, until, number, actor, at } = hold;
  const { cluster, incarnation } = place;
  const facts = { cluster, incarnation, kind, backup, state, reason, until, number, actor, at };
  const of = { kind, id: backup };
  frame.result(facts, () =>
    state === "held"
      ? text.held(of, until === null ? undefined : `${minute(until)} UTC`)
      : text.released(of),
  );
}

async function say(
  state: "held" | "released",
  backup: string,
  options: Options,
  frame: Frame,
): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { sayHold } = await import("../../app/hold.ts");
  const about = {
    backup,
    reason: options.reason,
    acceptRollback: options.acceptRollback === true,
    signal: frame.signal,
  };
  const request =
    state === "held" ? { ...about, state, until: options.until } : { ...about, state };
  show(await sayHold(compose(), frame.environment(), request), frame);
}

/** Registers `hold`. */
export function registerHold(program: Command, frame: Frame): void {
  const text = retentionText[frame.language];
  defineCommand(program, frame.language, "hold", text.hold)
    .addArgument(new Argument("<id>", text.argumentBackup))
    .addOption(new Option("--reason <text>", text.optionReason).makeOptionMandatory())
    .addOption(new Option("--until <date>", text.optionUntil))
    .addOption(new Option("--accept-rollback", text.optionAcceptRollback))
    .action((id: string, options: Options) => say("held", id, options, frame));
}

/** Registers `release`. */
export function registerRelease(program: Command, frame: Frame): void {
  const text = retentionText[frame.language];
  defineCommand(program, frame.language, "release", text.release)
    .addArgument(new Argument("<id>", text.argumentBackup))
    .addOption(new Option("--reason <text>", text.optionReason).makeOptionMandatory())
    .addOption(new Option("--accept-rollback", text.optionAcceptRollback))
    .action((id: string, options: Options) => say("released", id, options, frame));
}
