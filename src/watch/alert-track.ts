/**
 * What is remembered of alerts, as it lies on disk. One track follows one rule and subject from the first ill look on; a rule that
 * cannot be judged for too long has a second track of its own, whose illness is not knowing.
 */
import * as z from "zod/mini";
import { watchTextMax } from "../core/watch-limits.ts";

const text = z.string().check(z.maxLength(watchTextMax));
const point = z.object({ watchMs: z.number(), wallMs: z.number() });
const words = z.object({ summary: text, hint: text });

/** What people read of an observation, in both languages. */
export const wordsSchema = z.object({ en: words, fr: words });

const standing = z.discriminatedUnion("phase", [
  /** Ill, and not yet for long enough, or explained by something else: nobody was told. */
  z.object({ phase: z.literal("pending") }),
  z.object({ phase: z.literal("open"), opened: point }),
  /** Open still; well since a moment ago. */
  z.object({ phase: z.literal("clearing"), opened: point, wellSince: point }),
]);

const acknowledgement = z.object({ by: text, reason: text, atMs: z.number() });

/** One illness of one rule and subject. */
export const trackSchema = z.object({
  rule: z.string(),
  subject: text,
  /** `blind`: it could not be judged. */
  about: z.enum(["ill", "blind"]),
  /** Given when it opens; empty while pending. */
  alertId: z.string(),
  severity: z.enum(["critical", "warning"]),
  standing,
  since: point,
  /** The newest look that said something of it. */
  seenMs: z.number(),
  words: wordsSchema,
  /** The rule that explains it; null: none does. */
  coveredBy: z.nullable(z.string()),
  /** Whether its opening was said; an alert that opened during a silence is told when that ends. */
  told: z.boolean(),
  remindedMs: z.number(),
  acknowledged: z.nullable(acknowledgement),
  /** Steps of escalation that were taken. */
  steps: z.array(z.int()),
  /** It came and went too often, and stays open until it was well for long. */
  flapping: z.boolean(),
  /** Seconds of work exposed: now, and at worst; null: not known. */
  exposure: z.nullable(z.object({ last: z.number(), worst: z.number(), growing: z.boolean() })),
  /** WAL was missing while it lasted: what was closed since has instants in it that are lost. */
  holed: z._default(z.boolean(), false),
  /** The first message about it on each route, empty where it was only counted so far. */
  routes: z.record(z.string(), z.string()),
});

/** The same as a type. */
export type Track = z.infer<typeof trackSchema>;

/** What is remembered between two looks. */
export const alertStateSchema = z.object({
  time: z.nullable(z.extend(point, { uptimeMs: z.number(), bootId: z.string() })),
  /** Numbers alerts; never used again. */
  sequence: z.int(),
  tracks: z.array(trackSchema),
  /** The last known health of each rule and subject. */
  healths: z.record(
    z.string(),
    z.object({
      health: z.enum(["well", "ill", "unknown"]),
      seenMs: z.number(),
      /** Seconds, of `exposure` alone. */
      seconds: z.nullable(z.number()),
    }),
  ),
  /** When a track opened during the last hour, by its key. */
  openings: z.record(z.string(), z.array(z.number())),
});

/** The same as a type. */
export type AlertState = z.infer<typeof alertStateSchema>;

/** Nothing is known yet. */
export const emptyAlertState: AlertState = {
  time: null,
  sequence: 0,
  tracks: [],
  healths: {},
  openings: {},
};

/** Names a track among those that live. */
export function trackKey(track: {
  readonly rule: string;
  readonly subject: string;
  readonly about: Track["about"];
}): string {
  return `${track.rule}|${track.subject}|${track.about}`;
}

/** Open for people: told or not, clearing or not. */
export function isOpen(track: Track): boolean {
  return track.standing.phase !== "pending";
}
