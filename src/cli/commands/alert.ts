/** `pra alert`: list, ack, silence, unsilence, deliver; test and confirm are in `alert-test.ts`. */
import { Argument, type Command, Option } from "commander";

import type { Environment } from "../../app/environment.ts";
import { errorText, isDrError } from "../../core/errors.ts";
import {
  alertJson,
  alertListJson,
  alertListLines,
  localMinute,
  quietJson,
} from "../alert-lines.ts";
import type { Frame } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { registerAlertTest } from "./alert-test.ts";
import { alertText } from "../text/alert-text.ts";
import { salvagedEnvironment } from "../watching-environment.ts";

type Person = { readonly reason: string; readonly by?: string };

async function list(options: { readonly all?: true }, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { listAlerts } = await import("../../app/watch/alert-commands.ts");
  const found = await listAlerts(compose(), frame.environment(), { signal: frame.signal });
  frame.result(alertListJson(found, frame), () =>
    alertListLines(found, { all: options.all === true }, frame).join("\n"),
  );
  if (found.open.some(({ track }) => track.severity === "critical")) {
    frame.conclude({ kind: "problems" });
  }
}

/** Hands over beside us, and lives on. */
async function handOver(environment: Environment): Promise<void> {
  const { startDelivery } = await import("../../app/watch/deliver.ts");
  startDelivery(environment);
}

async function ack(id: string, options: Person, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { acknowledgeAlert } = await import("../../app/watch/alert-commands.ts");
  const text = alertText[frame.language];
  const environment = frame.environment();
  const { reason, by } = options;
  const taken = await acknowledgeAlert(compose(), environment, {
    id,
    reason,
    by,
    signal: frame.signal,
  });
  const alerts = taken.map((track) => alertJson({ track, silencedBy: undefined }, frame));
  frame.result({ ok: true, alerts }, () =>
    [
      ...taken.map(({ alertId, acknowledged }) => text.taken(alertId, acknowledged?.by ?? "")),
      text.takenNote,
    ].join("\n"),
  );
  await handOver(environment);
}

async function silence(
  rule: string,
  options: Person & { readonly until: string },
  frame: Frame,
): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { beginQuiet } = await import("../../app/watch/alert-commands.ts");
  const { reason, by, until } = options;
  const quiet = await beginQuiet(compose(), frame.environment(), {
    kind: "silence",
    rule,
    until,
    reason,
    by,
    signal: frame.signal,
  });
  const text = alertText[frame.language];
  const name = rule === "all" ? text.everyRule : rule;
  frame.result(quietJson(quiet), () => text.began(name, localMinute(quiet.untilWallMs), quiet.id));
}

async function unsilence(which: string, options: { by?: string }, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { endQuiet } = await import("../../app/watch/alert-commands.ts");
  const { by } = options;
  const ended = await endQuiet(compose(), frame.environment(), {
    kind: "silence",
    which,
    by,
    signal: frame.signal,
  });
  const text = alertText[frame.language];
  frame.result({ ok: true, ended: ended.map(quietJson) }, () =>
    ended.map(({ rule, id }) => text.ended(rule === "all" ? text.everyRule : rule, id)).join("\n"),
  );
}

/** Also of a configuration that is refused the channels are used: that is what is to be told on them. Then nothing is looked at. */
function deliveringEnvironment(frame: Frame): {
  readonly environment: Environment;
  readonly whole: boolean;
} {
  try {
    return { environment: frame.environment({}, { strict: false }), whole: true };
  } catch (error) {
    const environment = isDrError(error) ? salvagedEnvironment(frame) : undefined;
    if (environment === undefined) {
      throw error;
    }
    return { environment, whole: false };
  }
}

type DeliverOptions = { readonly look?: true; readonly sign?: true };

async function deliver(options: DeliverOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { handOver: handOverDue } = await import("../../app/watch/watch-once.ts");
  const { language, signal } = frame;
  const text = alertText[language];
  const { environment, whole } = deliveringEnvironment(frame);
  const look = whole && options.look === true;
  const sign = whole && options.sign === true;
  const report = await handOverDue(compose(), environment, { signal, look, sign });
  const { state, settled, waiting, events, ledgerFailure } = report;
  for (const problem of report.problems) {
    const { message, hint } = errorText(problem, language);
    frame.note(`! ${message}\n  ${hint}`);
  }
  const accepted = settled.filter((each) => each.state === "accepted").length;
  const refused = settled.length - accepted;
  const ledger = ledgerFailure?.code ?? null;
  frame.result({ state, accepted, refused, waiting, eventsWaiting: events, ledger }, () =>
    [
      state === "busy" ? text.busy : text.delivered(accepted, refused, waiting),
      ...(ledgerFailure === undefined
        ? []
        : [text.ledgerWaits(events, errorText(ledgerFailure, language).message)]),
    ].join("\n"),
  );
  if (refused > 0) {
    frame.conclude({ kind: "problems" });
  }
}

/** Registers the group. */
export function registerAlert(program: Command, frame: Frame): void {
  const text = alertText[frame.language];
  const group = defineGroup(program, frame.language, "alert", text.groupSummary);
  defineCommand(group, frame.language, "list", text.list)
    .addOption(new Option("--all", text.optionAll))
    .action((options: { readonly all?: true }) => list(options, frame));
  defineCommand(group, frame.language, "ack", text.ack)
    .addArgument(new Argument("<id>", text.argumentAlert))
    .addOption(new Option("--reason <text>", text.optionReason).makeOptionMandatory())
    .addOption(new Option("--by <name>", text.optionBy))
    .action((id: string, options: Person) => ack(id, options, frame));
  defineCommand(group, frame.language, "silence", text.silence)
    .addArgument(new Argument("<rule>", text.argumentRule))
    .addOption(new Option("--until <when>", text.optionUntil).makeOptionMandatory())
    .addOption(new Option("--reason <text>", text.optionReason).makeOptionMandatory())
    .addOption(new Option("--by <name>", text.optionBy))
    .action((rule: string, options: Person & { readonly until: string }) =>
      silence(rule, options, frame),
    );
  defineCommand(group, frame.language, "unsilence", text.unsilence)
    .addArgument(new Argument("<rule>", text.argumentQuiet))
    .addOption(new Option("--by <name>", text.optionBy))
    .action((which: string, options: { readonly by?: string }) => unsilence(which, options, frame));
  registerAlertTest(group, frame);
  defineCommand(group, frame.language, "deliver", text.deliver)
    .addOption(new Option("--look", text.optionLook))
    .addOption(new Option("--sign", text.optionSign))
    .action((options: DeliverOptions) => deliver(options, frame));
}
