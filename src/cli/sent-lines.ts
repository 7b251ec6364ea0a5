/** What became of a message on each route, and how a command ends by it: one that reached nobody is a warning. */
import type { SentMessage } from "../app/watch/send-to-readers.ts";
import type { Language } from "../core/language.ts";
import type { Frame } from "./frame.ts";
import { sentText } from "./text/sent-text.ts";

/** A line a route. */
export function sentLines(sent: readonly SentMessage[], language: Language): readonly string[] {
  return sent.map(({ route, state, said }) => sentText[language].sent[state](route, said));
}

/** Notes what is to be noted. */
export function concludeSent(
  frame: Frame,
  { send, sent }: { readonly send: boolean; readonly sent: readonly SentMessage[] },
): void {
  if (send && !sent.some(({ state }) => state !== "refused")) {
    frame.conclude({ kind: "warnings" });
  }
  if (send && sent.length === 0) {
    frame.note(sentText[frame.language].nobody);
  }
}
