/** `pra heartbeat`: writes one beat, or prints what makes its table. */
import { type Command, Option } from "commander";

import { formatNumber } from "../../core/format.ts";
import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { heartbeatText } from "../text/heartbeat-text.ts";

async function heartbeat(options: { readonly sql?: true }, frame: Frame): Promise<void> {
  const text = heartbeatText[frame.language];
  const app = await import("../../app/heartbeat.ts");
  const environment = frame.environment();
  if (options.sql === true) {
    const database = app.heartbeatDatabase(environment);
    const statements = app.heartbeatSql(environment);
    frame.result({ database, statements }, () =>
      [`-- ${text.title(database).replaceAll(/[\r\n]+/g, " ")}`, ...statements].join("\n"),
    );
    return;
  }
  const { signal } = frame;
  const { database, cluster, beatAt, beats } = await app.writeHeartbeat(environment, { signal });
  frame.result({ database, cluster, beatAt, beats }, () =>
    text.written(database, beatAt, formatNumber(beats, frame.language)),
  );
}

/** Registers the command. */
export function registerHeartbeat(program: Command, frame: Frame): void {
  const text = heartbeatText[frame.language];
  defineCommand(program, frame.language, "heartbeat", text)
    .addOption(new Option("--sql", text.optionSql))
    .action((options: { readonly sql?: true }) => heartbeat(options, frame));
}
