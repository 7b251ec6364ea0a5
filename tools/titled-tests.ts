/**
 * Finds tests whose titles begin with the number of a loss class or a requirement ("L19 a torn page ..."),
 * so that the tables in docs/ say where each is shown instead of claiming it.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const TITLE = /\b(?:test|it|describe|suite)\(\s*["'`]((?:[LR]\d+[ ,]+)+)/g;

/** For each number such as "L19" the files, in order, that hold a test with such a title. */
export function findTitledTests(root: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const path of globSync(["src/**/*.test.ts", "tests/**/*.test.ts"], { cwd: root }).sort()) {
    for (const [, numbers] of readFileSync(join(root, path), "utf8").matchAll(TITLE)) {
      for (const number of numbers?.match(/[LR]\d+/g) ?? []) {
        const paths = found.get(number) ?? [];
        found.set(number, paths.includes(path) ? paths : [...paths, path]);
      }
    }
  }
  return found;
}
