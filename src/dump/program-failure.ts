/** What it means that a program of PostgreSQL ended badly. Its text is quoted; only libpq's own words, which are English here, are judged. */
import { cutText } from "../core/cut-text.ts";
import { DrError } from "../core/errors.ts";
import { type ConnectionSettings, placeOf } from "../postgres/connection-settings.ts";
import type { ProgramEnd } from "./stream-messages.ts";

/** libpq (fe-connect.c, fe-misc.c) for a connection that is refused or lost. */
const GONE =
  /server closed the connection unexpectedly|connection to server .* failed|could not (?:receive data from|send data to) server|no connection to the server/;

/** The last complaint is what ended it; the ones before explain. */
function shortened(text: string): string {
  const lines = text.split("\n").filter((line) => line !== "");
  return cutText(lines.slice(-6).join("; "), 2000);
}

/** Undefined when it ended well. */
export function failureOf(
  end: ProgramEnd,
  of: { readonly program: string; readonly settings: ConnectionSettings },
): DrError | undefined {
  const { program, settings } = of;
  if (end.code === 0) {
    return undefined;
  }
  const text = shortened(end.text);
  if (end.code === null) {
    return new DrError("DUMP_PROGRAM_KILLED", { program, signal: end.signal ?? "?" });
  }
  if (GONE.test(end.text)) {
    return new DrError("DUMP_SERVER_GONE", { program, where: placeOf(settings), text });
  }
  return new DrError("DUMP_PROGRAM_FAILED", { program, code: end.code, text });
}
