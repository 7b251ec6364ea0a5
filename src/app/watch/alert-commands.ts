/**
 * What people do with alerts: see them, take them, keep them quiet for a while. Each is one change of the watch's memory and an event for the
 * ledger; whoever was told of an alert is told who has taken it.
 */
import { DrError } from "../../core/errors.ts";
import { quietsMax } from "../../core/watch-limits.ts";
import { type Notice, openTracks } from "../../watch/alert-state.ts";
import type { Track } from "../../watch/alert-track.ts";
import { channelObservations } from "../../watch/channel-health.ts";
import { newMessageId } from "../../watch/message-id.ts";
import { passTime, pointOf } from "../../watch/moment.ts";
import type { Observation } from "../../watch/observation.ts";
import type { Settled, Waiting } from "../../watch/outbox.ts";
import { type PlannedWindow, type Quiet, holds, policyOf } from "../../watch/policy.ts";
import { namedRules } from "../../watch/rule-verdicts.ts";
import { tell, withEvents } from "../../watch/take-look.ts";
import type { WatchDocument } from "../../watch/watch-document.ts";
import type { Adapters } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { personLine } from "./person-line.ts";
import { parseUntil } from "./until.ts";
import { type OpenWatch, type WatchOptions, openWatch } from "./watch-setup.ts";

/** An alert, and what keeps it quiet. */
export type ListedAlert = { readonly track: Track; readonly silencedBy: string | undefined };

/** Everything about alerts on this host. */
export type AlertList = {
  readonly open: readonly ListedAlert[];
  /** Ill, and not told: not for long enough yet, or because of something else. */
  readonly pending: readonly ListedAlert[];
  readonly quiets: readonly Quiet[];
  readonly planned: readonly PlannedWindow[];
  readonly waiting: readonly Waiting[];
  readonly history: readonly Settled[];
  readonly channels: readonly Observation[];
  /** Ways to people. */
  readonly routes: number;
  readonly problems: readonly DrError[];
  /** How many events wait for the ledger. */
  readonly events: number;
};

type Person = { readonly by: string | undefined; readonly reason: string };

function personOf({ by, reason }: Person, watch: OpenWatch): { by: string; reason: string } {
  return {
    by: by === undefined ? watch.setup.actor : personLine(by, "--by"),
    reason: personLine(reason, "--reason"),
  };
}

/** The document at this instant. */
function atNow(document: WatchDocument, watch: OpenWatch): WatchDocument {
  const time = passTime(document.alerts.time, watch.moment());
  return { ...document, alerts: { ...document.alerts, time } };
}

/** Everything that is remembered. @throws DrError `STORE_IO`. */
export async function listAlerts(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions,
): Promise<AlertList> {
  const watch = await openWatch(adapters, environment, options);
  const { setup, memory, problems } = watch;
  const document = await memory.read(options);
  const now = watch.moment();
  const time = passTime(document.alerts.time, now);
  const quiets = document.quiets.filter((quiet) => holds(quiet, time));
  const policy = policyOf({ ...setup, quiets });
  const listed = (track: Track): ListedAlert => ({
    track,
    silencedBy: policy.silencedBy(track, time),
  });
  const open = openTracks(document.alerts);
  return {
    open: open.map(listed),
    pending: document.alerts.tracks.filter((track) => !open.includes(track)).map(listed),
    quiets,
    planned: setup.planned,
    waiting: document.outbox.waiting,
    history: document.outbox.history,
    channels: channelObservations(document, setup.routes, now),
    routes: setup.routes.length,
    problems,
    events: document.events.length,
  };
}

/** By its id, the id without its end, or a rule that is open. */
function isMeant(track: Track, typed: string): boolean {
  const { alertId, rule } = track;
  return alertId === typed || alertId.startsWith(`${typed}-`) || rule === typed;
}

/**
 * Takes alerts: no reminders and no escalation any more; the resolution is sent. Answers those taken.
 * @throws DrError `WATCH_ALERT_UNKNOWN`, `WATCH_REASON`, `STORE_*`.
 */
