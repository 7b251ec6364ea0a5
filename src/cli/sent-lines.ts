/** A report or an anchor that is sent, what became of it on each route, and how a command ends by it: one that reached nobody is a warning. */
import type { MadeReport } from "../app/report-files.ts";
import type { SentMessage } from "../app/watch/send-to-readers.ts";
import { type DrError, errorText, isDrError } from "../core/errors.ts";
import type { Language } from "../core/language.ts";
import { reportSendMs } from "../core/watch-limits.ts";
import type { Frame } from "./frame.ts";
import { sentText } from "./text/sent-text.ts";

/** What became of it. */
export type Sending = {
  /** Whether it was to be sent. */
  readonly send: boolean;
  readonly sent: readonly SentMessage[];
  /** Why it could not be queued; `late`: it was not known what became of it when the time was over. */
  readonly failure?: DrError | "late";
};

/**
 * Sends the report of what was measured, when asked to. Never rejects for a `DrError` or for its own time limit: the result is told whatever
 * becomes of the message, also when somebody interrupts now.
 */
export async function sendMade(
  made: MadeReport,
  { send, frame }: { readonly send: boolean; readonly frame: Frame },
): Promise<Sending> {
  if (!send) {
    return { send, sent: [] };
  }
  const { compose } = await import("../app/compose.ts");
  const { sendReport } = await import("../app/send-report.ts");
  const signal = AbortSignal.timeout(reportSendMs);
  try {
    return { send, sent: await sendReport(compose(), frame.environment(), { made, signal }) };
  } catch (error) {
    if (isDrError(error)) {
      return { send, sent: [], failure: error };
    }
    if (signal.aborted) {
      return { send, sent: [], failure: "late" };
    }
    throw error;
  }
}

/** A line a route. */
export function sentLines(sent: readonly SentMessage[], language: Language): readonly string[] {
  return sent.map(({ route, state, said }) => sentText[language].sent[state](route, said));
}

/** Notes what is to be noted. */
export function concludeSent(frame: Frame, { send, sent, failure }: Sending): void {
  const text = sentText[frame.language];
  if (send && !sent.some(({ state }) => state !== "refused")) {
    frame.conclude({ kind: "warnings" });
  }
  if (failure === "late") {
    frame.note(text.late(reportSendMs / 60_000));
  } else if (failure !== undefined) {
    frame.note(text.notSent(errorText(failure, frame.language).message));
  } else if (send && sent.length === 0) {
    frame.note(text.nobody);
  }
}
