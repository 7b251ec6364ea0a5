/**
 * Chooses what is killed next, and how. Mostly a site that was died at least often so far, in one of the commands that come by it; at
 * times any site, or a moment that has nothing to do with a site.
 */
import type { SeededRandom } from "../../src/core/random.ts";
import { type SiteEffect } from "./coverage.ts";
import type { CrashWorld } from "./crash-world.ts";
import { type FailpointName, refusable, tearable } from "./failpoint-sites.ts";
import type { Fate } from "./pra-process.ts";

/**
 * What can be killed. `promote` is the receiver while its server goes over to another timeline; `hold` is a restore that takes so long
 * that its pin is renewed; `delta` makes a copy anew that is there.
 */
export const crashCommands = [
  "init",
  "full",
  "incremental",
  "receive",
  "promote",
  "restore",
  "hold",
  "delta",
  "prove",
  "peek",
  "dump",
  "verify",
  "expire",
] as const;

/** One of them. */
export type CrashCommand = (typeof crashCommands)[number];

/** How often each is drawn, where several come by a site. */
const WEIGHTS: Readonly<Record<CrashCommand, number>> = {
  init: 2,
  full: 3,
  incremental: 5,
  receive: 6,
  promote: 1,
  restore: 5,
  hold: 1,
  delta: 3,
  prove: 3,
  peek: 1,
  dump: 2,
  verify: 1,
  expire: 2,
};

/** Makes a restore take two minutes of its clock. */
export const HOLD_RULE = "restore.claim:delay=130000";

/** A share of the rounds ends at a moment instead of a site. */
const MOMENT_SHARE = 0.1;
/** A share takes any site instead of one that was died at least often. */
const ANY_SITE_SHARE = 0.15;
/** Of the failing calls a share fails each time, not once. */
const ALWAYS_SHARE = 0.2;
/** Of the promotions a share comes after a crash of the server. */
const CRASHED_SHARE = 0.3;
/** A receiver has no end of its own; other commands are met in the time that they last took. */
const RECEIVER_SPAN_MS = 3000;

/** What to do in one round. */
export type Round = {
  readonly command: CrashCommand;
  readonly fate: Exclude<Fate, { readonly kind: "none" }>;
  /** Undefined: it dies at a moment. */
  readonly site: FailpointName | undefined;
  readonly effect: SiteEffect | undefined;
  /** Which passing of the site by one thread acts; undefined: each. */
  readonly hit: number | undefined;
  /** How the server stops before a promotion. */
  readonly stop: "fast" | "immediate";
  /** For the report. */
  readonly told: string;
};

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  const item = from[Math.floor(random.fraction() * from.length)];
  if (item === undefined) {
    throw new Error("nothing to choose from");
  }
  return item;
}

function pickCommand(random: SeededRandom, from: readonly CrashCommand[]): CrashCommand {
  return pick(
    random,
    from.flatMap((command) => Array.from({ length: WEIGHTS[command] }, () => command)),
  );
}

function drawEffect(random: SeededRandom, site: FailpointName): SiteEffect {
  const kills: SiteEffect[] = tearable.has(site)
    ? ["kill", "kill", "tear", "tear", "tear"]
    : ["kill", "kill", "kill", "kill", "kill"];
  return pick(random, refusable.has(site) ? [...kills, "error", "enospc"] : kills);
}

/** A round at this site with this effect. */
export function roundAt(
  command: CrashCommand,
  site: FailpointName,
  effect: SiteEffect,
  options: { readonly hit: number | undefined; readonly stop?: "fast" | "immediate" },
): Round {
  const { hit, stop = "fast" } = options;
  const told = hit === undefined ? `${site}:${effect}` : `${site}:${effect}:${hit}`;
  const rule = command === "hold" ? `${HOLD_RULE},${told}` : told;
  return { command, fate: { kind: "failpoint", rule }, site, effect, hit, stop, told };
}

function momentRound(
  world: CrashWorld,
  random: SeededRandom,
  available: readonly CrashCommand[],
): Round {
  const command = pickCommand(
    random,
    available.filter((each) => each !== "hold" && each !== "promote"),
  );
  const spanMs =
    command === "receive" ? RECEIVER_SPAN_MS : (world.coverage.durationsMs.get(command) ?? 1000);
  const afterMs = Math.floor(random.fraction() * spanMs);
  return {
    command,
    fate: { kind: "sigkill", afterMs },
    site: undefined,
    effect: undefined,
    hit: undefined,
    stop: "fast",
    told: `SIGKILL after ${afterMs} ms`,
  };
}

/** Sites that commands of this world come by, with these commands. */
export function sitesHere(
  world: CrashWorld,
  available: readonly CrashCommand[],
): ReadonlyMap<FailpointName, readonly CrashCommand[]> {
  const sites = new Map<FailpointName, CrashCommand[]>();
  for (const command of available) {
    for (const site of world.coverage.profileOf(world.kind, command).keys()) {
      // A long restore is only good for what a short one does not come by.
      if (command !== "hold" || site === "pin.renew") {
        sites.set(site, [...(sites.get(site) ?? []), command]);
      }
    }
  }
  return sites;
}

/** Draws a round; `only`: of these sites. Undefined when this world has none of them. */
export function drawRound(
  world: CrashWorld,
  random: SeededRandom,
  options: {
    readonly commands: readonly CrashCommand[];
    readonly only: readonly FailpointName[] | undefined;
  },
): Round | undefined {
  const { coverage, kind } = world;
  const { commands, only } = options;
  const here = sitesHere(world, commands);
  const sites = [...here.keys()].filter((site) => only === undefined || only.includes(site));
  if (only !== undefined && sites.length === 0) {
    return undefined;
  }
  if (sites.length === 0 || (only === undefined && random.fraction() < MOMENT_SHARE)) {
    return momentRound(world, random, commands);
  }
  const least = Math.min(...sites.map((site) => coverage.deaths(site)));
  const isAny = random.fraction() < ANY_SITE_SHARE;
  const site = pick(
    random,
    isAny ? sites : sites.filter((each) => coverage.deaths(each) === least),
  );
  const command = pickCommand(random, here.get(site) ?? []);
  const effect = drawEffect(random, site);
  // Counts are a thread's own, and other runs differ a little: a twelfth of what was seen in all is reached almost for sure.
  const seen = coverage.profileOf(kind, command).get(site) ?? 1;
  const isAlways = (effect === "error" || effect === "enospc") && random.fraction() < ALWAYS_SHARE;
  const hit = 1 + Math.floor(random.fraction() * Math.floor(Math.min(seen, 400) / 12));
  const stop = random.fraction() < CRASHED_SHARE ? "immediate" : "fast";
  return roundAt(command, site, effect, { hit: isAlways ? undefined : hit, stop });
}
