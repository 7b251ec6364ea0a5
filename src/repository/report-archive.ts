/**
 * Reports, kept in the repository as they were made: one sealed object each, written once and never deleted. It holds every form in which a
 * person or a program may ask for the report, byte by byte, because an auditor believes what has the hash that the ledger holds, and not
 * what a later program makes of old facts. What a report is about only its kind knows. docs/format.md section 13.
 */
import * as z from "zod/mini";
import { failpointAsync } from "../core/failpoint.ts";
import type { ObjectId } from "../core/object-id.ts";
import { decodeDocument, encodeDocument, objectIdText } from "./json-document.ts";
import { type ClusterName, objectKey, reportPrefix } from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import type { SealedStore } from "./sealed-store.ts";

const reportSchema = z.object({
  version: z.literal(1),
  id: objectIdText,
  cluster: z.string(),
  /** What it reports: `proof`, `restore-db`. */
  kind: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/)),
  /** Version of what `json` holds, counted for each kind. */
  model: z.int().check(z.positive()),
  startedAt: z.iso.datetime(),
  /** By name: `json`, `md.en`, `html.fr`, `pdf.fr`. `encoding`: of what is no text. */
  files: z.array(
    z.object({ name: z.string(), text: z.string(), encoding: z.optional(z.literal("base64")) }),
  ),
});

/** A report as it lies in the repository. */
export type ArchivedReport = z.infer<typeof reportSchema>;

/** A file of it. */
export type ArchivedFile = ArchivedReport["files"][number];

/** As it is archived: text as text, so that a reader needs nothing of ours. */
export function archivedFile([name, bytes]: readonly [string, Buffer]): ArchivedFile {
  return name.startsWith("pdf.")
    ? { name, text: bytes.toString("base64"), encoding: "base64" }
    : { name, text: bytes.toString("utf8") };
}

/** Its bytes, as they were made. */
export function archivedBytes({ text, encoding }: ArchivedFile): Buffer {
  return Buffer.from(text, encoding ?? "utf8");
}

/** One that is listed. */
export type ListedReport = { readonly id: ObjectId; readonly sizeBytes: number };

/** Puts a report; durable when it resolves. @throws DrError what the store throws. */
export async function putReport(
  sealed: SealedStore,
  cluster: ClusterName,
  report: Omit<ArchivedReport, "version" | "id" | "cluster">,
  call: StoreCall,
): Promise<{ readonly id: ObjectId; readonly bytes: number }> {
  const id = sealed.newId();
  const document: ArchivedReport = { version: 1, id, cluster, ...report };
  await failpointAsync("report.put", call);
  const { bytes } = await sealed.putWhole(
    { type: "report", cluster, id },
    encodeDocument(document),
    call,
  );
  return { id, bytes };
}

/** @throws DrError `STORE_MISSING`; `REPO_*` when it is not what was put. */
export async function readReport(
  sealed: SealedStore,
  of: { readonly cluster: ClusterName; readonly id: ObjectId },
  call: StoreCall,
): Promise<ArchivedReport> {
  const name = { type: "report", ...of } as const;
  const { content } = await sealed.getWhole(name, call);
  return decodeDocument(reportSchema, content, `the report ${objectKey(name)}`);
}

/** The reports of a cluster, oldest first. */
export async function listReports(
  sealed: SealedStore,
  cluster: ClusterName,
  call: StoreCall,
): Promise<readonly ListedReport[]> {
  const found: ListedReport[] = [];
  for await (const { name, sizeBytes } of sealed.listNames(reportPrefix(cluster), call)) {
    if (name?.type === "report") {
      found.push({ id: name.id, sizeBytes });
    }
  }
  return found;
}
