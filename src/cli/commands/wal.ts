/** `pra wal`: `receive` and `status` for people, `push` and `fetch` for servers. */
import { type Command, Option } from "commander";

import type { ReceiveResult, ReceiveStatus } from "../../app/wal-receive.ts";
import type { WalState } from "../../app/wal-status.ts";
import { DrError, errorText } from "../../core/errors.ts";
import { formatLsn, type Lsn } from "../../core/lsn.ts";
import type { ReceiverEvent } from "../../wal/receiver-events.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { walText } from "../text/wal-text.ts";

type ReceiveOptions = {
  readonly acceptRollback?: true;
  readonly allowUntestedMajor?: true;
};

function lsnText(lsn: Lsn | undefined): string | null {
  return lsn === undefined ? null : formatLsn(lsn);
}

function showStatus(status: ReceiveStatus, frame: Frame): void {
  const { language } = frame;
  const text = walText[language];
  const lag = status.lagBytes === undefined ? text.unknown : formatBytes(status.lagBytes, language);
  frame.progress.update({
    phase: text.states[status.state],
    isWithoutEnd: true,
    detail: text.progress({
      durable: lsnText(status.repositoryLsn) ?? "–",
      lag,
      exposure: formatDuration(status.exposureSeconds * 1000, language),
    }),
  });
}

/** What is worth a line; undefined for what happens every few seconds. */
function eventLine(event: ReceiverEvent, frame: Frame): string | undefined {
  const text = walText[frame.language];
  switch (event.kind) {
    case "slot-created":
      return text.slotCreated(event.slot);
    case "slot-missing":
      return text.slotMissing(event.slot);
    case "streaming":
      return text.streaming(event.timeline, formatLsn(event.fromLsn));
    case "disconnected":
      return text.disconnected(errorText(event.cause, frame.language).message);
    case "gap":
      return text.gap(formatLsn(event.fromLsn), formatLsn(event.toLsn), event.timeline);
    case "timeline-switched":
      return text.switched(event.from, event.to, formatLsn(event.switchLsn));
    case "segment-conflict":
      return text.conflict(event.segment);
    case "index-failed":
      return text.indexFailed(event.segment);
    case "segment-published":
      return undefined;
  }
}

function renderReceived(result: ReceiveResult, frame: Frame): string {
  const text = walText[frame.language];
  const { ledgerFailure } = result;
  return [
    text.stopped(lsnText(result.repositoryLsn) ?? "–", String(result.timeline ?? "–")),
    text.restartHint,
    ...(ledgerFailure === undefined
      ? []
      : [text.ledgerFailed(errorText(ledgerFailure, frame.language).message)]),
  ].join("\n");
}

async function receive(options: ReceiveOptions, frame: Frame): Promise<void> {
  const text = walText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { runReceiver } = await import("../../app/wal-receive.ts");
  const result = await runReceiver(compose(), frame.environment({}, { strict: false }), {
    acceptRollback: options.acceptRollback === true,
    allowUntestedMajor: options.allowUntestedMajor === true,
    reason: "pra wal receive",
    onStatus: (status) => {
      showStatus(status, frame);
    },
    onEvent: (event) => {
      const line = eventLine(event, frame);
      if (line !== undefined) {
        frame.note(line);
      }
    },
    onWatch: (holder, forMs) => {
      frame.note(text.watching(holder.host, holder.pid, formatDuration(forMs, frame.language)));
    },
    signal: frame.signal,
  });
  const { timeline, slot, gaps } = result;
  const repositoryLsn = lsnText(result.repositoryLsn);
  frame.result({ timeline: timeline ?? null, repositoryLsn, slot, gaps }, () =>
    renderReceived(result, frame),
  );
  if (gaps > 0) {
    frame.conclude({ kind: "problems" });
  } else if (result.ledgerFailure !== undefined) {
    frame.conclude({ kind: "warnings" });
  }
}

function statusJson(state: WalState): JsonValue {
  const { server, receiver } = state;
  return {
    timeline: state.timeline ?? null,
    serverLsn: lsnText(server?.flushLsn),
    repositoryLsn: lsnText(state.repositoryLsn),
    lagBytes: state.lagBytes ?? null,
    exposureSeconds: state.exposureSeconds ?? null,
    gaps: state.openGaps.map((gap) => ({
      timeline: gap.timeline,
      from: formatLsn(gap.fromLsn),
      to: formatLsn(gap.toLsn),
      cause: gap.cause,
    })),
    slot: { name: state.slot, retainedBytes: server?.slotRetainedBytes ?? null },
    systemId: state.systemId ?? null,
    receiver: receiver === undefined ? null : { ...receiver },
    serverError: state.serverError?.code ?? null,
  };
}

function exposureText(state: WalState, frame: Frame): string {
  const text = walText[frame.language];
  const { exposureSeconds } = state;
  if (exposureSeconds === undefined) {
    return text.unknown;
  }
  return exposureSeconds === 0
    ? text.exposureNone
    : text.exposureAtMost(formatDuration(exposureSeconds * 1000, frame.language));
}

