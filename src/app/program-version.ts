/** Which version of this program runs, as its `package.json` says. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** "?" where it does not say. Rejects when there is no such file. */
export async function programVersion(programDirectory: string): Promise<string> {
  const facts: unknown = JSON.parse(await readFile(join(programDirectory, "package.json"), "utf8"));
  return typeof facts === "object" && facts !== null && "version" in facts
    ? String(facts.version)
    : "?";
}
