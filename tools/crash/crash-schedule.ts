/**
 * The order of a crash test: worlds of both kinds by turns, rounds drawn in them until so many kills have been, then rounds at sites
 * that are still owed hits. A world in which every command has run once without harm tells what each comes by.
 */
import { join } from "node:path";
import type { SupportedMajor } from "../../src/core/pg-version.ts";
import type { SeededRandom } from "../../src/core/random.ts";
import { type Coverage, HITS_OWED } from "./coverage.ts";
import { playRound, requireNothingLost, wordsOf } from "./crash-round.ts";
import { CrashWorld, type WorldKind, worldKinds } from "./crash-world.ts";
import { type CrashCommand, HOLD_RULE, type Round, drawRound } from "./draw-round.ts";

/** A fresh repository and server every so many rounds: each round reads all of it. */
const ROUNDS_PER_WORLD = 25;
/** Sites of one world without hard links are few: every third world is of that kind. */
const KINDS_BY_TURNS: readonly WorldKind[] = ["links", "trailers", "links"];
/** Kills after which every site is owed its hits. */
const KILLS_FOR_COVERAGE = 200;
/** Rounds after the kills at most. */
const DIRECTED_ROUNDS_MAX = 120;

/** What to play. */
export type Schedule = {
  readonly major: SupportedMajor;
  readonly program: string;
  readonly kills: number;
  /** Worlds at a time. */
  readonly jobs: number;
  readonly random: SeededRandom;
  readonly coverage: Coverage;
  readonly commands: readonly CrashCommand[];
  /** These are all there are here: then every site is owed its hits. */
  readonly isWhole: boolean;
  /** Instead of drawn ones. */
  readonly round?: Round | undefined;
  readonly kind?: WorldKind | undefined;
  /** Aborted: the round under way is the last. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

/** A world in which every command has run once without harm. */
async function openWorld(schedule: Schedule, kind: WorldKind): Promise<CrashWorld> {
  const world = await CrashWorld.create({ ...schedule, kind });
  try {
    await prepare(world, schedule.commands);
    return world;
  } catch (error) {
    world.keep = true;
    schedule.say(`its directory is kept: ${world.directory}`);
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whose clean runs tell what they come by, beside those that make the world. */
const CLEAN_RUNS = ["restore", "delta", "prove", "peek", "dump", "verify", "expire"] as const;

async function prepare(world: CrashWorld, commands: readonly CrashCommand[]): Promise<void> {
  await world.makeHome("main");
  await world.mustSucceed("init", ["init"]);
  await world.startLoad();
  world.startReceiver();
  await world.requireReceiver();
  await world.awaitCommits(50);
  await world.mustSucceed("full", ["backup", "--full"]);
  await world.mustSucceed("incremental", ["backup", "--incremental"]);
  for (let segment = 0; segment < 4; segment++) {
    await world.server.query("SELECT pg_switch_wal()");
    await world.awaitCommits(20);
  }
  await world.stopReceiver();
  world.startReceiver();
  await world.awaitCommits(20);
  if (commands.includes("promote")) {
    await world.promote("fast");
    await world.startLoad();
    await world.awaitCommits(20);
    await world.stopReceiver("promote");
    world.startReceiver();
    await world.awaitCommits(20);
  }
  await requireNothingLost(world);
  for (const command of CLEAN_RUNS) {
    if (commands.includes(command)) {
      const target = join(world.directory, `clean-${world.nextNumber()}`);
      await world.mustSucceed(command, wordsOf(command, target));
    }
  }
  if (commands.includes("delta")) {
    await world.mustSucceed("delta", wordsOf("delta", join(world.directory, "copy")));
  }
  if (commands.includes("hold")) {
    const target = join(world.directory, `held-${world.nextNumber()}`);
    const fate = { kind: "failpoint", rule: HOLD_RULE } as const;
    await world.mustSucceed("hold", wordsOf("hold", target), { fate });
  }
}

/** The kind of the next world; undefined when no known kind comes by what is owed. */
function nextKind(schedule: Schedule, worlds: number, directed: boolean): WorldKind | undefined {
  const { coverage, kind } = schedule;
  if (kind !== undefined || !directed) {
    return kind ?? KINDS_BY_TURNS[worlds % KINDS_BY_TURNS.length];
  }
  const owing = coverage.owing();
  return worldKinds.find((each) => owing.some((site) => coverage.kindsOf(site).has(each)));
}

async function playOne(world: CrashWorld, round: Round, schedule: Schedule): Promise<void> {
  const { coverage, say } = schedule;
  const began = performance.now();
  const line = (end: string): void => {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const number = String(coverage.kills).padStart(4);
    const kind = world.kind.padEnd(8);
    say(
      `${number}  ${kind} ${round.command.padEnd(11)} ${round.told.padEnd(36)} ${end} (${seconds} s)`,
    );
  };
  try {
    line(await playRound(world, round));
  } catch (error) {
    world.keep = true;
    line("FAILED");
    say(`its directory is kept: ${world.directory}`);
    throw error;
  }
}

/** How far all worlds together are. */
class Progress {
  readonly #schedule: Schedule;
  readonly #signal: AbortSignal;
  #directedRounds = 0;
  #worlds = 0;

  constructor(schedule: Schedule, signal: AbortSignal) {
    this.#schedule = schedule;
    this.#signal = signal;
  }

  get goesOn(): boolean {
    const { coverage, kills } = this.#schedule;
    const isOwed =
      owesAll(this.#schedule) &&
      this.#directedRounds < DIRECTED_ROUNDS_MAX &&
      coverage.owing().length > 0;
    return !this.#signal.aborted && (coverage.kills < kills || isOwed);
  }

  nextKind(): WorldKind | undefined {
    const { coverage, kills } = this.#schedule;
    this.#worlds += 1;
    return nextKind(this.#schedule, this.#worlds - 1, coverage.kills >= kills);
  }

  nextRound(world: CrashWorld): Round | undefined {
    const { coverage, kills, random, commands, round } = this.#schedule;
    const only = coverage.kills < kills ? undefined : coverage.owing();
    this.#directedRounds += only === undefined ? 0 : 1;
    return round ?? drawRound(world, random, { commands, only });
  }
}

/** One world after the other. */
async function playWorlds(schedule: Schedule, progress: Progress): Promise<void> {
  while (progress.goesOn) {
    const kind = progress.nextKind();
    if (kind === undefined) {
      return;
    }
    await using world = await openWorld(schedule, kind);
    for (let n = 0; n < ROUNDS_PER_WORLD && progress.goesOn; n += 1) {
      const round = progress.nextRound(world);
      if (round === undefined) {
        break;
      }
      await playOne(world, round, schedule);
    }
  }
}

/** Plays all of it, several worlds at a time. @throws CrashTestFailure at the first thing that must not be. */
export async function playSchedule(schedule: Schedule): Promise<void> {
  const failing = new AbortController();
  const progress = new Progress(schedule, AbortSignal.any([schedule.signal, failing.signal]));
  const jobs = Array.from({ length: schedule.jobs }, async () => {
    try {
      await playWorlds(schedule, progress);
    } catch (error) {
      failing.abort();
      throw error;
    }
  });
  const failed = (await Promise.allSettled(jobs)).flatMap((end) =>
    end.status === "rejected" ? [end.reason as unknown] : [],
  );
  if (failed.length > 0) {
    throw failed.length === 1 ? failed[0] : new AggregateError(failed);
  }
}

/** True for a run that owes every site its hits. */
function owesAll({ kills, isWhole, round }: Schedule): boolean {
  return kills >= KILLS_FOR_COVERAGE && isWhole && round === undefined;
}

/** What a run of that many kills owes and did not give; empty when all is well. */
export function stillOwed(schedule: Schedule): readonly string[] {
  const { coverage } = schedule;
  return owesAll(schedule)
    ? coverage
        .owing()
        .map((site) => `${site} was hit ${coverage.hits(site)} times, not ${HITS_OWED}`)
    : [];
}
