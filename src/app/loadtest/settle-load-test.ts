/** How a load test on a server of its own ended, from what its work did. */
import type { Ended } from "./conclude-load-test.ts";
import type { LoadTestNotes } from "./load-test-notes.ts";

/** @throws what came before the load: then there is nothing to report. */
export async function settle(
  of: { readonly notes: LoadTestNotes; readonly signal: AbortSignal },
  work: () => Promise<void>,
): Promise<Ended> {
  const { notes, signal } = of;
  try {
    await work();
    const ending = notes.crash?.cause === "planned" ? "finished" : "serverLost";
    return { ending, failure: undefined };
  } catch (error) {
    if (notes.load === undefined) {
      throw error;
    }
    return signal.aborted
      ? { ending: "interrupted", failure: undefined }
      : { ending: "failed", failure: error };
  }
}
