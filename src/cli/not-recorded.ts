/** That the ledger does not say what was just done, for who did it. */
import { type DrError, errorText } from "../core/errors.ts";
import type { Frame } from "./frame.ts";
import { frameText } from "./text/frame-text.ts";

/** Says it and concludes with warnings, where there is something to say. */
export function concludeUnrecorded(failure: DrError | undefined, frame: Frame): void {
  if (failure !== undefined) {
    const { language } = frame;
    frame.note(frameText[language].notRecorded(errorText(failure, language).message));
    frame.conclude({ kind: "warnings" });
  }
}