export async function acknowledgeAlert(
  adapters: Adapters,
  environment: Environment,
  request: WatchOptions & Person & { readonly id: string },
): Promise<readonly Track[]> {
  const watch = await openWatch(adapters, environment, request);
  const { setup, memory } = watch;
  const { cluster, actor } = setup;
  const { by, reason } = personOf(request, watch);
  return await memory.update((found) => {
    const document = atNow(found, watch);
    const { wallMs } = watch.moment();
    const acknowledged = { by, reason, atMs: wallMs };
    const isTaken = (track: Track): boolean =>
      track.standing.phase !== "pending" && isMeant(track, request.id);
    const tracks = document.alerts.tracks.map((track) =>
      isTaken(track) ? { ...track, acknowledged } : track,
    );
    const taken = tracks.filter(isTaken);
    if (taken.length === 0) {
      throw new DrError("WATCH_ALERT_UNKNOWN", { id: request.id.slice(0, 100) });
    }
    const notices = taken.map((track): Notice => {
      return { kind: "acknowledged", track, steps: [], resolution: undefined };
    });
    const at = new Date(wallMs).toISOString();
    const events = taken.map(({ alertId: alert, rule, subject }) => {
      const data = { cluster, alert, rule, subject, by, why: reason, at };
      return { kind: "alertAcknowledged", actor, data };
    });
    const alerts = { ...document.alerts, tracks };
    const next = withEvents(tell({ ...document, alerts }, notices, setup), events);
    return { document: next, result: taken };
  }, request);
}

function requireRule(rule: string, document: WatchDocument): void {
  const seen = document.alerts.tracks.map((track) => track.rule);
  const known = new Set<string>([...namedRules, ...seen, "all"]);
  if (!known.has(rule)) {
    const names = [...known].toSorted().join(", ");
    throw new DrError("WATCH_RULE_UNKNOWN", { rule: rule.slice(0, 100), known: names });
  }
}

/**
 * Begins a silence or a maintenance window. @throws DrError `WATCH_RULE_UNKNOWN`, `WATCH_UNTIL`, `WATCH_REASON`, `WATCH_QUIETS_FULL`,
 * `STORE_*`.
 */
export async function beginQuiet(
  adapters: Adapters,
  environment: Environment,
  request: WatchOptions &
    Person & { readonly kind: Quiet["kind"]; readonly rule: string; readonly until: string },
): Promise<Quiet> {
  const watch = await openWatch(adapters, environment, request);
  const { setup, memory } = watch;
  const { by, reason } = personOf(request, watch);
  const { kind, rule } = request;
  return await memory.update((found) => {
    const document = atNow(found, watch);
    requireRule(rule, document);
    const { wallMs } = watch.moment();
    const untilWallMs = parseUntil(request.until, wallMs);
    if (document.quiets.length >= quietsMax) {
      throw new DrError("WATCH_QUIETS_FULL", { max: quietsMax });
    }
    const { time } = document.alerts;
    const from = time === null ? { watchMs: 0, wallMs } : pointOf(time);
    const id = newMessageId(wallMs, setup.random).slice(-6);
    const quiet: Quiet = { id, kind, rule, by, reason, from, untilWallMs };
    const until = new Date(untilWallMs).toISOString();
    const { cluster, actor } = setup;
    const data = { cluster, quiet: id, what: kind, rule, until, by, why: reason };
    const next = { ...document, quiets: [...document.quiets, quiet] };
    return {
      document: withEvents(next, [{ kind: "alertsSilenced", actor, data }]),
      result: quiet,
    };
  }, request);
}

/**
 * Ends silences or windows before their time: by id, by rule, or `all`. Answers those ended.
 * @throws DrError `WATCH_QUIET_UNKNOWN`, `STORE_*`.
 */
export async function endQuiet(
  adapters: Adapters,
  environment: Environment,
  request: WatchOptions & {
    readonly kind: Quiet["kind"];
    readonly which: string;
    readonly by: string | undefined;
  },
): Promise<readonly Quiet[]> {
  const watch = await openWatch(adapters, environment, request);
  const { setup, memory } = watch;
  const { kind, which } = request;
  const by = request.by === undefined ? setup.actor : personLine(request.by, "--by");
  return await memory.update((found) => {
    const document = atNow(found, watch);
    const ended = document.quiets.filter(
      (quiet) =>
        quiet.kind === kind && (which === "all" || quiet.id === which || quiet.rule === which),
    );
    if (ended.length === 0) {
      const what = kind === "silence" ? "silence" : "maintenance";
      throw new DrError("WATCH_QUIET_UNKNOWN", { what, id: which.slice(0, 100) });
    }
    const at = new Date(watch.moment().wallMs).toISOString();
    const { cluster, actor } = setup;
    const events = ended.map(({ id, rule }) => {
      const data = { cluster, quiet: id, what: kind, rule, at, by };
      return { kind: "alertsUnsilenced", actor, data };
    });
    const quiets = document.quiets.filter((quiet) => !ended.includes(quiet));
    return { document: withEvents({ ...document, quiets }, events), result: ended };
  }, request);
}
