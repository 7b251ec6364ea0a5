/**
 * What the compiler and the linter cannot hold: which folder may import which, no circles, brands made
 * in one place, calls that have a better replacement here, sizes. Test files may import anything.
 * Prints the graph that ARCHITECTURE.md contains; `npm run docs` writes it there.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import {
  type Import,
  type SourceFile,
  findCycles,
  folderOf,
  formatGraph,
  readSources,
} from "../tools/import-graph.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const files = readSources(root);

const useCases = ["wal", "backup", "restore", "dump"];
const belowUseCases = ["core", "files", "postgres", "source", "pipeline", "repository", "ledger"];
const probing = [...belowUseCases, "restore", "dump"];
const watching = ["core", "files", "postgres", "repository", "ledger"];
/** Without stores and channels: adapters are named in app alone. */
const belowPeople = [...belowUseCases, ...useCases, "proof", "rescue", "watch", "sla", "loadtest"];
const belowQueries = [...belowPeople, "failover", "drill", "golive"];

/** A folder and what it may import beside itself; a path names one file. Types in `typesFrom` as well. */
const permitted: Readonly<Record<string, readonly string[]>> = {
  core: [],
  files: ["core"],
  postgres: ["core", "files"],
  source: ["core", "postgres"],
  pipeline: ["core"],
  repository: ["core", "pipeline"],
  stores: ["core", "files", "src/repository/object-store.ts"],
  ledger: ["core", "repository"],
  wal: belowUseCases,
  backup: [...belowUseCases, "wal"],
  restore: [...belowUseCases, "wal"],
  dump: [...belowUseCases, "restore"],
  proof: probing,
  rescue: probing,
  watch: watching,
  sla: watching,
  channels: ["core", "src/watch/notifier.ts"],
  loadtest: ["core", "postgres", ...useCases],
  failover: belowPeople,
  drill: [...belowPeople, "failover"],
  golive: [...belowPeople, "failover", "drill"],
  queries: belowQueries,
  render: ["core", "queries"],
  dashboard: ["core", "queries", "drill", "golive"],
  app: [...belowQueries, "stores", "channels", "queries", "render", "dashboard"],
  cli: ["core", "app"],
};

function isPermitted(file: SourceFile, { target, typeOnly }: Import): boolean {
  const folder = folderOf(target);
  const owner = /^(.*)\/internal\//.exec(target)?.[1];
  if (owner !== undefined && !file.path.startsWith(`${owner}/`)) {
    return false;
  }
  const allowed = permitted[file.folder] ?? [];
  return (
    folder === file.folder ||
    allowed.includes(folder) ||
    allowed.includes(target) ||
    (file.folder === "cli" && typeOnly)
  );
}

