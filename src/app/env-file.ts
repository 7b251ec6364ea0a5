/**
 * Reads a `.env` file into values that remember their line. Node's own parser (`util.parseEnv`) gives the
 * values; a second look at the lines gives their places, and refuses what that parser would skip in
 * silence: a misspelt line must not become a missing setting. Nothing is written into `process.env`.
 */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

import { DrError } from "../core/errors.ts";

/** A value and the line, from 1 on, where it is set. */
export type EnvFileValue = { readonly value: string; readonly line: number };

const SETTING = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;

/** The quote that a value opens without closing it on the same line. */
function openQuote(rest: string): string | undefined {
  const quote = rest[0];
  return quote !== undefined && "\"'`".includes(quote) && !rest.slice(1).includes(quote)
    ? quote
    : undefined;
}

/** A refused line as it may be shown: what stands before "=", because the rest could be a secret. */
function shownLine(line: string): string {
  const name = /^\s*([\w .-]{1,40}?)\s*=/.exec(line)?.[1];
  return name === undefined ? "…" : `${name}=…`;
}

function linesOfSettings(content: string, path: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let quote: string | undefined;
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    if (quote !== undefined) {
      quote = line.includes(quote) ? undefined : quote;
      continue;
    }
    if (/^\s*(#|$)/.test(line)) {
      continue;
    }
    const match = SETTING.exec(line);
    const name = match?.[1];
    if (name === undefined) {
      throw new DrError("CONFIG_ENV_SYNTAX", { path, line: index + 1, text: shownLine(line) });
    }
    const firstLine = lines.get(name);
    if (firstLine !== undefined) {
      throw new DrError("CONFIG_ENV_DUPLICATE", { path, line: index + 1, name, firstLine });
    }
    lines.set(name, index + 1);
    quote = openQuote(match?.[2] ?? "");
    if (
      quote !== undefined &&
      !content
        .split(/\r?\n/)
        .slice(index + 1)
        .join("\n")
        .includes(quote)
    ) {
      throw new DrError("CONFIG_ENV_SYNTAX", { path, line: index + 1, text: shownLine(line) });
    }
  }
  return lines;
}

/** The settings in the text of a `.env` file. @throws DrError `CONFIG_ENV_SYNTAX`, `CONFIG_ENV_DUPLICATE`. */
export function parseEnvFile(content: string, path: string): ReadonlyMap<string, EnvFileValue> {
  const text = content.replace(/^\uFEFF/, "");
  const lines = linesOfSettings(text, path);
  const values = parseEnv(text);
  return new Map(
    [...lines].map(([name, line]) => [name, { value: values[name] ?? "", line }] as const),
  );
}

/** What can be read of a file that is refused, as Node's parser has it: lines that make no sense are skipped, of several values the last counts. */
function salvaged(content: string): ReadonlyMap<string, EnvFileValue> {
  const values = Object.entries(parseEnv(content.replace(/^\uFEFF/, "")));
  return new Map(values.map(([name, value = ""]) => [name, { value, line: 0 }]));
}

/**
 * Reads a `.env` file; undefined when there is none. `salvage`: what can be read of one that is refused, in place of the refusal.
 * @throws DrError `CONFIG_ENV_…`.
 */
export function readEnvFile(
  path: string,
  options: { readonly salvage: boolean } = { salvage: false },
): ReadonlyMap<string, EnvFileValue> | undefined {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT") {
      return undefined;
    }
    throw new DrError("CONFIG_ENV_FILE_UNREADABLE", { path, reason: code }, { cause: error });
  }
  return options.salvage ? salvaged(content) : parseEnvFile(content, path);
}
