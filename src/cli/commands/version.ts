/** `pra version`: what is running here. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Command } from "commander";

import type { Frame } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { versionText } from "../text/version-text.ts";

/** Registers the command. */
export function registerVersion(program: Command, frame: Frame): void {
  defineCommand(program, frame.language, "version", versionText[frame.language]).action(
    async () => {
      const path = join(frame.checkoutDirectory, "package.json");
      const facts: unknown = JSON.parse(await readFile(path, "utf8"));
      const version =
        typeof facts === "object" && facts !== null && "version" in facts
          ? String(facts.version)
          : "?";
      const node = process.versions.node;
      const platform = `${process.platform}-${process.arch}`;
      frame.result({ version, node, platform }, () => `pra ${version} (Node ${node}, ${platform})`);
    },
  );
}