/** A pattern in the code, what to write instead, and the files where it is right. */
const banned: readonly {
  readonly pattern: RegExp;
  readonly instead: string;
  readonly where?: RegExp;
  readonly except?: RegExp;
}[] = [
  {
    // The `z` of zod brings all its languages along: half a megabyte that each start of the program reads.
    pattern: /import \{[^}]*\bz\b[^}]*\} from "zod|from "zod"/,
    instead: 'import * as z from "zod/mini"',
  },
  {
    pattern: /\b(?:rename|renameSync)\(/,
    instead: "files/write-durably.ts: rename overwrites, link does not",
    where: /^src\/(?:stores|files)\//,
    // An empty mark of a dead process is taken by the one whose rename succeeds; what it overwrites is nobody's.
    except: /^src\/stores\/disk\/writer-marks\.ts$/,
  },
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    instead: "the Clock of core/clock.ts, given by the caller",
    except: /^src\/(?:core\/clock\.ts|app\/|cli\/)/,
  },
  {
    pattern: /\bMath\.random\b|\brandomUUID\b/,
    instead: "the Random of core/random.ts, given by the caller",
    except: /^src\/core\/random\.ts/,
  },
  {
    pattern: /\bprocess\.env\b/,
    instead: "a value given by the caller; app/environment.ts reads the configuration",
    except: /^src\/cli\/main\.ts|\.worker\.ts$/,
  },
  {
    pattern: /\bnew (?:pg\.)?(?:Client|Pool)\(/,
    instead: "postgres/pg-client.ts: pg takes what is not given from the environment",
    except: /^src\/postgres\/pg-client\.ts$/,
  },
  { pattern: /\bconsole\./, instead: "frame.result or frame.note of the command line" },
  {
    pattern: /\bprocess\.exit\(/,
    instead: "a DrError: only the entry ends the process",
    except: /^src\/cli\/main\.ts/,
  },
  { pattern: /\bshell:\s*true\b/, instead: "a list of arguments: a shell interprets names" },
  { pattern: /^\s*export\s+default\b/m, instead: "a named export" },
  {
    pattern: /^\s*export\s+(?:type\s+)?(?:\*|\{[^}]*\})\s*from\b/m,
    instead: "an import of the file",
  },
  { pattern: /\sfrom\s+"\.[^"]*(?<!\.ts)"/, instead: "the path with its ending .ts" },
];

test("the sources are found, and every folder stands in the table", () => {
  assert.ok(files.length > 10, `${files.length} source files seen`);
  const unknown = files.filter((file) => permitted[file.folder] === undefined);
  assert.deepEqual(
    unknown.map((file) => file.path),
    [],
  );
});

test("imports point down the table, and at files that exist", () => {
  const wrong = files.flatMap((file) =>
    file.imports
      .filter((edge) => !isPermitted(file, edge) || !existsSync(join(root, edge.target)))
      .map((edge) => `${file.path} → ${edge.target}`),
  );
  assert.deepEqual(wrong, []);
});

test("no circle of imports, type imports included", () => {
  assert.deepEqual(findCycles(files), []);
});

test("a command loads its use case only when it runs", () => {
  const eager = files
    .filter((file) => file.path.startsWith("src/cli/commands/"))
    .flatMap((file) =>
      file.imports
        .filter((edge) => folderOf(edge.target) === "app" && !edge.typeOnly && !edge.dynamic)
        .map((edge) => `${file.path} → ${edge.target}: write await import("...") in the action`),
    );
  assert.deepEqual(eager, []);
});

test("brands are made only where they are defined", () => {
  const brands = new Map<string, string>();
  for (const file of files) {
    for (const [, name] of file.code.matchAll(
      /type (\w+)(?:<[^>]*>)? =[^;]*?\[\w*[bB]rand\w*\]/g,
    )) {
      brands.set(name ?? "", file.path);
    }
  }
  assert.ok(brands.size >= 3, `${brands.size} brands seen`);
  const casts = files.flatMap((file) =>
    [...file.code.matchAll(/\bas (\w+)\b/g)]
      .filter(([, name]) => (brands.get(name ?? "") ?? file.path) !== file.path)
      .map(
        ([whole]) => `${file.path}: "${whole}"; use the parser of ${brands.get(whole.slice(3))}`,
      ),
  );
  assert.deepEqual(casts, []);
});

test("no call for which there is something better here", () => {
  const found = files.flatMap((file) =>
    banned
      .filter(
        ({ where, except }) => (where?.test(file.path) ?? true) && except?.test(file.path) !== true,
      )
      .filter(({ pattern }) => pattern.test(file.code))
      .map(({ pattern, instead }) => `${file.path}: ${pattern.source} → ${instead}`),
  );
  assert.deepEqual(found, []);
});

test("no file is longer than 500 lines", () => {
  const long = files.filter((file) => file.text.split("\n").length > 501);
  assert.deepEqual(
    long.map((file) => file.path),
    [],
  );
});

test("the graph", (context) => {
  context.diagnostic(`${files.length} files\n${formatGraph(files)}`);
});
