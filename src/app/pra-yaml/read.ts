/**
 * Reads `pra.yaml`: what does not fit one line of a `.env`. It is named by PRA_CONFIG, else it lies beside the `.env`; that there is none is
 * fine. What is wrong in it is refused with file, line, column and value before anything else happens. It names programs that
 * are run, so nobody else may be able to write it. Nothing is expanded, anchors and tags are refused.
 */
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Document,
  LineCounter,
  type Node,
  isAlias,
  isMap,
  isNode,
  isScalar,
  parseDocument,
  visit,
} from "yaml";
import { DrError } from "../../core/errors.ts";
import { praYamlBytesMax } from "../../core/limits.ts";
import type { Environment } from "../environment.ts";
import { type PraYamlContent, praYamlKeys, praYamlSchema } from "./schema.ts";

/** A file that was read. */
export type PraYaml = {
  readonly path: string;
  /** Where relative programs are looked for. */
  readonly directory: string;
  readonly content: PraYamlContent;
};

/** Characters of a value that an error shows. */
const VALUE_SHOWN_MAX = 80;

type File = {
  readonly path: string;
  readonly document: Document;
  readonly lines: LineCounter;
};

type Place = { readonly path: string; readonly line: number; readonly column: number };

function placeAt({ path, lines }: Pick<File, "path" | "lines">, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { path, line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** The node at a path, or the nearest one above it. */
function nodeAt({ document }: File, path: readonly PropertyKey[]): Node | null {
  for (let length = path.length; length > 0; length -= 1) {
    const found = document.getIn(path.slice(0, length), true);
    if (isNode(found)) {
      return found;
    }
  }
  return document.contents;
}

function placeOf(file: File, path: readonly PropertyKey[]): Place {
  return placeAt(file, nodeAt(file, path)?.range?.[0] ?? 0);
}

/** Where a key stands that should not be there. */
function placeOfKey(file: File, path: readonly PropertyKey[], key: string): Place {
  const parent = path.length === 0 ? file.document.contents : nodeAt(file, path);
  const pair = isMap(parent)
    ? parent.items.find(({ key: each }) => isScalar(each) && String(each.value) === key)
    : undefined;
  const at = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  return at === undefined ? placeOf(file, path) : placeAt(file, at);
}

/** `proof.assertions[2].sql` */
function nameOf(path: readonly PropertyKey[]): string {
  const parts = path.map((step) =>
    typeof step === "number" ? `[${step + 1}]` : `.${String(step)}`,
  );
  return parts.length === 0 ? "pra.yaml" : parts.join("").replace(/^\./, "");
}

function shown(node: Node | null): string {
  const value = isScalar(node)
    ? (node.source ?? String(node.value))
    : node === null
      ? ""
      : JSON.stringify(node.toJSON());
  return value.length > VALUE_SHOWN_MAX ? `${value.slice(0, VALUE_SHOWN_MAX)}…` : value;
}

type Issue = NonNullable<ReturnType<typeof praYamlSchema.safeParse>["error"]>["issues"][number];

const YAML_TYPES: Readonly<Record<string, string>> = {
  object: "mapping",
  array: "sequence",
  number: "integer",
  int: "integer",
};

/** A bound: on the value of a number, on the length of all else. */
function bounded(origin: string, sign: string, bound: number | bigint): string {
  const type = YAML_TYPES[origin] ?? origin;
  return type === "integer" ? `${sign} ${bound}` : `${type}, length ${sign} ${bound}`;
}

/** What would have fitted, in YAML's own words, which are the same in every language. */
function wanted(issue: Issue): string {
  if (issue.code === "too_small") {
    return bounded(issue.origin, ">=", issue.minimum);
  }
  if (issue.code === "too_big") {
    return bounded(issue.origin, "<=", issue.maximum);
  }
  if (issue.code === "invalid_format") {
    return issue.pattern ?? issue.format;
  }
  return issue.code === "invalid_type"
    ? (YAML_TYPES[issue.expected] ?? issue.expected)
    : "string, number, boolean";
}

function keysAt(path: readonly PropertyKey[]): string {
  return praYamlKeys(path.filter((step): step is string => typeof step === "string")).join(", ");
}

function errorOf(file: File, issue: Issue): DrError {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const name = nameOf([...path, key]);
    return new DrError("CONFIG_YAML_KEY", {
      ...placeOfKey(file, path, key),
      key: name,
      known: keysAt(path),
    });
  }
  const node = file.document.getIn(path, true);
  if (issue.code === "invalid_type" && node === undefined && path.length > 0) {
    return new DrError("CONFIG_YAML_MISSING", {
      ...placeOf(file, path.slice(0, -1)),
      key: nameOf(path),
    });
  }
  return new DrError("CONFIG_YAML_VALUE", {
    ...placeOf(file, path),
    key: nameOf(path),
    value: shown(isNode(node) ? node : null),
    expected: wanted(issue),
  });
}

/** What the parser says; its message's first line, without the excerpt that follows. */
function syntaxError(file: Pick<File, "path" | "lines">, offset: number, reason: string): DrError {
  const [first = ""] = reason.split("\n");
  return new DrError("CONFIG_YAML_SYNTAX", { ...placeAt(file, offset), reason: first });
}

/** Values to compare with keep the digits that were typed: 1.10 is not 1.1, and a bigint is not rounded. */
function keepTyped(document: Document): void {
  visit(document, {
    Pair(_key, pair) {
      const { key, value } = pair;
      const typed = isScalar(value) && value.source !== undefined ? value.source : undefined;
      if (isScalar(key) && key.value === "expect" && typed !== undefined && isScalar(value)) {
        value.value = value.value === null ? null : typed;
      }
    },
  });
}

/** @throws DrError `CONFIG_YAML_SYNTAX`. */
function parsed(path: string, text: string): File {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
    schema: "core",
    merge: false,
  });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) {
    throw syntaxError({ path, lines }, fault.pos[0], fault.message);
  }
  visit(document, {
    Node(_key, node) {
      const anchor = "anchor" in node ? node.anchor : undefined;
      if (isAlias(node) || anchor !== undefined) {
        throw syntaxError(
          { path, lines },
          node.range?.[0] ?? 0,
          "anchors and aliases are not used here",
        );
      }
    },
  });
  keepTyped(document);
  return { path, document, lines };
}

