/**
 * Deciding what is to be told. Pure: the state before, one look's observations, the policy and the time give the state after and
 * what happened. Each rule and subject goes its own way:
 *
 *     quiet ──ill──▶ pending ──ill for openAfter, not covered──▶ open ──well──▶ clearing ──well for resolveAfter,
 *       ▲              │  ▲                                       ▲  │               │        and proved──▶ quiet
 *       └────well──────┘  └── covered: waits, its delay begins    │  └─ reminders,   │
 *                             anew when the cover ends            │     escalation   │
 *                                                                 └──ill or unknown──┘
 *
 * - A look that could not be made (`unknown`) neither opens nor ends anything; a second track, `blind`, is ill as long as the look
 *   cannot be made, and opens after the rule's `unknownAfterMs`.
 * - Covered: a rule that this one needs is ill. Nothing is said then of what is pending; what was told before is not taken back, and
 *   is not repeated either.
 * - Flapping: opened more often than `flapOpeningsMax` in an hour, it stays open until it was well for `flapHoldMs`.
 * - Acknowledged: reminders and escalation stop; the resolution is sent.
 * - Silenced: it opens untold; when the silence ends and it is still open, it is told. What was told is resolved aloud in any case.
 * - Resolved only at a look that found it well, with everything in `provedBy` last seen well.
 */
import { guard } from "../core/failpoint.ts";
import {
  exposedBeforeMs,
  flapHoldMs,
  flapOpeningsMax,
  watchForgetMs,
  watchTracksMax,
} from "../core/watch-limits.ts";
import { type AlertRule, alertRuleOf } from "./alert-rules.ts";
import { type AlertState, type Track, isOpen, trackKey } from "./alert-track.ts";
import { type Moment, type WatchTime, passTime, pointOf } from "./moment.ts";
import type { Observation } from "./observation.ts";
import type { Policy } from "./policy.ts";

/** What happened to one alert, to be told and recorded. The track is as it was then. */
export type Notice = {
  /** `raised`: nobody took it, so the next step of escalation is told. */
  readonly kind: "opened" | "raised" | "reminder" | "acknowledged" | "resolved";
  readonly track: Track;
  /** Of `opened` and `raised`: the steps of escalation that are told. */
  readonly steps: readonly number[];
  /** Of `resolved`. */
  readonly resolution: Resolution | undefined;
  /** Where this look does not tell what is exposed (the server is gone, say): what the last one saw that did, while that is fresh. */
  readonly exposedBefore?: { readonly seconds: number; readonly agoMs: number } | undefined;
};

/** How an alert ended. */
export type Resolution = {
  /** What was seen; `forgotten`: nobody looks at it any more. */
  readonly how: "well" | "forgotten";
  readonly words: Track["words"];
  readonly lastedMs: number;
  /** By the wall clock. */
  readonly atMs: number;
  /** All WAL of the server is in the repository and none is missing; undefined: not known. */
  readonly nothingLost: boolean;
};

/** An alert that opened or ended, told or not: for the ledger. */
export type Turn = {
  readonly kind: "opened" | "resolved";
  readonly track: Track;
  readonly resolution: Resolution | undefined;
};

/** What a step decides. */
export type Step = {
  readonly state: AlertState;
  readonly notices: readonly Notice[];
  readonly turns: readonly Turn[];
};

/** What a step works with. */
export type StepContext = {
  readonly policy: Policy;
  readonly now: Moment;
  /** How long ago the look began: what was seen since by another look is newer. */
  readonly lookAgeMs?: number;
  /** Beginning and end of alert ids: the cluster, and a word that no other watcher uses. */
  readonly naming: { readonly cluster: string; readonly watcher: string };
};

type Signal = {
  readonly health: "well" | "ill" | undefined;
  readonly words: Track["words"];
};

const HOUR_MS = 3_600_000;

function healthKey(about: { readonly rule: string; readonly subject: string }): string {
  return `${about.rule}|${about.subject}`;
}

/** How many rules stand above this one. */
function depthOf(id: string): number {
  const { needs } = alertRuleOf(id);
  return needs.length === 0 ? 0 : 1 + Math.max(...needs.map(depthOf));
}

