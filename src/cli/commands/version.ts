/** `pra version`: what is running here. */
import type { Command } from "commander";

import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { versionText } from "../text/version-text.ts";

/** Registers the command. */
export function registerVersion(program: Command, frame: Frame): void {
  defineCommand(program, frame.language, "version", versionText[frame.language]).action(
    async () => {
      const { programVersion } = await import("../../app/program-version.ts");
      const version = await programVersion(frame.checkoutDirectory);
      const node = process.versions.node;
      const platform = `${process.platform}-${process.arch}`;
      frame.result({ version, node, platform }, () => `pra ${version} (Node ${node}, ${platform})`);
    },
  );
}