/** @throws DrError `CONFIG_YAML_DUPLICATE`: a report would show two lines of one name, an escalation would mean two people. */
function requireNamesOnce(
  file: File,
  path: readonly string[],
  entries: readonly { readonly name: string }[],
): void {
  const seen = new Map<string, number>();
  for (const [index, { name }] of entries.entries()) {
    const place = placeOf(file, [...path, index, "name"]);
    const firstLine = seen.get(name);
    if (firstLine !== undefined) {
      throw new DrError("CONFIG_YAML_DUPLICATE", { ...place, name, firstLine });
    }
    seen.set(name, place.line);
  }
}

/** What a file's text holds. Pure. @throws DrError `CONFIG_YAML_*` with line and column. */
export function parsePraYaml(path: string, text: string): PraYamlContent {
  const file = parsed(path, text);
  const content: unknown = file.document.toJS();
  // An empty file, or one of comments only, says nothing.
  const result = praYamlSchema.safeParse(content ?? {});
  if (!result.success) {
    const [issue] = result.error.issues;
    throw issue === undefined ? syntaxError(file, 0, "?") : errorOf(file, issue);
  }
  const { proof, contacts, maintenance } = result.data;
  requireNamesOnce(file, ["proof", "assertions"], proof?.assertions ?? []);
  requireNamesOnce(file, ["contacts"], contacts ?? []);
  requireNamesOnce(file, ["maintenance"], maintenance ?? []);
  return result.data;
}

/** Undefined when there is no such file. @throws DrError `CONFIG_YAML_UNREADABLE`, `CONFIG_YAML_RIGHTS`. */
async function readText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, "r");
    const { mode, size } = await file.stat();
    if ((mode & 0o022) !== 0) {
      throw new DrError("CONFIG_YAML_RIGHTS", { path, mode: (mode & 0o777).toString(8) });
    }
    if (size > praYamlBytesMax) {
      throw new DrError("CONFIG_YAML_UNREADABLE", { path, reason: "EFBIG" });
    }
    return await file.readFile("utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    if (error instanceof DrError) {
      throw error;
    }
    if (reason === "ENOENT") {
      return undefined;
    }
    throw new DrError("CONFIG_YAML_UNREADABLE", { path, reason }, { cause: error });
  }
}

/** Finds and reads it; undefined when there is none and none was named. @throws DrError `CONFIG_YAML_*`. */
export async function readPraYaml(
  environment: Pick<Environment, "configFile" | "configFolders">,
): Promise<PraYaml | undefined> {
  const { configFile, configFolders } = environment;
  const candidates =
    configFile === undefined
      ? configFolders.map((folder) => join(folder, "pra.yaml"))
      : [configFile];
  for (const path of candidates) {
    const text = await readText(path);
    if (text !== undefined) {
      return { path, directory: dirname(path), content: parsePraYaml(path, text) };
    }
  }
  if (configFile !== undefined) {
    throw new DrError("CONFIG_YAML_UNREADABLE", { path: configFile, reason: "ENOENT" });
  }
  return undefined;
}
