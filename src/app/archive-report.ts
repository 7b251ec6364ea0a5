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
import { archivedFile, putReport } from "../repository/report-archive.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { LedgerRecorder } from "./ledger-recorder.ts";
import { type RenderedReport, type ReportFiles, filesOf } from "./report-files.ts";

/** Where it went, or why it did not. */
export type ArchivedAs =
  | { readonly id: ObjectId; readonly failure: undefined }
  | { readonly id: undefined; readonly failure: DrError };

/** SHA-256, hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Archives. `files`: when they were made already. Has its own time limit: what was done is kept also when somebody interrupts now. */
export async function archiveReport(
  sealed: SealedStore,
  ledger: LedgerRecorder,
  report: RenderedReport,
  files?: ReportFiles,
): Promise<ArchivedAs> {
  const { cluster, kind, model, startedAt, subject, verdict } = report;
  const made = files ?? (await filesOf(report));
  try {
    const signal = AbortSignal.timeout(reportWriteMs);
    const document = { kind, model, startedAt, files: Array.from(made, archivedFile) };
    const { id, bytes } = await putReport(sealed, clusterNameOf(cluster), document, { signal });
    const hashes = Array.from(made, ([name, file]) => {
      return { name, bytes: file.length, sha256: hashOf(file) };
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
