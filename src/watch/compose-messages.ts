/**
 * From what happened to messages on routes. Who is told what is decided here: everything goes to the routes of the settings, steps of
 * escalation to their contacts, and whatever comes later about an alert to those who were told of it. What one look found is one
 * message; beyond a number an hour alerts are held, each as it was last, and told together in a summary that names them.
 */
import {
  digestCriticalEveryMs,
  digestEveryMs,
  heldAlertsMax,
  messageAlertsMax,
  messagesPerHourMax,
  outboxWaitingMax,
} from "../core/watch-limits.ts";
import type { Language } from "../core/language.ts";
import type { Random } from "../core/random.ts";
import type { Notice } from "./alert-state.ts";
import { type Wording, alertOf, digestHeadline, headlineOf, inOrder } from "./alert-text.ts";
import type { Track } from "./alert-track.ts";
import { newMessageId } from "./message-id.ts";
import type { WatchTime } from "./moment.ts";
import type { ChannelName, MessageSeverity } from "./notifier.ts";
import {
  type Outbox,
  type RouteState,
  type StoredAlert,
  type StoredMessage,
  type Waiting,
  emptyRouteState,
} from "./outbox.ts";
import { type Contact, type EscalationStep, contactsNow } from "./policy.ts";

/** One way to one person or group. */
export type Route = {
  /** Channel and recipient, as people read them; never a secret. */
  readonly id: string;
  readonly channel: ChannelName;
  readonly recipient: string;
  readonly language: Language;
  readonly zone: string;
  /** What it wants to know of. */
  readonly minimum: "critical" | "warning";
  /** Whose it is; undefined: it is told everything from the start. */
  readonly contact: string | undefined;
};

/** The id of a way to somebody. */
export function routeIdOf(way: {
  readonly channel: ChannelName;
  readonly recipient: string;
}): string {
  return `${way.channel} ${way.recipient}`;
}

/** What composing works with. */
export type Audience = {
  readonly routes: readonly Route[];
  readonly contacts: readonly Contact[];
  readonly escalation: readonly EscalationStep[];
  readonly cluster: string;
  readonly host: string;
  readonly now: WatchTime;
  readonly random: Random;
};

/** The outbox with what was composed, and the tracks with what they are told on. */
export type Composed = { readonly outbox: Outbox; readonly tracks: readonly Track[] };

const HOUR_MS = 3_600_000;

function stored(notice: Notice, language: Language): StoredAlert {
  const alert = alertOf(notice, language);
  return { ...alert, resolved: alert.resolved ?? null };
}

/** Everybody who was told is reached in other ways by now: an address was changed meanwhile. */
function isOrphan({ routes }: Track, audience: Audience): boolean {
  const told = Object.keys(routes);
  return told.length > 0 && !audience.routes.some(({ id }) => told.includes(id));
}

/** A channel that fails is told of on the others; its reminders go there too, so that its return shows. */
function isAboutItself({ id }: Route, { kind, track }: Notice): boolean {
  const isOwn = track.rule === "channel" && track.subject === id;
  return isOwn && (kind === "opened" || kind === "raised");
}

/** Whether a step of escalation that is taken names the route's contact. */
function isNamed(route: Route, { track, steps }: Notice, audience: Audience): boolean {
  const at = { severity: track.severity, wallMs: audience.now.wallMs };
  return steps.some((index) => {
    const step = audience.escalation[index];
    const contacts = step === undefined ? [] : contactsNow(step, audience.contacts, at);
    return contacts.some(({ name }) => name === route.contact);
  });
}

/** Whether a route is told of a notice. */
function concerns(route: Route, notice: Notice, audience: Audience): boolean {
  const { kind, track } = notice;
  const isUnfit = route.minimum === "critical" && track.severity !== "critical";
  if (isUnfit || isAboutItself(route, notice)) {
    return false;
  }
  const isTold = Object.hasOwn(track.routes, route.id);
  switch (kind) {
    case "opened":
      return route.contact === undefined || isNamed(route, notice, audience);
    case "raised":
      return !isTold && isNamed(route, notice, audience);
    case "reminder":
      return isTold || route.contact === undefined;
    case "acknowledged":
    case "resolved":
      return isTold || (route.contact === undefined && isOrphan(track, audience));
  }
}

function worst(severities: readonly MessageSeverity[]): MessageSeverity {
  return severities.includes("critical")
    ? "critical"
    : severities.includes("warning")
      ? "warning"
      : "info";
}

/** What a message says, whoever gets it. */
export type MessageContent = Omit<
  StoredMessage,
  "id" | "language" | "zone" | "cluster" | "host" | "at"
>;

/** A message for one route, to be handed over now. */
export function waitingFor(
  { id: route, channel, recipient, language, zone }: Route,
  content: MessageContent,
  { now, random, cluster, host }: Pick<Audience, "now" | "random" | "cluster" | "host">,
): Waiting {
  const id = newMessageId(now.wallMs, random);
  const at = new Date(now.wallMs).toISOString();
  return {
    route,
    channel,
    recipient,
    message: { id, language, zone, cluster, host, at, ...content },
    queuedMs: now.watchMs,
    attempts: 0,
    dueMs: now.watchMs,
    said: "",
  };
}

/** One route's share of a look. */
class RouteComposer {
  readonly #route: Route;
  readonly #audience: Audience;
  readonly waiting: Waiting[] = [];
  readonly #before: number;
  #state: RouteState;
  /** The message in which each alert was first told, by alert id; empty where it is held. */
  readonly first = new Map<string, string>();

  constructor(route: Route, outbox: Outbox, audience: Audience) {
    this.#route = route;
    this.#audience = audience;
    this.#before = outbox.waiting.filter((each) => each.route === route.id).length;
    const known = outbox.routes[route.id] ?? emptyRouteState;
    const since = audience.now.watchMs - HOUR_MS;
    this.#state = { ...known, recent: known.recent.filter((at) => at > since) };
  }

