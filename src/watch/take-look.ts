/**
 * One look's whole effect on what is remembered: alerts step on, messages are queued, events noted, silences that are over end. Pure but for
 * the draw of names, so that it can be repeated when another process was faster.
 */
import { cutText } from "../core/cut-text.ts";
import { watchEventsMax, watchTextMax } from "../core/watch-limits.ts";
import type { Random } from "../core/random.ts";
import { type Notice, type Turn, step } from "./alert-state.ts";
import { channelObservations } from "./channel-health.ts";
import { type Audience, type Route, composeMessages } from "./compose-messages.ts";
import type { Moment } from "./moment.ts";
import type { Observation, ObservedWords } from "./observation.ts";
import {
  type Contact,
  type EscalationStep,
  type PlannedWindow,
  holds,
  policyOf,
} from "./policy.ts";
import { withRecovered } from "./subjects.ts";
import type { WatchDocument, WatchEvent } from "./watch-document.ts";

/** Who we are and whom we tell: from the configuration. */
export type WatchSetup = {
  readonly cluster: string;
  readonly host: string;
  readonly actor: string;
  readonly routes: readonly Route[];
  readonly contacts: readonly Contact[];
  readonly escalation: readonly EscalationStep[];
  readonly planned: readonly PlannedWindow[];
  readonly random: Random;
};

function isoOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

function turnEvent({ kind, track, resolution }: Turn, setup: WatchSetup): WatchEvent {
  const { cluster, actor } = setup;
  const { alertId: alert, rule, subject, severity } = track;
  const facts = { cluster, alert, rule, subject };
  if (kind === "opened" || resolution === undefined) {
    const at = isoOf(track.since.wallMs);
    const { summary } = track.words.en;
    return { kind: "alertOpened", actor, data: { ...facts, severity, at, summary } };
  }
  const data = {
    ...facts,
    how: resolution.how,
    at: isoOf(resolution.atMs),
    lastedSeconds: resolution.lastedMs / 1000,
    exposedSeconds: track.exposure?.worst ?? null,
    proof: resolution.words.en.summary,
  };
  return { kind: "alertResolved", actor, data };
}

/** The document with more events; the oldest are dropped, and counted, when too many wait. */
export function withEvents(document: WatchDocument, events: readonly WatchEvent[]): WatchDocument {
  const all = [...document.events, ...events];
  const lost = Math.max(0, all.length - watchEventsMax);
  return { ...document, events: all.slice(lost), eventsLost: document.eventsLost + lost };
}

/** Queues messages for what was decided otherwise than by a look. */
export function tell(
  document: WatchDocument,
  notices: readonly Notice[],
  setup: WatchSetup,
): WatchDocument {
  const { time, tracks } = document.alerts;
  if (time === null) {
    return document;
  }
  const audience: Audience = { ...setup, now: time };
  const composed = composeMessages(document.outbox, tracks, notices, audience);
  const alerts = { ...document.alerts, tracks: [...composed.tracks] };
  const { waiting, history, routes } = composed.outbox;
  const outbox = { waiting: [...waiting], history: [...history], routes: { ...routes } };
  return { ...document, alerts, outbox };
}

/** As much of each text as is remembered: a longer one would make the document unreadable. */
function clipped(observation: Observation): Observation {
  const { subject, words } = observation;
  const clip = ({ summary, hint }: ObservedWords): ObservedWords => ({
    summary: cutText(summary, watchTextMax),
    hint: cutText(hint, watchTextMax),
  });
  return {
    ...observation,
    subject: cutText(subject, watchTextMax),
    words: { en: clip(words.en), fr: clip(words.fr) },
  };
}

/** Takes a look into account, and with it how the channels do. */
export function takeLook(
  document: WatchDocument,
  observations: readonly Observation[],
  context: { readonly setup: WatchSetup; readonly now: Moment; readonly lookAgeMs?: number },
): WatchDocument {
  const { setup, now, lookAgeMs } = context;
  const { contacts, escalation, planned, cluster, actor } = setup;
  const own = channelObservations(document, setup.routes, now);
  const seen = withRecovered([...observations, ...own].map(clipped), document.alerts.tracks);
  const stepped = step(document.alerts, seen, {
    policy: policyOf({ quiets: document.quiets, planned, contacts, escalation }),
    now,
    ...(lookAgeMs === undefined ? {} : { lookAgeMs }),
    naming: { cluster, watcher: document.watcher },
  });
  const { time } = stepped.state;
  const ended = document.quiets.filter((quiet) => time !== null && !holds(quiet, time));
  const events = [
    ...stepped.turns.map((turn) => turnEvent(turn, setup)),
    ...ended.map(({ id, kind, rule }) => {
      const data = { cluster, quiet: id, what: kind, rule, at: isoOf(now.wallMs), by: null };
      return { kind: "alertsUnsilenced", actor, data };
    }),
  ];
  const quiets = document.quiets.filter((quiet) => !ended.includes(quiet));
  const next = { ...document, alerts: stepped.state, quiets };
  return withEvents(tell(next, stepped.notices, setup), events);
}
