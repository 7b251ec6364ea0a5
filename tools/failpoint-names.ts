/**
 * Lists every failpoint and every guard that the source names, in `src/core/failpoint-names.ts`, for the crash test's coverage table and
 * the test of guards. A name that is not a literal would be missing from the list, so it is refused here.
 *
 * `node tools/failpoint-names.ts` writes the file; `--check` fails when it is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "prettier";

const SOURCE = fileURLToPath(new URL("../src/", import.meta.url));
const TARGET = join(SOURCE, "core/failpoint-names.ts");
const DEFINING = join(SOURCE, "core/failpoint.ts");
const CALL = /\b(failpoint(?:Async|Tear)?|guard)\(\s*(?:"([a-zA-Z0-9.-]+)")?/g;

type Names = { readonly failpoints: Set<string>; readonly guards: Set<string> };

function collect(): Names {
  const names: Names = { failpoints: new Set(), guards: new Set() };
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: "utf8" })) {
    const path = join(SOURCE, file);
    const isSource = file.endsWith(".ts") && !file.endsWith(".test.ts");
    if (!isSource || path === DEFINING || path === TARGET) {
      continue;
    }
    const text = readFileSync(path, "utf8");
    if (!/import\s*\{[^}]*\}\s*from\s*"[^"]*\/failpoint\.ts"/.test(text)) {
      continue;
    }
    for (const [call, kind, name] of text.matchAll(CALL)) {
      if (name === undefined) {
        throw new Error(`${file}: ${call}… must be given a literal name`);
      }
      (kind === "guard" ? names.guards : names.failpoints).add(name);
    }
  }
  return names;
}

function list(names: ReadonlySet<string>): string {
  return JSON.stringify([...names].toSorted());
}

const { failpoints, guards } = collect();
const text = await format(
  `/** Written by \`node tools/failpoint-names.ts\` from the source; do not edit. */

/** Every place at which a failpoint can act. */
export const failpointNames = ${list(failpoints)} as const;

/** Every protection against a loss class that a test can switch off. */
export const guardNames = ${list(guards)} as const;
`,
  { parser: "typescript", printWidth: 100 },
);
if (!process.argv.includes("--check")) {
  writeFileSync(TARGET, text);
} else if (readFileSync(TARGET, "utf8") !== text) {
  process.stderr.write(
    "src/core/failpoint-names.ts is out of date: run node tools/failpoint-names.ts\n",
  );
  process.exitCode = 1;
}
