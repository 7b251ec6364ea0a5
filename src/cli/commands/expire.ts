/** `pra expire`: gives up what retention does not keep and clears leftovers away; `--dry-run` shows it, and why. */
import { type Command, Option } from "commander";

import type { ExpirePreview } from "../../app/expire.ts";
import type { Leftover, LeftoverReason } from "../../repository/leftovers.ts";
import type { Window } from "../../restore/window.ts";
import { dumpRetentionJson, dumpRetentionLines } from "../dump-retention-lines.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration, formatNumber } from "../../core/format.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { retentionJson, retentionLines } from "../retention-lines.ts";
import { expireText } from "../text/expire-text.ts";
import { retentionText } from "../text/retention-text.ts";

type Options = {
  readonly dryRun?: true;
  readonly acceptRollback?: true;
  readonly acceptUnreadProofs?: true;
};

/** A line for each reason; `--json` names every object. */
function countLines(found: readonly Leftover[], frame: Frame): string[] {
  const { language } = frame;
  const counts = new Map<LeftoverReason, { count: number; bytes: number }>();
  for (const { reason, sizeBytes = 0 } of found) {
    const { count, bytes } = counts.get(reason) ?? { count: 0, bytes: 0 };
    counts.set(reason, { count: count + 1, bytes: bytes + sizeBytes });
  }
  const { reasons } = expireText[language];
  return factLines(
    [...counts].map(([reason, { count, bytes }]) => [
      formatNumber(count, language),
      bytes === 0 ? reasons[reason] : `${reasons[reason]}, ${formatBytes(bytes, language)}`,
    ]),
  );
}

function bytesOf(found: readonly Leftover[]): number {
  return found.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
}

function leftoverLines(found: readonly Leftover[], frame: Frame): string[] {
  const text = expireText[frame.language];
  return found.length === 0
    ? [text.nothing]
    : [
        text.would(found.length),
        ...countLines(found, frame),
        retentionText[frame.language].free(formatBytes(bytesOf(found), frame.language)),
      ];
}

async function preview(found: ExpirePreview, frame: Frame): Promise<void> {
  const { showInstant, windowsToJson } = await import("../../app/list.ts");
  const { unjudgedIn } = await import("../../app/expire.ts");
  const { retention: policy } = frame.environment();
  const { leftovers, retention } = found;
  const unjudged = unjudgedIn(retention.decision);
  const listed = leftovers.map(({ key, reason, sizeBytes = null }) => ({
    key,
    reason,
    bytes: sizeBytes,
  }));
  const windows = (of: readonly Window[]): ReturnType<typeof windowsToJson>["windows"] =>
    windowsToJson({ windows: of, gaps: [] }).windows;
  const json = {
    dryRun: true,
    freeBytes: bytesOf(leftovers),
    retention: {
      ...retentionJson(retention, policy, windows),
      dumps: dumpRetentionJson(retention.decision.dumps),
    },
    leftovers: listed,
  };
  frame.result(json, () =>
    [
      ...retentionLines(retention, { frame, policy, show: showInstant }),
      ...dumpRetentionLines(retention.decision.dumps, { frame, policy }),
      "",
      ...leftoverLines(leftovers, frame),
      ...(unjudged === 0 ? [] : [expireText[frame.language].unjudged(unjudged)]),
    ].join("\n"),
  );
}

async function expire(options: Options, frame: Frame): Promise<void> {
  const { language } = frame;
  const text = expireText[language];
  const { compose } = await import("../../app/compose.ts");
  const { previewExpire, runExpire } = await import("../../app/expire.ts");
  const acceptUnreadProofs = options.acceptUnreadProofs === true;
  const request = {
    reason: acceptUnreadProofs ? "pra expire --accept-unread-proofs" : "pra expire",
    acceptRollback: options.acceptRollback === true,
    acceptUnreadProofs,
    onWatch: (holder: { readonly host: string; readonly pid: number }, forMs: number) => {
      frame.note(text.watching(holder.host, holder.pid, formatDuration(forMs, language)));
    },
    onRoomReleased: () => {
      frame.note(text.roomReleased);
    },
    signal: frame.signal,
  };
  if (options.dryRun === true) {
    await preview(await previewExpire(compose(), frame.environment(), request), frame);
    return;
  }
  frame.progress.update({ phase: text.working, detail: text.waits });
  const expired = await runExpire(compose(), frame.environment(), request);
  const { deleted, spared, stagedRemoved, more, backups, dumps, deletedBytes, unjudged } = expired;
  const json = {
    dryRun: false,
    backups: [...backups],
    dumps: [...dumps],
    deletedObjects: deleted.length,
    deletedBytes,
    sparedObjects: spared.length,
    stagedRemoved,
    more,
    unjudged,
  };
  const { givenUp, dumpsGivenUp, freed } = retentionText[language];
  frame.result(json, () =>
    [
      ...(backups.length === 0 ? [] : [givenUp(backups.length)]),
      ...(dumps.length === 0 ? [] : [dumpsGivenUp(dumps.length)]),
      deleted.length + spared.length === 0 ? text.nothing : text.deleted(deleted.length),
      ...(deletedBytes === 0 ? [] : [freed(formatBytes(deletedBytes, language))]),
      ...(spared.length === 0 ? [] : [text.spared(spared.length)]),
      ...(more ? [text.more] : []),
      ...(unjudged === 0 ? [] : [text.unjudged(unjudged)]),
    ].join("\n"),
  );
  if (unjudged > 0) {
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the command. */
export function registerExpire(program: Command, frame: Frame): void {
  const text = expireText[frame.language];
  defineCommand(program, frame.language, "expire", text.expire)
    .addOption(new Option("--dry-run", text.optionDryRun))
    .addOption(new Option("--accept-rollback", text.optionAcceptRollback))
    .addOption(new Option("--accept-unread-proofs", text.optionAcceptUnreadProofs))
    .action((options: Options) => expire(options, frame));
}
