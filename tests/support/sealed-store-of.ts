/** The repository of a command line, opened by the tests themselves. */
import { compose } from "../../src/app/compose.ts";
import { readEnvironment } from "../../src/app/environment.ts";
import { openRepository } from "../../src/app/repository-access.ts";
import type { SealedStore } from "../../src/repository/sealed-store.ts";
import type { CommandLine } from "./command-line.ts";
import { never } from "./connection-of.ts";

/** With the keys that its `init` made. */
export async function sealedStoreOf(pra: CommandLine): Promise<SealedStore> {
  const environment = readEnvironment({
    variables: { BACKUP_DIR: pra.repository, PRA_KEY_FILE: pra.keyFile },
    workingDirectory: pra.directory,
    checkoutDirectory: pra.directory,
    homeDirectory: pra.directory,
    userName: "dba",
    isRoot: false,
    flags: {},
  });
  return (await openRepository(compose(), environment, { signal: never })).sealed;
}
