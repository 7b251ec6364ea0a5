/** How alerts are shown: to people with what to do next, to machines as objects. */
import type { AlertList, ListedAlert } from "../app/watch/alert-commands.ts";
import { errorText } from "../core/errors.ts";
import { formatDuration } from "../core/format.ts";
import type { Quiet } from "../watch/policy.ts";
import { factLines } from "./fact-lines.ts";
import type { Frame, JsonValue } from "./frame.ts";
import { alertText } from "./text/alert-text.ts";

/** Messages shown with `--all`. */
const HISTORY_SHOWN = 10;

/** "2026-11-23 14:02", by this machine's clock, with its offset. */
export function localMinute(wallMs: number): string {
  const at = new Date(wallMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const offset = -at.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())} ${zone}`;
}

function stateOf({ track, silencedBy }: ListedAlert, frame: Frame): string {
  const { states } = alertText[frame.language];
  const { standing, coveredBy, acknowledged, flapping } = track;
  if (standing.phase === "pending") {
    return coveredBy === null ? states.pending : states.covered(coveredBy);
  }
  return acknowledged !== null
    ? states.taken(acknowledged.by)
    : silencedBy !== undefined
      ? states.silenced
      : flapping
        ? states.flapping
        : standing.phase === "clearing"
          ? states.clearing
          : states.open;
}

function nameOf({ track: { rule, subject } }: ListedAlert): string {
  return subject === "" ? rule : `${rule} (${subject})`;
}

function alertLines(listed: ListedAlert, frame: Frame): string[] {
  const { language } = frame;
  const text = alertText[language];
  const { track } = listed;
  const { summary, hint } = track.words[language];
  const worst = track.exposure?.worst ?? 0;
  const facts = [
    `${localMinute(track.since.wallMs)}, ${stateOf(listed, frame)}`,
    summary,
    ...(worst > 0 ? [text.worst(formatDuration(worst * 1000, language))] : []),
    ...(hint === "" ? [] : [`→ ${hint}`]),
  ];
  const mark = track.severity === "critical" ? "✗" : "!";
  return [
    `${mark} ${track.alertId === "" ? nameOf(listed) : track.alertId}  ${text.severity[track.severity]}`,
    ...facts.map((fact) => `    ${fact}`),
  ];
}

/** One silence or window on a line. */
export function quietLine(quiet: Quiet, frame: Frame): string {
  const text = alertText[frame.language];
  const rule = quiet.rule === "all" ? text.everyRule : quiet.rule;
  return text.quiet({ ...quiet, rule, until: localMinute(quiet.untilWallMs) });
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function quietLines(list: AlertList, frame: Frame): string[] {
  const text = alertText[frame.language];
  return [
    ...list.quiets.map((quiet) => quietLine(quiet, frame)),
    ...list.planned.map(({ name, untilWallMs }) => text.planned(name, localMinute(untilWallMs))),
  ];
}

/** What `--all` adds. */
function moreLines(list: AlertList, frame: Frame): string[] {
  const text = alertText[frame.language];
  const pending = list.pending.map((listed): [string, string] => [
    nameOf(listed),
    stateOf(listed, frame),
  ]);
  const waiting = list.waiting.map(({ route, message, attempts, said }) =>
    text.waiting(route, message.headline, attempts, said),
  );
  const history = list.history
    .slice(-HISTORY_SHOWN)
    .map(({ route, headline, settledAt, state }) => {
      const mark = state === "accepted" ? "✓" : "✗";
      return `${mark} ${localMinute(Date.parse(settledAt))}  ${route}: ${headline}`;
    });
  return [
    ...(pending.length === 0 ? [] : ["", text.pendingTitle, ...factLines(pending)]),
    ...section(text.waitingTitle, waiting),
    ...section(text.historyTitle, history),
  ];
}

/** The page of `pra alert list`. */
export function alertListLines(list: AlertList, options: { all: boolean }, frame: Frame): string[] {
  const { language } = frame;
  const text = alertText[language];
  const failing = list.channels
    .filter(({ health }) => health === "ill")
    .map(({ subject, words }) => `${subject}: ${words[language].summary}`);
  return [
    ...(list.open.length === 0
      ? [text.none]
      : list.open.flatMap((listed) => alertLines(listed, frame))),
    ...section(text.channelTitle, failing),
    ...section(text.quietTitle, quietLines(list, frame)),
    ...(options.all ? moreLines(list, frame) : []),
    ...(list.routes === 0 ? ["", `! ${text.noChannel}`] : []),
    ...list.problems.flatMap((problem) => {
      const { message, hint } = errorText(problem, language);
      return ["", `! ${message}`, `  ${hint}`];
    }),
  ];
}

/** The page of `pra maintenance list`. */
export function maintenanceLines(list: AlertList, frame: Frame): string[] {
  const lines = quietLines(
    { ...list, quiets: list.quiets.filter(({ kind }) => kind === "maintenance") },
    frame,
  );
  return lines.length === 0 ? [alertText[frame.language].noQuiet] : lines;
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** One alert for machines. */
export function alertJson({ track, silencedBy }: ListedAlert, frame: Frame): JsonValue {
  const { standing, exposure, acknowledged } = track;
  const { summary, hint } = track.words[frame.language];
  return {
    id: track.alertId === "" ? null : track.alertId,
    rule: track.rule,
    subject: track.subject,
    severity: track.severity,
    state: acknowledged === null ? standing.phase : "acknowledged",
    blind: track.about === "blind",
    flapping: track.flapping,
    told: track.told,
    since: iso(track.since.wallMs),
    openedAt: standing.phase === "pending" ? null : iso(standing.opened.wallMs),
    summary,
    hint: hint === "" ? null : hint,
    exposureSeconds: exposure?.last ?? null,
    exposureSecondsWorst: exposure?.worst ?? null,
    acknowledged:
      acknowledged === null
        ? null
        : { by: acknowledged.by, reason: acknowledged.reason, at: iso(acknowledged.atMs) },
    coveredBy: track.coveredBy,
    silencedBy: silencedBy ?? null,
  };
}

/** One silence for machines. */
export function quietJson({ id, kind, rule, by, reason, from, untilWallMs }: Quiet): JsonValue {
  return { id, kind, rule, by, reason, from: iso(from.wallMs), until: iso(untilWallMs) };
}

/** Everything for machines. */
export function alertListJson(list: AlertList, frame: Frame): Readonly<Record<string, JsonValue>> {
  return {
    ok: !list.open.some(({ track }) => track.severity === "critical"),
    open: list.open.map((listed) => alertJson(listed, frame)),
    pending: list.pending.map((listed) => alertJson(listed, frame)),
    quiet: list.quiets.map(quietJson),
    planned: list.planned.map(({ name, rules, untilWallMs }) => ({
      name,
      rules,
      until: iso(untilWallMs),
    })),
    waiting: list.waiting.map(({ route, message, attempts, said }) => {
      const { id, kind, headline, at } = message;
      return { id, route, kind, headline, at, attempts, said };
    }),
    history: list.history.map(({ id, route, kind, headline, at, settledAt, state, said }) => {
      return { id, route, kind, headline, at, settledAt, state, said };
    }),
    channels: list.channels.map(({ subject, health, words }) => {
      return { route: subject, ok: health === "well", summary: words[frame.language].summary };
    }),
    routes: list.routes,
    eventsWaiting: list.events,
    problems: list.problems.map(({ code, message }) => ({ code, message })),
  };
}
