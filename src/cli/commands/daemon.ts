/**
 * `pra daemon`: watches until it is told to stop. Exit 0 after SIGTERM or SIGINT: that is how a daemon ends well. SIGHUP: the configuration is read
 * at once, and the log opened anew; SIGUSR2: the log alone.
 */
import { type Command, Option } from "commander";

import { isDrError } from "../../core/errors.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { daemonText } from "../text/daemon-text.ts";
import { watchingEnvironment } from "../watching-environment.ts";

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

/** Runs a daemon of either kind until it is told to end. */
export async function serve(
  options: { readonly receiver: boolean; readonly secondEveryMs?: number },
  frame: Frame,
): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { runDaemon } = await import("../../app/daemon/run-daemon.ts");
  const { DaemonLog } = await import("../../app/daemon/log.ts");
  const { signal } = frame;
  using output = new DaemonLog({
    write: (line) => process.stdout.write(line),
    isTerminal: frame.columns !== undefined,
    now: Date.now,
  });
  const environment = (): ReturnType<Frame["environment"]> => {
    const read = frame.environment({}, { strict: false });
    output.use(read);
    return read;
  };
  const { envFile } = await watchingEnvironment(frame);
  process.on("SIGUSR2", () => {
    output.reopen();
  });
  try {
    await runDaemon(compose(), {
      environment,
      receiver: options.receiver ? receiverCommand(envFile) : undefined,
      secondEveryMs: options.secondEveryMs,
      log: output.log,
      onReload: (reload) => {
        process.on("SIGHUP", () => {
          output.reopen();
          reload();
        });
      },
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
    .action((options: { readonly receiver: boolean }) => serve(options, frame));
}
