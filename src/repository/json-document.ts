/**
 * The small JSON documents of a repository (leases, pins, condemns, ledger): one way to write them and one to read them, so
 * that a document that is authentic but not understood is refused the same way everywhere. It never
 * ignores what a schema does not allow, and never lets an unchecked value in.
 */
import * as z from "zod/mini";
import { ByteReader } from "../core/byte-reader.ts";
import { type ObjectId, parseObjectId } from "../core/object-id.ts";

/** 32 lower-case hexadecimal digits. */
export const objectIdText = z.pipe(
  z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  z.transform((text): ObjectId => parseObjectId(text)),
);

/** A whole number, 0 or more. */
export const countNumber = z.int().check(z.nonnegative());

/** What the schemas accept as input and give as output. */
export type DocumentSchema<T> = z.ZodMiniType<T>;

/** The document's bytes. */
export function encodeDocument(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}

/** Reads a document. `what` names it in errors. @throws DrError `REPO_ENCODING`. */
export function decodeDocument<T>(schema: DocumentSchema<T>, bytes: Uint8Array, what: string): T {
  const fault = (fact: string): Error => new ByteReader(bytes, what).fault(fact);
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    throw Object.assign(fault("it is not JSON"), { cause: error });
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw fault(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`);
  }
  return parsed.data;
}
