/** `pra check`: everything a backup needs, a line each, with what mends it. Exit 4 when something is red. */
import { type Command, Option } from "commander";

import { findingLines, reportToJson } from "../finding-lines.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { checkText } from "../text/check-text.ts";

/** Registers the command. */
export function registerCheck(program: Command, frame: Frame): void {
  const text = checkText[frame.language];
  defineCommand(program, frame.language, "check", text)
    .addOption(new Option("--fix", text.optionFix))
    .action(async (options: { readonly fix?: true }) => {
      const { compose } = await import("../../app/compose.ts");
      const { checkReadiness } = await import("../../app/check.ts");
      const { signal } = frame;
      const environment = frame.environment();
      const report = await checkReadiness(compose(), environment, {
        signal,
        fix: options.fix === true,
        onWait: (attempts) => {
          const phase = text.waiting(attempts, environment.application.healthRetries);
          frame.progress.update({ phase });
        },
      });
      const bad = report.findings.filter(({ state }) => state === "bad").length;
      frame.result(reportToJson(report, frame.language), () =>
        [...findingLines(report, frame), "", report.ok ? text.ready : text.notReady(bad)].join(
          "\n",
        ),
      );
      if (!report.ok) {
        frame.conclude({ kind: "problems" });
      }
    });
}
