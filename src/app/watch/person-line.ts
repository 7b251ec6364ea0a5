/** One line that a person types: a name, a reason, a note. */
import { DrError } from "../../core/errors.ts";
import { personTextMax } from "../../core/watch-limits.ts";

/** Without what surrounds it. @throws DrError `WATCH_REASON` for nothing, for too much, and for more than one line. */
export function personLine(text: string, option: string): string {
  const line = text.trim();
  if (line === "" || line.length > personTextMax || /\p{Cc}/u.test(line)) {
    throw new DrError("WATCH_REASON", { option, max: personTextMax });
  }
  return line;
}
