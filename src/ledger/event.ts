/**
 * The envelope of an event and the chain that events of one writer form: each bears the hash of the one before, over its
 * canonical JSON, so that none can be edited, removed or moved without breaking the chain. docs/format.md section 11.
 */
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { ledgerBatchEventsMax, ledgerEventBytesMax } from "../core/limits.ts";
import { decodeDocument, encodeDocument, objectIdText } from "../repository/json-document.ts";
import { canonicalJson, hasCanonicalForm, type JsonValue } from "./canonical-json.ts";
import { type EventContent, parseEventContent } from "./event-kinds.ts";

const wholeText = z.string().check(z.refine((text) => text.isWellFormed(), "a lone surrogate"));
/** One level below the event. What has no canonical form has no hash: nobody can have chained it. */
const eventData = z.custom<JsonValue>(
  (data) => hasCanonicalForm(data, 1),
  "it has no canonical form",
);

const envelopeSchema = z.object({
  id: objectIdText,
  kind: wholeText,
  version: z.int().check(z.positive()),
  time: z.iso.datetime(),
  writer: wholeText,
  sequence: z.int().check(z.positive()),
  previousHash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  actor: wholeText,
  reason: wholeText,
  data: eventData,
});

const documentSchema = z.strictObject({
  events: z.array(envelopeSchema).check(z.minLength(1), z.maxLength(ledgerBatchEventsMax)),
});

/** One event as it stands in the ledger. `sequence` counts a writer's events from 1. */
export type EventEnvelope = z.infer<typeof envelopeSchema>;

/** An event as a reader gets it. `content` is undefined for a kind or version that this program does not know. */
export type LedgerEvent = EventEnvelope & { readonly content: EventContent | undefined };

/** The hash before a writer's first event. */
export const FIRST_PREVIOUS_HASH = "0".repeat(64);

/** The hash by which the next event refers to this one. */
export function eventHash(event: EventEnvelope): string {
  const plain: JsonValue = { ...event };
  return createHash("sha256").update(canonicalJson(plain)).digest("hex");
}

/** True for an event that may be written: larger ones belong in a report, with their hash here. */
export function fitsEvent(event: EventEnvelope): boolean {
  return canonicalJson({ ...event }).length <= ledgerEventBytesMax;
}

/** The bytes of one object of the ledger. */
export function encodeEvents(events: readonly EventEnvelope[]): Buffer {
  return encodeDocument({ events });
}

/** Reads one object of the ledger. @throws DrError `REPO_ENCODING`. */
export function decodeEvents(bytes: Uint8Array, name: string): EventEnvelope[] {
  return decodeDocument(documentSchema, bytes, `the ledger object ${name}`).events;
}

/** With its content understood. */
export function understood(event: EventEnvelope): LedgerEvent {
  return { ...event, content: parseEventContent(event) };
}
