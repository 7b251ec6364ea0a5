/**
 * Adds settings to the `.env`, for answers given on a terminal: appended, nothing rewritten, a new file of mode 600. What is written
 * reads back as the same value, whatever characters it has, or is refused.
 */
import { chmod, open } from "node:fs/promises";
import { join } from "node:path";
import { DrError } from "../core/errors.ts";
import { errnoOf } from "../files/file-error.ts";
import { parseEnvFile, readEnvFile } from "./env-file.ts";
import type { Environment } from "./environment.ts";
import { checkSetting } from "./setting-values.ts";
import type { SettingName } from "./settings.ts";

/** A setting and its value. */
export type AddedSetting = readonly [name: SettingName, value: string];

/** Settings that `init` needs or most people forget, and that nobody has set. Empty when BACKUP_DIR is set: then init can work. */
export function missingForInit({
  connection,
  backupDirectory,
}: Environment): readonly { readonly name: SettingName; readonly fallback: string | undefined }[] {
  if (backupDirectory !== undefined) {
    return [];
  }
  const { origins, host, user, password } = connection;
  return [
    ...(origins.host === "default" ? [{ name: "PG_HOST", fallback: host } as const] : []),
    ...(origins.user === "default" ? [{ name: "PG_USER", fallback: user } as const] : []),
    ...(password === undefined ? [{ name: "PG_PASSWORD", fallback: "" } as const] : []),
    { name: "BACKUP_DIR", fallback: undefined },
  ];
}

/** One line of a `.env`, which reads back as the value. @throws DrError `CONFIG_UNQUOTABLE`. */
export function settingLine(name: SettingName, value: string): string {
  const lines = [value, ...["'", '"', "`"].map((quote) => `${quote}${value}${quote}`)].map(
    (written) => `${name}=${written}\n`,
  );
  const reads = (line: string): boolean => {
    try {
      return parseEnvFile(line, "").get(name)?.value === value;
    } catch {
      // This way of writing it is none.
      return false;
    }
  };
  const line = /[\r\n\0]/.test(value) ? undefined : lines.find(reads);
  if (line === undefined) {
    throw new DrError("CONFIG_UNQUOTABLE", { name });
  }
  return line;
}

/** Appends them to the `.env` that was read, else to a new one in `directory`. @throws DrError `CONFIG_*`. The file's path. */
export async function addSettings(
  settings: readonly AddedSetting[],
  at: { readonly envFile: string | undefined; readonly directory: string },
): Promise<string> {
  const path = at.envFile ?? join(at.directory, ".env");
  for (const [name, value] of settings) {
    checkSetting(name, { value, origin: { kind: "default" } });
  }
  const lines = settings.map(([name, value]) => settingLine(name, value)).join("");
  const isNew = readEnvFile(path) === undefined;
  try {
    await using file = await open(path, "a+", 0o600);
    if (isNew) {
      await chmod(path, 0o600);
    }
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) {
      await file.read(last, 0, 1, size - 1);
    }
    await file.write(`${size > 0 && last.toString() !== "\n" ? "\n" : ""}${lines}`);
    await file.sync();
  } catch (error) {
    const reason = errnoOf(error) ?? "?";
    throw new DrError("CONFIG_ENV_FILE_UNWRITABLE", { path, reason }, { cause: error });
  }
  return path;
}
