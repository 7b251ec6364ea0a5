/** `pra maintenance`: start, end, list. */
import { type Command, Option } from "commander";

import { alertListJson, localMinute, maintenanceLines, quietJson } from "../alert-lines.ts";
import type { Frame } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { alertText } from "../text/alert-text.ts";

type StartOptions = {
  readonly until: string;
  readonly reason: string;
  readonly rule?: string;
  readonly by?: string;
};

async function start(options: StartOptions, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { beginQuiet } = await import("../../app/watch/alert-commands.ts");
  const { until, reason, rule = "all", by } = options;
  const text = alertText[frame.language];
  const quiet = await beginQuiet(compose(), frame.environment(), {
    kind: "maintenance",
    rule,
    until,
    reason,
    by,
    signal: frame.signal,
  });
  const name = rule === "all" ? text.everyRule : rule;
  frame.result(quietJson(quiet), () => text.began(name, localMinute(quiet.untilWallMs), quiet.id));
}

async function end(options: { readonly by?: string }, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { endQuiet } = await import("../../app/watch/alert-commands.ts");
  const text = alertText[frame.language];
  const ended = await endQuiet(compose(), frame.environment(), {
    kind: "maintenance",
    which: "all",
    by: options.by,
    signal: frame.signal,
  });
  frame.result({ ok: true, ended: ended.map(quietJson) }, () =>
    ended.map(({ rule, id }) => text.ended(rule === "all" ? text.everyRule : rule, id)).join("\n"),
  );
}

async function list(frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { listAlerts } = await import("../../app/watch/alert-commands.ts");
  const found = await listAlerts(compose(), frame.environment(), { signal: frame.signal });
  const windows = {
    ...found,
    quiets: found.quiets.filter(({ kind }) => kind === "maintenance"),
  };
  const { quiet, planned } = alertListJson(windows, frame);
  frame.result({ windows: quiet ?? null, planned: planned ?? null }, () =>
    maintenanceLines(windows, frame).join("\n"),
  );
}

/** Registers the group. */
export function registerMaintenance(program: Command, frame: Frame): void {
  const text = alertText[frame.language];
  const group = defineGroup(program, frame.language, "maintenance", text.maintenanceSummary);
  defineCommand(group, frame.language, "start", text.maintenanceStart)
    .addOption(new Option("--until <when>", text.optionUntil).makeOptionMandatory())
    .addOption(new Option("--reason <text>", text.optionReason).makeOptionMandatory())
    .addOption(new Option("--rule <rule>", text.optionRule))
    .addOption(new Option("--by <name>", text.optionBy))
    .action((options: StartOptions) => start(options, frame));
  defineCommand(group, frame.language, "end", text.maintenanceEnd)
    .addOption(new Option("--by <name>", text.optionBy))
    .action((options: { readonly by?: string }) => end(options, frame));
  defineCommand(group, frame.language, "list", text.maintenanceList).action(() => list(frame));
}
