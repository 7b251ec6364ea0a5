/**
 * libpq's password file. It is consulted only when no password was configured; a file that others can
 * read is refused aloud instead of being passed over in silence.
 *
 * Follows section 32.16 "The Password File" of PostgreSQL's documentation.
 */
import { readFile, stat } from "node:fs/promises";
import { DrError } from "../core/errors.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import { SecretText } from "./secret-text.ts";

/** Who asks. Replication connections match lines for the database "replication". */
export type PasswordQuestion = {
  readonly host: string;
  readonly port: number;
  readonly databases: readonly string[];
  readonly user: string;
};

function fieldsOf(line: string): readonly string[] {
  const fields: string[] = [];
  let field = "";
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i);
    if (character === "\\" && i + 1 < line.length) {
      i++;
      field += line.charAt(i);
    } else if (character === ":" && fields.length < 4) {
      fields.push(field);
      field = "";
    } else {
      field += character;
    }
  }
  fields.push(field);
  return fields;
}

function fits(pattern: string | undefined, accepted: readonly string[]): boolean {
  return pattern === "*" || (pattern !== undefined && accepted.includes(pattern));
}

/** The password of the first line that matches, or undefined. A socket matches "localhost" too. */
export function passwordIn(content: string, question: PasswordQuestion): string | undefined {
  const { host, port, databases, user } = question;
  const accepted = [
    host.startsWith("/") ? [host, "localhost"] : [host],
    [String(port)],
    databases,
    [user],
  ];
  for (const line of content.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) {
      continue;
    }
    const fields = fieldsOf(line);
    if (fields.length === 5 && accepted.every((texts, index) => fits(fields[index], texts))) {
      return fields[4];
    }
  }
  return undefined;
}

/**
 * The same settings with the password the file holds for them. Without a file, or without a matching
 * line, they come back unchanged. @throws DrError `CONFIG_PASSFILE_RIGHTS`.
 */
export async function withPasswordFile(
  settings: ConnectionSettings,
  options: { readonly signal: AbortSignal },
): Promise<ConnectionSettings> {
  const { passwordFile: path, password, host, port, user, database } = settings;
  if (password !== undefined || path === undefined) {
    return settings;
  }
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "EACCES") {
      return undefined;
    }
    throw error;
  });
  if (facts === undefined || !facts.isFile()) {
    return settings;
  }
  if ((facts.mode & 0o077) !== 0) {
    throw new DrError("CONFIG_PASSFILE_RIGHTS", { path });
  }
  const content = await readFile(path, { encoding: "utf8", signal: options.signal });
  const found = passwordIn(content, { host, port, databases: [database, "replication"], user });
  if (found === undefined) {
    return settings;
  }
  const origins = { ...settings.origins, password: path };
  return { ...settings, password: new SecretText(found), origins };
}
