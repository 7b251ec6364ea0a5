/** A look at what the repository holds, recorded in its ledger beside the work: a person waits for neither, and is told when it was not recorded. */
import type { Adapters } from "../app/compose.ts";
import type { Environment } from "../app/environment.ts";
import type { Accessed } from "../app/record-access.ts";
import { errorText } from "../core/errors.ts";
import type { Frame } from "./frame.ts";
import { frameText } from "./text/frame-text.ts";

/** Does the work and records the look. @throws what the work throws. */
export async function recordedLook<T>(
  frame: Frame,
  look: Accessed,
  environment: Environment,
  work: (adapters: Adapters, environment: Environment) => Promise<T>,
): Promise<T> {
  const { compose } = await import("../app/compose.ts");
  const { recordAccess } = await import("../app/record-access.ts");
  const { language, signal } = frame;
  const adapters = compose();
  const recording = recordAccess(adapters, environment, look, { signal });
  try {
    return await work(adapters, environment);
  } finally {
    const failure = await recording;
    if (failure !== undefined) {
      frame.note(frameText[language].notRecorded(errorText(failure, language).message));
    }
  }
}
