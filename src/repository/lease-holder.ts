/**
 * Who holds a lease or a pin, and the document that a lease's renewals are: docs/format.md section 9. A holder is named so that
 * the same machine can prove it dead (boot, process namespace, pid, start of the process), and
 * so that a person knows whom to ask (host). No instant in here decides anything: clocks of hosts differ.
 */
import * as z from "zod/mini";
import { leaseTtlSecondsMax } from "../core/limits.ts";
import { countNumber, decodeDocument, encodeDocument, objectIdText } from "./json-document.ts";

const processText = z.string().check(z.maxLength(255));

/** The schema of a holder, for other documents that name one. */
export const holderSchema = z.object({
  host: processText,
  machine: processText,
  bootId: processText,
  pidNamespace: processText,
  pid: countNumber,
  processStart: processText,
});

/** A process of a host. */
export type Holder = z.infer<typeof holderSchema>;

/** What a process can say about itself and others; `files/host-identity.ts` makes it. */
export interface HolderObserver {
  readonly self: Holder;
  /** `dead` only when proved. */
  livenessOf(holder: Holder): "alive" | "dead" | "unknown";
}

const leaseSchema = z.object({
  version: z.literal(1),
  cluster: z.string(),
  holder: z.extend(holderSchema, { purpose: z.enum(["backup", "wal", "expire"]) }),
  epoch: z.int().check(z.positive()),
  renewal: countNumber,
  ttlSeconds: z.number().check(z.positive(), z.maximum(leaseTtlSecondsMax)),
  acquiredAt: z.iso.datetime(),
  state: z.enum(["held", "released"]),
  acceptedRoots: z.optional(
    z.array(z.object({ incarnation: z.string(), roots: z.array(objectIdText) })),
  ),
});

/** One renewal of a lease. `acceptedRoots` is there on renewal 0 of purpose `backup`. */
export type LeaseDocument = z.infer<typeof leaseSchema>;

/** Per incarnation the backups of earlier epochs that count. */
export type AcceptedRoots = NonNullable<LeaseDocument["acceptedRoots"]>;

/** True when both name the same process. */
export function sameHolder(a: Holder, b: Holder): boolean {
  return (
    a.machine === b.machine &&
    a.bootId === b.bootId &&
    a.pidNamespace === b.pidNamespace &&
    a.pid === b.pid &&
    a.processStart === b.processStart
  );
}

/** The document's bytes. */
export function encodeLease(lease: LeaseDocument): Buffer {
  return encodeDocument(lease);
}

/** Reads a renewal. @throws DrError `REPO_ENCODING`. */
export function decodeLease(bytes: Uint8Array, name: string): LeaseDocument {
  return decodeDocument(leaseSchema, bytes, `the lease ${name}`);
}