  get state(): RouteState {
    return this.#state;
  }

  take(notices: readonly Notice[]): void {
    const ordered = inOrder(notices);
    for (let from = 0; from < ordered.length; from += messageAlertsMax) {
      const part = ordered.slice(from, from + messageAlertsMax);
      // What is held already goes first: a route's messages stay in order.
      const isFull =
        this.#state.held.length > 0 ||
        this.#state.recent.length >= messagesPerHourMax ||
        this.#before + this.waiting.length >= outboxWaitingMax;
      if (isFull) {
        this.#hold(part);
      } else {
        this.#send(part);
      }
    }
    this.#sumUp();
  }

  #wording(): Wording {
    const { language, zone } = this.#route;
    return { language, zone, cluster: this.#audience.cluster };
  }

  #send(notices: readonly Notice[]): void {
    const { language } = this.#route;
    const { now } = this.#audience;
    const [first] = notices;
    if (first === undefined) {
      return;
    }
    const alerts = notices.map((notice) => stored(notice, language));
    const earlier = first.track.routes[this.#route.id] ?? "";
    const { kind } = first;
    const opens = kind === "opened" || earlier === "";
    const id = this.#put({
      inReplyTo: opens ? null : earlier,
      kind,
      severity: kind === "resolved" ? "info" : worst(alerts.map(({ severity }) => severity)),
      headline: headlineOf(notices, this.#wording(), now.watchMs),
      alerts,
      alertsLeftOut: 0,
    });
    for (const { track } of notices) {
      this.first.set(track.alertId, track.routes[this.#route.id] ?? id);
    }
    this.#state = { ...this.#state, recent: [...this.#state.recent, now.watchMs] };
  }

  #put(content: MessageContent): string {
    const entry = waitingFor(this.#route, content, this.#audience);
    this.waiting.push(entry);
    return entry.message.id;
  }

  #hold(notices: readonly Notice[]): void {
    const { language, id } = this.#route;
    let { heldLeftOut } = this.#state;
    const held = new Map(this.#state.held.map((entry) => [entry.alert.alertId, entry]));
    for (const notice of notices) {
      const { alertId, routes } = notice.track;
      const told = held.get(alertId)?.told ?? (routes[id] ?? "") !== "";
      // What somebody was told of must not be left out: its end would never be told.
      const evicted = [...held].find(([, each]) => !each.told && each.alert.resolved !== null)?.[0];
      const isFull = held.size >= heldAlertsMax && !held.has(alertId) && !told;
      if (isFull && evicted !== undefined) {
        held.delete(evicted);
      }
      heldLeftOut += isFull ? 1 : 0;
      if (!isFull || evicted !== undefined) {
        held.set(alertId, { alert: stored(notice, language), told });
      }
      this.first.set(alertId, routes[id] ?? "");
    }
    this.#state = { ...this.#state, held: [...held.values()], heldLeftOut };
  }

  /** Tells what is held, when it is time. */
  #sumUp(): void {
    const { held, heldLeftOut, digestMs } = this.#state;
    const { now } = this.#audience;
    if (held.length === 0 || this.#before + this.waiting.length > outboxWaitingMax) {
      return;
    }
    const urgent = held.some(
      ({ alert, told }) => alert.severity === "critical" && alert.resolved === null && !told,
    );
    const everyMs = urgent ? digestCriticalEveryMs : digestEveryMs;
    if (digestMs !== null && now.watchMs - digestMs < everyMs) {
      return;
    }
    const rank = (alert: StoredAlert): number =>
      (alert.resolved === null ? 0 : 2) + (alert.severity === "critical" ? 0 : 1);
    const alerts = held.map(({ alert }) => alert).toSorted((a, b) => rank(a) - rank(b));
    const alertsLeftOut = heldLeftOut;
    const open = alerts.filter(({ resolved }) => resolved === null);
    const id = this.#put({
      inReplyTo: null,
      kind: "digest",
      severity: open.length === 0 ? "info" : worst(open.map(({ severity }) => severity)),
      headline: digestHeadline(alerts.length + alertsLeftOut, this.#wording()),
      alerts,
      alertsLeftOut,
    });
    for (const { alertId } of alerts) {
      this.first.set(alertId, id);
    }
    this.#state = { ...this.#state, held: [], heldLeftOut: 0, digestMs: now.watchMs };
  }
}

/** Queues messages for what happened, and the summaries that are due. */
export function composeMessages(
  outbox: Outbox,
  tracks: readonly Track[],
  notices: readonly Notice[],
  audience: Audience,
): Composed {
  const waiting = [...outbox.waiting];
  const routes: Record<string, RouteState> = { ...outbox.routes };
  const told = new Map<string, Record<string, string>>();
  for (const route of audience.routes) {
    const composer = new RouteComposer(route, outbox, audience);
    composer.take(notices.filter((notice) => concerns(route, notice, audience)));
    waiting.push(...composer.waiting);
    routes[route.id] = composer.state;
    for (const [alertId, message] of composer.first) {
      told.set(alertId, { ...told.get(alertId), [route.id]: message });
    }
  }
  const marked = tracks.map((track) => {
    const more = track.alertId === "" ? undefined : told.get(track.alertId);
    if (more === undefined) {
      return track;
    }
    // The first message about an alert stays the first; one that was only held gets its summary's id.
    const known = Object.entries(track.routes).filter(([, message]) => message !== "");
    return { ...track, routes: { ...track.routes, ...more, ...Object.fromEntries(known) } };
  });
  return { outbox: { ...outbox, waiting, routes }, tracks: marked };
}
