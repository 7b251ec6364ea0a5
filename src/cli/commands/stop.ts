/** `pra stop DIRECTORY`: stops the server that `pra restore --start` left running. */
import { type Command, Option } from "commander";

import { formatDuration } from "../../core/format.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { restoreText } from "../text/restore-text.ts";

/** Registers the command. */
export function registerStop(program: Command, frame: Frame): void {
  const text = restoreText[frame.language];
  defineCommand(program, frame.language, "stop", text.stop)
    .argument("<directory>", text.options.directory)
    .addOption(
      new Option("--mode <mode>", text.options.mode)
        .choices(["fast", "smart", "immediate"])
        .default("fast"),
    )
    .action(async (directory: string, options: { mode: "fast" | "smart" | "immediate" }) => {
      const { stopCopy } = await import("../../app/stop.ts");
      const stopped = await stopCopy(directory, { mode: options.mode, signal: frame.signal });
      const { pid, dataDirectory, durationMs } = stopped;
      frame.result({ pid, dataDirectory, durationMs }, () =>
        text.stopped(pid, formatDuration(durationMs, frame.language)),
      );
    });
}