function alertIdOf(
  rule: string,
  sequence: number,
  { cluster, watcher }: StepContext["naming"],
): string {
  const plain = (text: string, max: number): string =>
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, "-")
      .slice(0, max);
  return `${plain(cluster, 20)}.${plain(rule, 22)}.${sequence}-${watcher}`;
}

/** One step's work; used once. */
class Stepper {
  readonly #context: StepContext;
  readonly #time: WatchTime;
  /** When the look began, on the watch's time. */
  readonly #lookMs: number;
  readonly #tracks: Map<string, Track>;
  readonly #healths: Map<string, AlertState["healths"][string]>;
  readonly #openings: Map<string, readonly number[]>;
  #sequence: number;
  readonly notices: Notice[] = [];
  readonly turns: Turn[] = [];

  constructor(state: AlertState, context: StepContext) {
    this.#context = context;
    this.#time = passTime(state.time, context.now);
    this.#lookMs = this.#time.watchMs - (context.lookAgeMs ?? 0);
    this.#tracks = new Map(state.tracks.map((track) => [trackKey(track), track]));
    this.#healths = new Map(Object.entries(state.healths));
    this.#openings = new Map(Object.entries(state.openings));
    this.#sequence = state.sequence;
  }

  get #nowMs(): number {
    return this.#time.watchMs;
  }

  run(observations: readonly Observation[]): Step {
    const fresh = this.#takeHealths(observations);
    const signals = this.#signalsOf(fresh);
    this.#begin(fresh);
    const depths = new Map<string, number>();
    const depth = (track: Track): number => {
      const known = depths.get(track.rule) ?? depthOf(track.rule);
      depths.set(track.rule, known);
      return known;
    };
    // What explains others is judged before them.
    const inOrder = [...this.#tracks.values()].toSorted((a, b) => depth(a) - depth(b));
    for (const track of inOrder) {
      this.#advance(track, signals.get(trackKey(track)));
    }
    return { state: this.#state(), notices: this.notices, turns: this.turns };
  }

  #state(): AlertState {
    const since = this.#nowMs - HOUR_MS;
    const openings = [...this.#openings]
      .map(([key, times]) => [key, times.filter((at) => at > since)] as const)
      .filter(([, times]) => times.length > 0);
    const healths = [...this.#healths].filter(
      ([, { seenMs }]) => this.#nowMs - seenMs < watchForgetMs,
    );
    return {
      time: this.#time,
      sequence: this.#sequence,
      tracks: [...this.#tracks.values()],
      healths: Object.fromEntries(healths),
      openings: Object.fromEntries(openings),
    };
  }

  /** Keeps what is newer than what is known; answers it. */
  #takeHealths(observations: readonly Observation[]): readonly Observation[] {
    return observations.filter((observation) => {
      const key = healthKey(observation);
      const known = this.#healths.get(key);
      if (known !== undefined && known.seenMs > this.#lookMs) {
        return false;
      }
      const { health, figure, rule } = observation;
      const seconds = rule === "exposure" && figure?.unit === "s" ? figure.value : null;
      this.#healths.set(key, { health, seenMs: this.#lookMs, seconds });
      return true;
    });
  }

  #signalsOf(observations: readonly Observation[]): ReadonlyMap<string, Signal> {
    const signals = new Map<string, Signal>();
    for (const { rule, subject, health, words } of observations) {
      const ill = health === "unknown" ? undefined : health;
      const blind = health === "unknown" ? "ill" : "well";
      signals.set(trackKey({ rule, subject, about: "ill" }), { health: ill, words });
      signals.set(trackKey({ rule, subject, about: "blind" }), { health: blind, words });
    }
    return signals;
  }

  /** A pending track for each illness that has none. */
  #begin(observations: readonly Observation[]): void {
    for (const { rule, subject, health, words } of observations) {
      const about = health === "unknown" ? "blind" : "ill";
      const key = trackKey({ rule, subject, about });
      if (health === "well" || this.#tracks.has(key) || this.#tracks.size >= watchTracksMax) {
        continue;
      }
      this.#tracks.set(key, {
        rule,
        subject,
        about,
        alertId: "",
        severity: about === "blind" ? "warning" : alertRuleOf(rule).severity,
        standing: { phase: "pending" },
        since: pointOf(this.#time),
        seenMs: this.#nowMs,
        words,
        coveredBy: null,
        told: false,
        remindedMs: 0,
        acknowledged: null,
        steps: [],
        flapping: false,
        exposure: null,
        holed: false,
        routes: {},
      });
    }
  }

  /** The rule that explains this one now; null when none does. */
  #coverOf(track: Track): string | null {
    const { needs } = alertRuleOf(track.rule);
    for (const need of needs) {
      for (const other of this.#tracks.values()) {
        const { phase } = other.standing;
        const ill = phase === "open" || (phase === "pending" && other.about === "ill");
        if (other.rule === need && (ill || (phase === "clearing" && !other.flapping))) {
          return need;
        }
      }
    }
    return null;
  }

  #advance(before: Track, signal: Signal | undefined): void {
    const key = trackKey(before);
    let track: Track = { ...before, ...this.#lossOf(before) };
    if (signal !== undefined) {
      track.seenMs = this.#nowMs;
    }
    track = this.#covered(track);
    track =
      signal?.health === "ill"
        ? this.#ill(track, signal.words)
        : signal?.health === "well"
          ? this.#well(track)
          : signal === undefined
            ? track
            : this.#unknown(track);
    const rule = alertRuleOf(track.rule);
    const isOver = signal?.health === "well" && this.#isOver(track, rule);
    const isForgotten = this.#nowMs - track.seenMs > watchForgetMs;
    if (isOver || isForgotten) {
      this.#tracks.delete(key);
      this.#end(track, isOver ? "well" : "forgotten", signal?.words ?? track.words);
    } else {
      this.#tracks.set(key, this.#tell(track, rule));
    }
  }

  #covered(track: Track): Track {
    const coveredBy = this.#coverOf(track);
    const isEnd = track.coveredBy !== null && coveredBy === null;
    // Its own delay begins now: it has to show that it does not end with its cause.
    return isEnd && track.standing.phase === "pending"
      ? { ...track, coveredBy, since: pointOf(this.#time) }
      : { ...track, coveredBy };
  }

  #ill(track: Track, words: Track["words"]): Track {
    const { standing, since, coveredBy } = track;
    if (standing.phase === "clearing") {
      return { ...track, words, standing: { phase: "open", opened: standing.opened } };
    }
    const rule = alertRuleOf(track.rule);
    const delayMs = track.about === "blind" ? rule.unknownAfterMs : rule.openAfterMs;
    const isDue = this.#nowMs - since.watchMs >= delayMs && coveredBy === null;
    return standing.phase === "pending" && isDue
      ? this.#open({ ...track, words })
      : { ...track, words };
  }

  #open(track: Track): Track {
    const key = trackKey(track);
    const since = this.#nowMs - HOUR_MS;
    const recent = (this.#openings.get(key) ?? []).filter((at) => at > since);
    this.#openings.set(key, [...recent, this.#nowMs].slice(-(flapOpeningsMax + 1)));
    this.#sequence += 1;
    const opened: Track = {
      ...track,
      alertId: alertIdOf(track.rule, this.#sequence, this.#context.naming),
      standing: { phase: "open", opened: pointOf(this.#time) },
      flapping: recent.length >= flapOpeningsMax,
    };
    this.turns.push({ kind: "opened", track: opened, resolution: undefined });
    return opened;
  }

  #well(track: Track): Track {
    const { standing } = track;
    return standing.phase === "open"
      ? { ...track, standing: { ...standing, phase: "clearing", wellSince: pointOf(this.#time) } }
      : track;
  }

  /** What cannot be looked at is not well for any longer. */
  #unknown(track: Track): Track {
    const { standing } = track;
    return standing.phase === "clearing"
      ? { ...track, standing: { phase: "open", opened: standing.opened } }
      : track;
  }

  #isOver(track: Track, rule: AlertRule): boolean {
    const { standing, about, flapping } = track;
    if (standing.phase !== "clearing") {
      return standing.phase === "pending";
    }
    const wantedMs = flapping ? flapHoldMs : about === "blind" ? 0 : rule.resolveAfterMs;
    if (this.#nowMs - standing.wellSince.watchMs < wantedMs) {
      return false;
    }
    return about === "blind" || !guard("L46-proof-of-health") || rule.provedBy.every(this.#isWell);
  }

  /** What was never looked at proves nothing, and is not waited for. */
  readonly #isWell = (rule: string): boolean =>
    [...this.#healths].every(
      ([key, { health }]) => !key.startsWith(`${rule}|`) || health === "well",
    );

  #end(track: Track, how: Resolution["how"], words: Track["words"]): void {
    const { standing } = track;
    if (standing.phase === "pending") {
      return;
    }
    const resolution: Resolution = {
      how,
      words,
      lastedMs: this.#nowMs - track.since.watchMs,
      atMs: this.#time.wallMs,
      // Of a hole the instants within it stay lost, whatever came after.
      nothingLost:
        how === "well" &&
        alertRuleOf(track.rule).endangersWork &&
        track.rule !== "gaps" &&
        !track.holed &&
        this.#seenNow("exposure")?.seconds === 0 &&
        this.#seenNow("gaps")?.health === "well",
    };
    this.turns.push({ kind: "resolved", track, resolution });
    if (track.told) {
      this.notices.push({ kind: "resolved", track, steps: [], resolution });
    }
  }

  /** What this look itself says of a rule: what an earlier one said may be true no more. */
  #seenNow(rule: string): AlertState["healths"][string] | undefined {
    const known = this.#healths.get(`${rule}|`);
    return known?.seenMs === this.#lookMs ? known : undefined;
  }

  /** What is lost, or would be, while it lasts. */
  #lossOf({ exposure, holed }: Track): Pick<Track, "exposure" | "holed"> {
    return {
      exposure: this.#exposureOf(exposure),
      holed: holed || this.#seenNow("gaps")?.health === "ill",
    };
  }

  #exposureOf(exposure: Track["exposure"]): Track["exposure"] {
    const seconds = this.#seenNow("exposure")?.seconds ?? null;
    if (seconds === null) {
      return exposure;
    }
    const last = exposure?.last ?? seconds;
    const worst = Math.max(exposure?.worst ?? 0, seconds);
    const growing = seconds > last || (seconds === last && exposure?.growing === true);
    return { last: seconds, worst, growing };
  }

  /** First words, reminders, escalation. */
  #tell(track: Track, rule: AlertRule): Track {
    const { standing } = track;
    const { policy } = this.#context;
    const isSilent = policy.silencedBy(track, this.#time) !== undefined;
    if (standing.phase === "pending" || track.coveredBy !== null || isSilent) {
      return track;
    }
    const openMs = this.#nowMs - standing.opened.watchMs;
    const steps = policy.dueSteps(track, { openMs, wallMs: this.#time.wallMs });
    const taken = { steps: [...track.steps, ...steps] };
    if (!track.told) {
      return this.#say("opened", { ...track, ...taken, told: true }, steps);
    }
    if (standing.phase !== "open" || track.acknowledged !== null) {
      return track;
    }
    const raised = steps.length > 0 ? this.#say("raised", { ...track, ...taken }, steps) : track;
    return this.#nowMs - raised.remindedMs >= rule.remindEveryMs
      ? this.#say("reminder", raised, [])
      : raised;
  }

  #say(kind: "opened" | "raised" | "reminder", track: Track, steps: readonly number[]): Track {
    const told = kind === "raised" ? track : { ...track, remindedMs: this.#nowMs };
    const exposedBefore = told.exposure === null ? this.#exposedBefore() : undefined;
    this.notices.push({ kind, track: told, steps, resolution: undefined, exposedBefore });
    return told;
  }

  #exposedBefore(): Notice["exposedBefore"] {
    const { seconds = null, seenMs = -Infinity } = this.#healths.get("exposure|") ?? {};
    const agoMs = this.#nowMs - seenMs;
    return seconds !== null && agoMs <= exposedBeforeMs ? { seconds, agoMs } : undefined;
  }
}

/** Takes one look into account. */
export function step(
  state: AlertState,
  observations: readonly Observation[],
  context: StepContext,
): Step {
  return new Stepper(state, context).run(observations);
}

/** Open ones, worst and oldest first. */
export function openTracks(state: AlertState): readonly Track[] {
  const rank = (track: Track): number => (track.severity === "critical" ? 0 : 1);
  return state.tracks
    .filter(isOpen)
    .toSorted((a, b) =>
      rank(a) === rank(b) ? a.since.watchMs - b.since.watchMs : rank(a) - rank(b),
    );
}
