/**
 * Reads the imports of `src/` with one regular expression, which is exact because the house has no barrel
 * files and writes `.ts` in every import path. Used by the architecture test, and to draw the graph that
 * ARCHITECTURE.md contains.
 */
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";

/** One import of a file of ours. */
export type Import = {
  readonly target: string;
  readonly typeOnly: boolean;
  /** `import()`: loaded when it is needed. */
  readonly dynamic: boolean;
};

/** One source file; `path` from the root, `code` without comments. */
export type SourceFile = {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly code: string;
  readonly imports: readonly Import[];
};

const STATIC = /^[ \t]*(import|export)\s+(type\s+)?([^"';]*?\sfrom\s+)?"(\.[^"]*)"/gm;
const DYNAMIC = /\bimport\(\s*"(\.[^"]*)"\s*\)/g;

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** True when every name in `{ type A, type B }` is a type. */
function namesTypesOnly(clause: string): boolean {
  const names = /^\s*\{([\s\S]*)\}\s*from\s+$/.exec(clause)?.[1]?.split(",") ?? [""];
  return names.filter((name) => name.trim() !== "").every((name) => /^\s*type\s/.test(name));
}

function importsOf(path: string, code: string): Import[] {
  const folder = posix.dirname(path);
  const found: Import[] = [];
  for (const [, , type, clause, target] of code.matchAll(STATIC)) {
    found.push({
      target: posix.join(folder, target ?? ""),
      typeOnly: type !== undefined || (clause !== undefined && namesTypesOnly(clause)),
      dynamic: false,
    });
  }
  for (const [, target] of code.matchAll(DYNAMIC)) {
    found.push({ target: posix.join(folder, target ?? ""), typeOnly: false, dynamic: true });
  }
  return found;
}

/** The folder below `src/` that a path belongs to. */
export function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

/** Every source file of the product, tests left out, in order of path. */
export function readSources(root: string): SourceFile[] {
  return globSync("src/**/*.ts", { cwd: root })
    .filter((path) => !path.endsWith(".test.ts"))
    .sort()
    .map((path) => {
      const text = readFileSync(posix.join(root, path), "utf8");
      const code = withoutComments(text);
      return { path, folder: folderOf(path), text, code, imports: importsOf(path, code) };
    });
}

/** The folders as lines, "backup → core, files": what ARCHITECTURE.md shows. */
export function formatGraph(files: readonly SourceFile[]): string {
  const edges = new Map<string, Set<string>>();
  for (const file of files) {
    const targets = edges.get(file.folder) ?? new Set<string>();
    edges.set(file.folder, targets);
    for (const { target } of file.imports) {
      if (folderOf(target) !== file.folder) {
        targets.add(folderOf(target));
      }
    }
  }
  return [...edges]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([folder, targets]) => {
      const names = [...targets].sort((a, b) => a.localeCompare(b));
      return `${folder} → ${names.length === 0 ? "nothing" : names.join(", ")}`;
    })
    .join("\n");
}

/** The imports that close a circle, as "a → b → a"; type imports count. Empty when there is none. */
export function findCycles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, "open" | "done">();
  const trail: string[] = [];
  const cycles: string[] = [];
  const visit = (path: string): void => {
    if (state.get(path) === "open") {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    if (state.get(path) === "done") {
      return;
    }
    state.set(path, "open");
    trail.push(path);
    for (const { target } of byPath.get(path)?.imports ?? []) {
      visit(target);
    }
    trail.pop();
    state.set(path, "done");
  };
  for (const file of files) {
    visit(file.path);
  }
  return cycles;
}