function receiverText(state: WalState, frame: Frame): string {
  const text = walText[frame.language];
  const { receiver } = state;
  if (receiver === undefined) {
    return text.receiverNone;
  }
  const { host, pid, since, liveness } = receiver;
  return liveness === "dead" ? text.receiverDead(host, pid) : text.receiverFacts(host, pid, since);
}

function renderStatus(state: WalState, frame: Frame): string {
  const { language } = frame;
  const text = walText[language];
  const { server, serverError } = state;
  const retained = server?.slotRetainedBytes;
  const noReceiver = state.receiver === undefined || state.receiver.liveness === "dead";
  return [
    ...factLines([
      [
        text.cluster,
        state.systemId === undefined ? state.cluster : `${state.cluster} (${state.systemId})`,
      ],
      [text.timeline, String(state.timeline ?? "–")],
      [
        text.server,
        serverError === undefined
          ? (lsnText(server?.flushLsn) ?? "–")
          : errorText(serverError, language).message,
      ],
      [text.repository, lsnText(state.repositoryLsn) ?? text.noWal],
      [
        text.lag,
        state.lagBytes === undefined ? text.unknown : formatBytes(state.lagBytes, language),
      ],
      [text.exposure, exposureText(state, frame)],
      [
        text.slot,
        retained === undefined
          ? text.slotAbsent(state.slot)
          : text.slotRetains(state.slot, formatBytes(retained, language)),
      ],
      [text.receiver, receiverText(state, frame)],
    ]),
    ...(noReceiver ? [`  ${text.receiverAdvice}`] : []),
    ...state.openGaps.map((gap) => text.gapLine(formatLsn(gap.fromLsn), formatLsn(gap.toLsn))),
    ...(state.openGaps.length === 0 ? [] : [text.gapAdvice]),
  ].join("\n");
}

async function status(frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { readWalState } = await import("../../app/wal-status.ts");
  const state = await readWalState(compose(), frame.environment({}, { strict: false }), {
    signal: frame.signal,
  });
  frame.result(statusJson(state), () => renderStatus(state, frame));
  const receives = state.receiver !== undefined && state.receiver.liveness !== "dead";
  if (!receives || state.openGaps.length > 0 || state.serverError !== undefined) {
    frame.conclude({ kind: "problems" });
  }
}

async function push(path: string, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { runPush } = await import("../../app/wal-push.ts");
  const request = { path, reason: "pra wal push", signal: frame.signal };
  const result = await runPush(compose(), frame.environment({}, { strict: false }), request);
  // A server's log has no use for a line a segment.
  frame.result({ path, result }, () => "");
}

type FetchOptions = {
  readonly incarnation?: string;
  readonly printRestoreCommand?: true;
};

async function printRestoreCommand(options: FetchOptions, frame: Frame): Promise<void> {
  const { restoreCommand } = await import("../../app/wal-fetch.ts");
  const text = walText[frame.language];
  const { checkoutDirectory } = frame;
  const { incarnation } = options;
  const line = restoreCommand(frame.environment({}, { strict: false }), {
    checkoutDirectory,
    incarnation,
  });
  frame.result({ restoreCommand: line.command, setting: line.setting }, () => line.setting);
  frame.note(text.restoreCommandAdvice);
}

async function fetch(
  name: string | undefined,
  path: string | undefined,
  options: FetchOptions,
  frame: Frame,
): Promise<void> {
  if (options.printRestoreCommand === true) {
    await printRestoreCommand(options, frame);
    return;
  }
  if (name === undefined || path === undefined) {
    const missing = name === undefined ? "name" : "path";
    throw new DrError("USAGE_MISSING_ARGUMENT", { name: missing, command: "pra wal fetch" });
  }
  const { compose } = await import("../../app/compose.ts");
  const { runFetch } = await import("../../app/wal-fetch.ts");
  const { incarnation } = options;
  const request = { name, path, incarnation, signal: frame.signal };
  const result = await runFetch(compose(), frame.environment({}, { strict: false }), request);
  frame.result({ name, path, result }, () => "");
  if (result === "absent") {
    frame.conclude({ kind: "absent" });
  }
}

/** Registers the group. */
export function registerWal(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = walText[language];
  const group = defineGroup(program, language, "wal", text.groupSummary);
  defineCommand(group, language, "receive", text.receive)
    .addOption(new Option("--accept-rollback", text.optionAcceptRollback))
    .addOption(new Option("--allow-untested-major", text.optionUntested))
    .action((options: ReceiveOptions) => receive(options, frame));
  defineCommand(group, language, "status", text.status).action(() => status(frame));
  defineCommand(group, language, "push", text.push)
    .argument("<path>", text.argumentPushed)
    .action((path: string) => push(path, frame));
  defineCommand(group, language, "fetch", text.fetch)
    .argument("[name]", text.argumentName)
    .argument("[path]", text.argumentPath)
    .addOption(new Option("--print-restore-command", text.optionPrint))
    .addOption(new Option("--incarnation <name>", text.optionIncarnation))
    .action((name: string | undefined, path: string | undefined, options: FetchOptions) =>
      fetch(name, path, options, frame),
    );
}
