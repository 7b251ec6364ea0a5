/** The archived reports of a period, as they were made, and what is wrong with some. */
import { DrError } from "../../core/errors.ts";
import { evidenceBytesMax } from "../../core/ledger-limits.ts";
import { type ObjectId, parseObjectId } from "../../core/object-id.ts";
import type { ArchivedFile } from "../../files/tar-archive.ts";
import type { EventData } from "../../ledger/event-kinds.ts";
import { clusterNameOf } from "../../repository/object-names.ts";
import type { StoreCall } from "../../repository/object-store.ts";
import {
  type ArchivedReport,
  archivedBytes,
  listReports,
} from "../../repository/report-archive.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { entryOf } from "../report-operations.ts";

/** A report that is not what was archived. */
export type EvidenceProblem = {
  readonly report: ObjectId;
  readonly cluster: string;
  readonly state: "missing" | "altered";
  readonly reason: string;
};

/** `html.fr` becomes a name that programs open. */
function reportPath(id: ObjectId, form: string): string {
  const [ending = "", language] = form.split(".");
  return `reports/${id}/report.${language === undefined ? "" : `${language}.`}${ending}`;
}

function reportFiles(id: ObjectId, { files }: ArchivedReport): readonly ArchivedFile[] {
  return files.map((file) => ({ path: reportPath(id, file.name), content: archivedBytes(file) }));
}

/** Every report that the segment names, as it was archived, and what is wrong with some. */
export async function collectReports(
  sealed: SealedStore,
  recorded: readonly EventData<"reportArchived">[],
  { signal }: StoreCall,
): Promise<{
  readonly files: readonly ArchivedFile[];
  readonly problems: readonly EvidenceProblem[];
}> {
  const files: ArchivedFile[] = [];
  const problems: EvidenceProblem[] = [];
  let bytes = 0;
  for (const [name, events] of Map.groupBy(recorded, ({ cluster }) => cluster)) {
    const cluster = clusterNameOf(name);
    const listed = await listReports(sealed, cluster, { signal });
    const sizes = new Map(listed.map(({ id, sizeBytes }) => [id, sizeBytes]));
    const known = new Map(events.map((event) => [parseObjectId(event.report), event]));
    for (const id of known.keys()) {
      const { state, report } = await entryOf(
        sealed,
        { cluster, id },
        { recorded: known, sizes },
        { signal },
      );
      if (state.kind === "missing" || state.kind === "altered") {
        const reason = state.kind === "altered" ? state.reason : "";
        problems.push({ report: id, cluster: name, state: state.kind, reason });
      }
      const found = state.kind === "whole" && report !== undefined ? reportFiles(id, report) : [];
      bytes += found.reduce((sum, { content }) => sum + content.length, 0);
      if (bytes > evidenceBytesMax) {
        throw new DrError("LEDGER_EVIDENCE_LARGE", { limitBytes: evidenceBytesMax });
      }
      files.push(...found);
    }
  }
  return { files, problems };
}
