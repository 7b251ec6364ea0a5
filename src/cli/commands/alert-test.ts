/** `pra alert test` and `pra alert confirm`. */
import { Argument, type Command, Option } from "commander";

import type { ChannelTestReport } from "../../app/channels/test-channels.ts";
import { type DrError, errorText } from "../../core/errors.ts";
import type { ChannelName } from "../../watch/notifier.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { formatTable } from "../table.ts";
import { alertTestText } from "../text/alert-test-text.ts";

/** `2027-01-31 23:59 UTC` of an instant. */
function minute(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

function ledgerLines(failure: DrError | undefined, frame: Frame): readonly string[] {
  const text = alertTestText[frame.language];
  return failure === undefined
    ? []
    : [`! ${text.ledgerFailed(errorText(failure, frame.language).message)}`];
}

function renderTest(report: ChannelTestReport, frame: Frame): string {
  const text = alertTestText[frame.language];
  const { tested } = report;
  const failed = tested.filter(({ outcome }) => outcome.state !== "accepted").length;
  const columns = [text.channel, text.recipient, text.result, text.answer];
  return [
    ...tested.flatMap(({ channel, recipient, sent }) => [
      text.sent(text.channels[channel], recipient),
      "",
      sent.trimEnd(),
      "",
    ]),
    formatTable(
      columns.map((heading) => ({ heading })),
      tested.map(({ channel, recipient, outcome, durationMs }) => [
        text.channels[channel],
        recipient,
        text.states[outcome.state],
        `${outcome.said} ${text.after(durationMs)}`,
      ]),
    ),
    "",
    ...ledgerLines(report.ledgerFailure, frame),
    ...(failed === 0 ? [] : [text.notTaken(failed)]),
    ...(failed === tested.length ? [] : [text.next(minute(report.codesUntil))]),
  ].join("\n");
}

async function test(options: { readonly channel?: ChannelName }, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { testChannels } = await import("../../app/channels/test-channels.ts");
  const { startDelivery } = await import("../../app/watch/deliver.ts");
  const text = alertTestText[frame.language];
  const environment = frame.environment();
  const report = await testChannels(compose(), environment, {
    channel: options.channel,
    signal: frame.signal,
    onStart: (count) => {
      frame.progress.update({ phase: text.sending(count) });
    },
  });
  const ok = report.tested.every(({ outcome }) => outcome.state === "accepted");
  frame.result(
    {
      ok,
      codesUntil: report.codesUntil,
      ledger: report.ledgerFailure?.code ?? null,
      channels: report.tested.map(({ outcome, ...one }) => ({
        ...one,
        state: outcome.state,
        said: outcome.said,
      })),
    },
    () => renderTest(report, frame),
  );
  if (report.alertsWait) {
    startDelivery(environment);
  }
  if (!ok) {
    frame.conclude({ kind: "problems" });
  }
}

async function confirm(
  code: string,
  options: { readonly by: string },
  frame: Frame,
): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { confirmChannel } = await import("../../app/channels/confirm-channel.ts");
  const text = alertTestText[frame.language];
  const { signal } = frame;
  const { by } = options;
  const done = await confirmChannel(compose(), frame.environment(), { code, by, signal });
  const { ledgerFailure, ...facts } = done;
  frame.result({ ok: true, ...facts, ledger: ledgerFailure?.code ?? null }, () =>
    [
      text.confirmed(done.by, text.channels[done.channel], done.recipient),
      text.sentAt(minute(done.sentAt)),
      ...(ledgerFailure === undefined ? [text.recorded] : ledgerLines(ledgerFailure, frame)),
    ].join("\n"),
  );
}

/** Registers both in the group `alert`. */
export function registerAlertTest(group: Command, frame: Frame): void {
  const text = alertTestText[frame.language];
  defineCommand(group, frame.language, "test", text.test)
    .addOption(
      new Option("--channel <name>", text.optionChannel).choices(Object.keys(text.channels)),
    )
    .action((options: { readonly channel?: ChannelName }) => test(options, frame));
  defineCommand(group, frame.language, "confirm", text.confirm)
    .addArgument(new Argument("<code>", text.argumentCode))
    .addOption(new Option("--by <name>", text.optionBy).makeOptionMandatory())
    .action((code: string, options: { readonly by: string }) => confirm(code, options, frame));
}
