/**
 * Whether the first watcher watches, from the signs of life that it leaves in the repository, and who owns what is to be told. The first owns all
 * that it tells or keeps quiet on purpose, and what only it can see, the server. The second owns the first's silence; as long as that lasts it owns
 * everything that the repository shows; and it owns what the first does not tell although it lives, after a patience that lets the first speak
 * first. So people are told once. Pure.
 */
import { type Finding, found } from "../../core/finding/finding.ts";
import { clockOffBadMs, clockOffNoteMs } from "../../core/look-limits.ts";
import { deliveryLateMs, receiverSilenceTtls } from "../../core/watch-limits.ts";
import type { LeaseDocument } from "../../repository/lease-holder.ts";
import type { WatchSign } from "../../repository/watch-signs.ts";
import { alertRuleOf } from "../../watch/alert-rules.ts";
import type { Observation } from "../../watch/observation.ts";

/** The first watcher, as it is known elsewhere. */
export type First = {
  readonly sign: WatchSign;
  /** Since its newest sign was first seen. */
  readonly silentMs: number;
  /** How long it may leave none. */
  readonly limitMs: number;
};

/** It looks. */
export function isAlive({ silentMs, limitMs }: First): boolean {
  return silentMs < limitMs;
}

/** It looks, and what it tells gets out; one without any way to people tells nobody. */
function isHeard(first: First): boolean {
  const { mutedSeconds } = first.sign;
  return isAlive(first) && mutedSeconds !== null && mutedSeconds * 1000 < deliveryLateMs;
}

/** Judges it. */
export function judgeFirst(first: First | undefined): readonly Finding[] {
  if (first === undefined) {
    return [found("watcher", "bad", "watcher-never")];
  }
  const { sign, silentMs: ageMs } = first;
  const { host, mutedSeconds, deadManSeconds } = sign;
  const figure = { value: Math.round(ageMs / 1000), unit: "s" };
  if (!isAlive(first)) {
    const everyMs = sign.everySeconds * 1000;
    return [found("watcher", "bad", "watcher-silent", { host, ageMs, everyMs }, figure)];
  }
  const mutedMs = (mutedSeconds ?? 0) * 1000;
  const deadManMs = (deadManSeconds ?? 0) * 1000 + ageMs;
  return [
    mutedSeconds === null
      ? found("watcher", "bad", "watcher-alone", { host })
      : mutedMs >= deliveryLateMs
        ? found("watcher", "bad", "watcher-mute", { host, mutedMs })
        : found("watcher", "good", "watcher-alive", { host, ageMs }, figure),
    ...(deadManSeconds === null
      ? []
      : deadManMs >= 2 * first.limitMs
        ? [found("dead-man", "bad", "dead-man-silent", { host, ageMs: deadManMs })]
        : [found("dead-man", "good", "dead-man-called", { host, ageMs: deadManMs })]),
  ];
}

/** The first watcher's clock beside this host's. */
export function judgeHostClock(host: string, clockOffMs: number): Finding {
  const offMs = Math.abs(clockOffMs);
  const figure = { value: clockOffMs / 1000, unit: "s" };
  return offMs >= clockOffNoteMs
    ? found(
        "clock",
        offMs >= clockOffBadMs ? "bad" : "note",
        "clock-hosts",
        { host, offMs },
        figure,
      )
    : found("clock", "good", "clock-agrees", { host, offMs: clockOffNoteMs }, figure);
}

/** A receiver that says it is at work, and whose lease nobody renews; nothing when there is none, or it is well. */
export function judgeRenewals(
  lease: LeaseDocument | undefined,
  silentMs: number | undefined,
): Finding | undefined {
  if (lease === undefined || lease.state === "released" || silentMs === undefined) {
    return undefined;
  }
  const { host, pid } = lease.holder;
  return silentMs >= receiverSilenceTtls * lease.ttlSeconds * 1000
    ? found("receiver", "bad", "receiver-silent", { host, pid, ageMs: silentMs })
    : undefined;
}

/** Whether anything happens: backups, proofs, alerts, all leave events. */
export function judgeLedger(silentMs: number | undefined, limitMs: number): Finding {
  if (silentMs === undefined) {
    return found("ledger", "bad", "ledger-empty");
  }
  const figure = { value: Math.round(silentMs / 1000), unit: "s" };
  return silentMs >= limitMs
    ? found("ledger", "bad", "ledger-silent", { ageMs: silentMs }, figure)
    : found("ledger", "good", "ledger-grows", { ageMs: silentMs }, figure);
}

/** What the server itself tells best, and only the first watcher asks it. */
const SERVER_KNOWS: ReadonlySet<string> = new Set(["exposure"]);
/** What is about the first watcher, or about this host. */
const SECONDS_OWN: ReadonlySet<string> = new Set([
  "watcher",
  "dead-man",
  "clock",
  "ledger",
  "reachability",
]);

/** Worth a word, and worth an alert when nobody else looks: work that has ceased. */
const CEASED: ReadonlySet<string> = new Set(["backup-old", "proof-old"]);

/** While the first is silent, what is worth a word is worth an alert. */
export function asOnlyWatcher(finding: Finding, first: First | undefined): Finding {
  const isAlone = first === undefined || !isHeard(first);
  return isAlone && CEASED.has(finding.fact) && finding.state === "note"
    ? { ...finding, state: "bad" }
    : finding;
}

function isQuiet({ sign, silentMs }: First, rule: string): boolean {
  return sign.quiets.some(
    ({ rule: quiet, leftSeconds }) =>
      (quiet === "all" || quiet === rule) && leftSeconds * 1000 > silentMs,
  );
}

/** Told there, or explained by what is told there. */
function isToldBy({ sign }: First, rule: string): boolean {
  return [rule, ...alertRuleOf(rule).needs].some((id) => sign.open.includes(id));
}

function leftTo({ sign: { host } }: First, observation: Observation): Observation {
  const { words, ...about } = observation;
  return {
    ...about,
    health: "well",
    words: {
      en: { summary: `the watcher on ${host} sees to it (${words.en.summary})`, hint: "" },
      fr: { summary: `le surveillant sur ${host} s'en occupe (${words.fr.summary})`, hint: "" },
    },
  };
}

/**
 * What the second watcher makes of an observation of its own. `illMs`: for how long it has been ill; `untoldMs`: how long the first has for it. Unknown, which neither opens nor ends an alert,
 * as long as the first, which lives, may still speak.
 */
export function divided(
  observation: Observation,
  first: First | undefined,
  { illMs, untoldMs }: { readonly illMs: number; readonly untoldMs: number },
): Observation {
  const { rule, health } = observation;
  if (first === undefined || health !== "ill") {
    return observation;
  }
  if (isQuiet(first, rule)) {
    return leftTo(first, observation);
  }
  if (SECONDS_OWN.has(rule) || !isHeard(first)) {
    return observation;
  }
  if (isToldBy(first, rule) || SERVER_KNOWS.has(rule)) {
    return leftTo(first, observation);
  }
  return illMs < untoldMs ? { ...observation, health: "unknown" } : observation;
}
