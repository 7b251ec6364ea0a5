/** `pra daemon`: watches until it is told to stop. Exit 0 after SIGTERM or SIGINT: that is how a daemon ends well. */
import { type Command, Option } from "commander";

import { isDrError } from "../../core/errors.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { daemonText } from "../text/daemon-text.ts";

/** This program again, with the same configuration. */
function receiverCommand(envFile: string | undefined): {
  readonly program: string;
  readonly words: readonly string[];
} {
  const [, entry = ""] = process.argv;
  const file = envFile === undefined ? [] : ["--env-file", envFile];
  const words = [...process.execArgv, entry, ...file, "wal", "receive"];
  return { program: process.execPath, words };
}

async function daemon(options: { readonly receiver: boolean }, frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { runDaemon } = await import("../../app/daemon/run-daemon.ts");
  const { lineLog } = await import("../../app/daemon/log.ts");
  const { signal } = frame;
  const environment = (): ReturnType<Frame["environment"]> =>
    frame.environment({}, { strict: false });
  const { envFile } = environment();
  try {
    await runDaemon(compose(), {
      environment,
      receiver: options.receiver ? receiverCommand(envFile) : undefined,
      log: lineLog((line) => process.stdout.write(line), Date.now),
      signal,
    });
  } catch (error) {
    if (!signal.aborted || (isDrError(error) && error.code !== "USAGE_INTERRUPTED")) {
      throw error;
    }
  }
}

/** Registers the command. */
export function registerDaemon(program: Command, frame: Frame): void {
  const text = daemonText[frame.language];
  defineCommand(program, frame.language, "daemon", text)
    .addOption(new Option("--no-receiver", text.optionNoReceiver))
    .action((options: { readonly receiver: boolean }) => daemon(options, frame));
}
