/**
 * The configuration by which the demonstration's own repository and server are reached. Nothing of the user's `.env` or
 * environment takes part, so that it can never touch their server or repository. The same values lie in the folder's
 * `.env`, for whoever looks at it afterwards.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, readEnvironment } from "../environment.ts";
import type { DemoFolder } from "./demo-folder.ts";

/** The cluster's name in the repository. */
export const demoCluster = "demo";

/** Where a server listens: a socket in a private directory. */
export type DemoSocket = { readonly socketDirectory: string; readonly port: number };

/** What the configuration is made of. */
export type DemoPlaces = Pick<
  DemoFolder,
  "root" | "repository" | "keyFile" | "spool" | "binDirectory"
>;

function repositoryValues(folder: DemoPlaces): Readonly<Record<string, string>> {
  return {
    BACKUP_DIR: folder.repository,
    PRA_KEY_FILE: folder.keyFile,
    PRA_CLUSTER: demoCluster,
    PRA_STATE_DIR: join(folder.root, "state"),
    PRA_SPOOL_DIR: folder.spool,
    PRA_PG_BIN_DIR: folder.binDirectory,
  };
}

/** The configuration; without a server, only the repository can be reached. */
export function demoEnvironment(folder: DemoPlaces, server?: DemoSocket): Environment {
  return readEnvironment({
    variables: {
      ...repositoryValues(folder),
      PG_HOST: server?.socketDirectory,
      PG_PORT: server === undefined ? undefined : String(server.port),
      PG_USER: "postgres",
      PG_DATABASE: "postgres",
    },
    workingDirectory: folder.root,
    checkoutDirectory: folder.root,
    homeDirectory: folder.root,
    userName: "postgres",
    isRoot: false,
  });
}

/** The value in a quote that it does not contain: a folder's name may hold `#` or a space. */
function quoted(value: string): string {
  const quote = ["'", '"', "`"].find((each) => !value.includes(each)) ?? "";
  return `${quote}${value}${quote}`;
}

/** Writes the folder's `.env`. */
export async function writeDemoEnvironment(folder: DemoPlaces): Promise<void> {
  const lines = Object.entries(repositoryValues(folder)).map(
    ([name, value]) => `${name}=${quoted(value)}`,
  );
  await writeFile(join(folder.root, ".env"), `${lines.join("\n")}\n`, { mode: 0o600 });
}
