/** Which `.env` counts, and what stands in it. */
import { join, resolve } from "node:path";
import { DrError } from "../core/errors.ts";
import { type EnvFileValue, readEnvFile } from "./env-file.ts";

/** The file and its values. */
export type EnvFile = {
  readonly path: string;
  readonly values: ReadonlyMap<string, EnvFileValue>;
};

/** Where it may be. */
type Places = {
  /** The one that was named; it must exist. */
  readonly envFile?: string | undefined;
  readonly workingDirectory: string;
  readonly checkoutDirectory: string;
  readonly salvage: boolean;
};

/** The one that was named, else that of the working directory, else that of the checkout. @throws DrError `CONFIG_ENV_…`. */
export function findEnvFile(input: Places): EnvFile | undefined {
  if (input.envFile !== undefined) {
    const path = resolve(input.workingDirectory, input.envFile);
    const values = readEnvFile(path, input);
    if (values === undefined) {
      throw new DrError("CONFIG_ENV_FILE_UNREADABLE", { path, reason: "ENOENT" });
    }
    return { path, values };
  }
  for (const directory of [input.workingDirectory, input.checkoutDirectory]) {
    const path = join(directory, ".env");
    const values = readEnvFile(path, input);
    if (values !== undefined) {
      return { path, values };
    }
  }
  return undefined;
}
