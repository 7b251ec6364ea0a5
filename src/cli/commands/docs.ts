/** `pra docs`: the documents of this installation, made anew. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";

import { errorText } from "../../core/errors.ts";
import { labelled } from "../../core/format.ts";
import type { Frame } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { docsText } from "../text/docs-text.ts";
import { reportPeriodText } from "../text/report-period-text.ts";

type Options = { readonly output?: string; readonly fresh?: boolean };

async function metrics(options: Options, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { makeMetrics } = await import("../../app/metrics-report.ts");
  const { toneSign } = await import("../../app/period-report.ts");
  const { language, signal } = frame;
  const { fresh = false } = options;
  const output = options.output === undefined ? undefined : resolve(options.output);
  const made = await makeMetrics(compose(), frame.environment(), { output, fresh, signal });
  const { facts, report, archived, paths, ledgerFailure } = made;
  const text = reportPeriodText[language];
  const { title, subtitle, verdict, figures } = report.documents[language];
  const value = { ...facts, paths: [...paths], report: archived.id ?? null };
  frame.result(value, () =>
    [
      `${title} · ${subtitle}`,
      `${toneSign(verdict.tone)} ${verdict.text}`,
      ...figures.map(({ label, value: shown, tone, note }) =>
        `  ${toneSign(tone)} ${labelled(label, language)} ${shown} (${note})`.replaceAll(
          "\u00a0",
          " ",
        ),
      ),
      "",
      ...paths,
    ].join("\n"),
  );
  const failure = archived.failure ?? ledgerFailure;
  if (failure !== undefined) {
    frame.note(text.notArchived(errorText(failure, language).message));
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the group. */
export function registerDocs(program: Command, frame: Frame): void {
  const { language } = frame;
  const text = docsText[language];
  const group = defineGroup(program, language, "docs", text.groupSummary);
  defineCommand(group, language, "metrics", text.metrics)
    .addOption(new Option("--output <folder>", text.optionOutput))
    .addOption(new Option("--fresh", reportPeriodText[language].optionFresh))
    .action((options: Options) => metrics(options, frame));
}
