/** A configuration as a command reads it, of somebody who is not root and keeps everything in one folder. */
import { type Environment, readEnvironment } from "../../src/app/environment.ts";

type Given = Parameters<typeof readEnvironment>[0];

/** `more`: where the checkout lies when it is another place, and a file of settings. */
export function environmentIn(
  directory: string,
  variables: Given["variables"],
  more: Partial<Pick<Given, "checkoutDirectory" | "envFile">> = {},
): Environment {
  return readEnvironment({
    variables,
    workingDirectory: directory,
    checkoutDirectory: directory,
    homeDirectory: directory,
    userName: "tester",
    isRoot: false,
    ...more,
  });
}
