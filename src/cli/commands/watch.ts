/** `pra watch`: the second watcher, once or without end. Exit 4 when a look finds something red; 0 when the loop is told to end. */
import { type Command, Option } from "commander";

import type { SecondLook } from "../../app/second-watch/look-from-repository.ts";
import { DrError } from "../../core/errors.ts";
import { checkNames } from "../../core/finding/finding-words.ts";
import { groupedLines, reportToJson } from "../finding-lines.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { statusText } from "../text/status-text.ts";
import { watchText } from "../text/watch-text.ts";
import { watchingEnvironment } from "../watching-environment.ts";
import { wholeNumber } from "../whole-number.ts";
import { serve } from "./daemon.ts";

type WatchOptions = { readonly fromRepository?: true; readonly every?: number };

/** Red here, and somebody else's to tell. */
function leftToFirst({
  findings,
  observations,
}: SecondLook): readonly SecondLook["findings"][number]["id"][] {
  const told = new Set(
    observations.filter(({ health }) => health !== "well").map(({ rule }) => rule),
  );
  return [
    ...new Set(findings.flatMap(({ id, state }) => (state === "bad" && !told.has(id) ? [id] : []))),
  ];
}

function lookJson(look: SecondLook, frame: Frame): JsonValue {
  const { sign } = look;
  const report = reportToJson(look, frame.language) as Readonly<Record<string, JsonValue>>;
  return {
    ...report,
    firstWatcher: sign === undefined ? null : { host: sign.host, signedAt: sign.at },
    leftToFirst: leftToFirst(look),
  };
}

function lookLines(look: SecondLook, frame: Frame): readonly string[] {
  const text = watchText[frame.language];
  const names = checkNames[frame.language];
  const red = look.findings.flatMap(({ id, state }) => (state === "bad" ? [names[id]] : []));
  const left = leftToFirst(look).map((id) => names[id]);
  const { passed, failed } = statusText[frame.language];
  return [
    ...groupedLines(look, frame),
    "",
    ...(left.length === 0 ? [] : [text.leftToFirst(left, look.sign?.host ?? "?")]),
    look.ok ? passed : failed(red),
  ];
}

async function once(frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { watchFromRepository } = await import("../../app/second-watch/watch-from-repository.ts");
  const { signal } = frame;
  const environment = await watchingEnvironment(frame);
  const look = await watchFromRepository(compose(), environment, { signal });
  frame.result(lookJson(look, frame), () => lookLines(look, frame).join("\n"));
  if (!look.ok) {
    frame.conclude({ kind: "problems" });
  }
}

async function watch({ fromRepository, every }: WatchOptions, frame: Frame): Promise<void> {
  if (fromRepository !== true) {
    const option = "--from-repository";
    throw new DrError("USAGE_MISSING_OPTION", { option, command: "pra watch" });
  }
  await (every === undefined
    ? once(frame)
    : serve({ receiver: false, secondEveryMs: every * 1000 }, frame));
}

/** Registers the command. */
export function registerWatch(program: Command, frame: Frame): void {
  const text = watchText[frame.language];
  const every = wholeNumber({ name: "--every", command: "pra watch", min: 10, max: 3600 });
  defineCommand(program, frame.language, "watch", text)
    .addOption(new Option("--from-repository", text.optionFromRepository))
    .addOption(new Option("--every <seconds>", text.optionEvery).argParser(every))
    .action((options: WatchOptions) => watch(options, frame));
}
