/**
 * All that the watch of one host remembers, in one document: alerts, silences, messages that wait, events that the ledger has not got yet.
 * One document, so that deciding, queueing and noting are one atomic step: after any crash either none of it happened or all of it.
 * It holds no secret. Bounded: every list in it has a maximum.
 */
import * as z from "zod/mini";
import { DrError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { alertStateSchema, emptyAlertState } from "./alert-track.ts";
import { shortName } from "./message-id.ts";
import { routeStateSchema, settledSchema, waitingSchema } from "./outbox.ts";
import { quietSchema } from "./policy.ts";

const documentSchema = z.object({
  version: z.literal(1),
  /** A word that no other watcher uses; ends the ids of this one's alerts. */
  watcher: z.string().check(z.regex(/^[0-9a-z]{4}$/)),
  alerts: alertStateSchema,
  quiets: z.array(quietSchema),
  outbox: z.object({
    waiting: z.array(waitingSchema),
    history: z.array(settledSchema),
    routes: z.record(z.string(), routeStateSchema),
  }),
  /** The day's digest that was queued last: when it was due, and up to when it tells. None: no digest was due yet. */
  digest: z.optional(z.object({ dueMs: z.number(), toMs: z.number() })),
  /** Content of events as the ledger takes them; checked again when they are written. */
  events: z.array(
    z.object({ kind: z.string(), data: z.record(z.string(), z.unknown()), actor: z.string() }),
  ),
  /** Events that were dropped because too many waited. */
  eventsLost: z.int(),
});

/** The whole of it. */
export type WatchDocument = z.infer<typeof documentSchema>;

/** An event that waits for the ledger. */
export type WatchEvent = WatchDocument["events"][number];

/** What a new host remembers. */
export function emptyWatchDocument(random: Random): WatchDocument {
  return {
    version: 1,
    watcher: shortName(random, 4),
    alerts: emptyAlertState,
    quiets: [],
    outbox: { waiting: [], history: [], routes: {} },
    events: [],
    eventsLost: 0,
  };
}

/** For the file. */
export function encodeWatchDocument(document: WatchDocument): Buffer {
  return Buffer.from(JSON.stringify(document));
}

/** @throws DrError `WATCH_MEMORY_DAMAGED` for what is none. */
export function decodeWatchDocument(content: Uint8Array, path: string): WatchDocument {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(content).toString());
  } catch (error) {
    throw new DrError("WATCH_MEMORY_DAMAGED", { path, reason: "not JSON" }, { cause: error });
  }
  const parsed = documentSchema.safeParse(value);
  if (!parsed.success) {
    const reason = parsed.error.issues[0]?.path.join(".") ?? "?";
    throw new DrError("WATCH_MEMORY_DAMAGED", { path, reason });
  }
  return parsed.data;
}
