/** `pra schedule run` and `run-missed`: the part of the schedule that machines start. */
import { type Command, Option } from "commander";

import type { Environment } from "../../app/environment.ts";
import { DrError, isDrError } from "../../core/errors.ts";
import { systemClock } from "../../core/clock.ts";
import { readCommandLine } from "../command-line.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { missedJson, missedLines } from "../schedule-lines.ts";
import { runWords } from "../text/run-words.ts";
import { scheduleText } from "../text/schedule-text.ts";

/** The program's own `--env-file` says where the records lie; a configuration that is wrong is told by the program, which must run. */
function environmentOf(words: readonly string[], frame: Frame): Environment | undefined {
  try {
    const { envFile, lang } = readCommandLine(words);
    return frame.environment(lang === undefined ? {} : { PRA_LANG: lang }, {
      strict: false,
      envFile,
    });
  } catch (error) {
    if (isDrError(error)) {
      return undefined;
    }
    throw error;
  }
}

type RunOptions = { readonly when?: "last-of-month" };

async function run(
  job: string,
  words: readonly string[],
  { options, frame }: { readonly options: RunOptions; readonly frame: Frame },
): Promise<void> {
  const [program] = words;
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(job)) {
    throw new DrError("USAGE_VALUE", { name: "<job>", value: job, command: "pra schedule run" });
  }
  if (program === undefined) {
    throw new DrError("USAGE_MISSING_ARGUMENT", { name: "words", command: "pra schedule run" });
  }
  const { catchUpAfterCheck, runRecorded } = await import("../../app/schedule/run-job.ts");
  const { LogSink } = await import("../../app/schedule/run-program-logged.ts");
  const log = new LogSink(1);
  const environment = environmentOf(words, frame);
  const said = runWords[environment?.language ?? frame.language];
  const context = { environment, clock: systemClock, said, signal: frame.signal };
  const cause = { kind: "schedule" } as const;
  const lastOfMonth = options.when !== undefined;
  const request = { job, program, words: words.slice(1), cause, lastOfMonth };
  const { exitCode } = await runRecorded(request, context, log);
  await catchUpAfterCheck(request, context, log);
  frame.conclude({ kind: "program", code: exitCode });
}

async function runMissed(frame: Frame): Promise<void> {
  const { catchUp } = await import("../../app/schedule/run-job.ts");
  const { systemZone } = await import("../../app/schedule/occurrences.ts");
  const text = scheduleText[frame.language];
  const environment = frame.environment();
  const context = {
    environment,
    clock: systemClock,
    said: runWords[frame.language],
    signal: frame.signal,
  };
  const made = await catchUp(context);
  frame.result({ caughtUp: missedJson(made) }, () =>
    made.length === 0
      ? text.missedNone
      : [...missedLines(made, systemZone(), frame), text.made(made.length)].join("\n"),
  );
}

/** Registers both. */
export function registerScheduleRun(group: Command, frame: Frame): void {
  const text = scheduleText[frame.language];
  defineCommand(group, frame.language, "run", text.run)
    .argument("<job>", text.argumentJob)
    .argument("[words...]", text.argumentWords)
    .addOption(new Option("--when <days>", text.optionWhen).choices(["last-of-month"]))
    .action((job: string, words: readonly string[], options: RunOptions) =>
      run(job, words, { options, frame }),
    );
  defineCommand(group, frame.language, "run-missed", text.runMissed).action(() => runMissed(frame));
}
