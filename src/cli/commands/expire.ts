/** `pra expire`: clears leftovers away; `--dry-run` shows them. */
import { type Command, Option } from "commander";

import type { Leftover, LeftoverReason } from "../../repository/leftovers.ts";
import { factLines } from "../fact-lines.ts";
import { formatDuration } from "../format.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { expireText } from "../text/expire-text.ts";

type Options = { readonly dryRun?: true; readonly acceptRollback?: true };

/** A line for each reason; `--json` names every object. */
function countLines(found: readonly Leftover[], frame: Frame): string[] {
  const counts = new Map<LeftoverReason, number>();
  for (const { reason } of found) {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const { reasons } = expireText[frame.language];
  return factLines([...counts].map(([reason, count]) => [String(count), reasons[reason]]));
}

async function expire(options: Options, frame: Frame): Promise<void> {
  const text = expireText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { previewExpire, runExpire } = await import("../../app/expire.ts");
  const request = {
    reason: "pra expire",
    acceptRollback: options.acceptRollback === true,
    onWatch: (holder: { readonly host: string; readonly pid: number }, forMs: number) => {
      frame.note(text.watching(holder.host, holder.pid, formatDuration(forMs, frame.language)));
    },
    signal: frame.signal,
  };
  if (options.dryRun === true) {
    const found = await previewExpire(compose(), frame.environment(), request);
    const leftovers = found.map(({ key, reason }) => ({ key, reason }));
    frame.result({ dryRun: true, leftovers }, () =>
      found.length === 0
        ? text.nothing
        : [text.would(found.length), ...countLines(found, frame)].join("\n"),
    );
    return;
  }
  frame.progress.update({ phase: text.working, detail: text.waits });
  const expired = await runExpire(compose(), frame.environment(), request);
  const { deleted, spared, stagedRemoved, more } = expired;
  const counts = { deletedObjects: deleted.length, sparedObjects: spared.length };
  frame.result({ dryRun: false, ...counts, stagedRemoved, more }, () =>
    [
      deleted.length + spared.length === 0 ? text.nothing : text.deleted(deleted.length),
      ...(spared.length === 0 ? [] : [text.spared(spared.length)]),
      ...(more ? [text.more] : []),
    ].join("\n"),
  );
}

/** Registers the command. */
export function registerExpire(program: Command, frame: Frame): void {
  const text = expireText[frame.language];
  defineCommand(program, frame.language, "expire", text.expire)
    .addOption(new Option("--dry-run", text.optionDryRun))
    .addOption(new Option("--accept-rollback", text.optionAcceptRollback))
    .action((options: Options) => expire(options, frame));
}
