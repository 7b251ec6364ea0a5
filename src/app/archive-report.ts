/**
 * Puts a report into the repository and says so in the ledger, with the hash of each of its files: in this order, so that the ledger names
 * nothing that is not there. Any part of the program that reports archives here; a new kind needs a name, a version of its model and its words.
 */
import { createHash } from "node:crypto";
import { type DrError, isDrError } from "../core/errors.ts";
import type { ObjectId } from "../core/object-id.ts";
import { failpointAsync } from "../core/failpoint.ts";
import { reportWriteMs } from "../core/limits.ts";
import { clusterNameOf } from "../repository/object-names.ts";
import { putReport } from "../repository/report-archive.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { LedgerRecorder } from "./ledger-recorder.ts";
import { type RenderedReport, textsOf } from "./report-files.ts";

/** Where it went, or why it did not. */
export type ArchivedAs =
  | { readonly id: ObjectId; readonly failure: undefined }
  | { readonly id: undefined; readonly failure: DrError };

/** SHA-256 of a text's bytes, hexadecimal. */
export function hashOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Archives. Has its own time limit: what was done is kept also when somebody interrupts now. */
export async function archiveReport(
  sealed: SealedStore,
  ledger: LedgerRecorder,
  report: RenderedReport,
): Promise<ArchivedAs> {
  const { cluster, kind, model, startedAt, subject, verdict } = report;
  const files = Array.from(textsOf(report), ([name, text]) => ({ name, text }));
  try {
    const signal = AbortSignal.timeout(reportWriteMs);
    const document = { kind, model, startedAt, files };
    const { id, bytes } = await putReport(sealed, clusterNameOf(cluster), document, { signal });
    const hashes = files.map(({ name, text }) => {
      return { name, bytes: Buffer.byteLength(text), sha256: hashOfText(text) };
    });
    await failpointAsync("report.record", { signal });
    await ledger.record({
      kind: "reportArchived",
      data: {
        cluster,
        report: id,
        of: kind,
        model,
        startedAt,
        subject,
        verdict,
        bytes,
        files: hashes,
      },
    });
    return { id, failure: undefined };
  } catch (error) {
    if (isDrError(error)) {
      return { id: undefined, failure: error };
    }
    throw error;
  }
}
