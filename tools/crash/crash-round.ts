/**
 * One kill and what must hold after it: the program died where it was told; run again it converges; nothing is left running; the
 * repository is whole to the last byte; and a restore brings back every commit that was acknowledged.
 */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SeededRandom } from "../../src/core/random.ts";
import { CrashTestFailure, type CrashWorld } from "./crash-world.ts";
import type { Fate, PraEnd } from "./pra-process.ts";

/** What can be killed. */
export const crashCommands = [
  "init",
  "full",
  "incremental",
  "receive",
  "restore",
  "prove",
  "verify",
  "expire",
] as const;

/** One of them. */
export type CrashCommand = (typeof crashCommands)[number];

/** How often each is drawn. */
const WEIGHTS: Readonly<Record<CrashCommand, number>> = {
  init: 2,
  full: 3,
  incremental: 4,
  receive: 6,
  restore: 4,
  prove: 2,
  verify: 1,
  // It waits a minute by design, before each deletion.
  expire: 1,
};

/** Where a write can be torn in two. */
const TEARABLE =
  /^(?:files\.write|disk\.append-write|disk\.trailer-write|framed-file\.write|restore\.write)$/;

/** A receiver that is told to die somewhere must do so in this time, under load and with segments switched. */
const RECEIVER_DIES_MS = 20_000;
const SERVERS_END_MS = 3_000;

/** What to do in one round. */
export type Round = {
  readonly command: CrashCommand;
  readonly fate: Exclude<Fate, { readonly kind: "none" }>;
  readonly name: string;
  readonly action: string;
  /** Which passing of the site by one thread acts. */
  readonly hit: number;
};

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  const item = from[Math.floor(random.fraction() * from.length)];
  if (item === undefined) {
    throw new Error("nothing to choose from");
  }
  return item;
}

function drawCommand(random: SeededRandom, available: readonly CrashCommand[]): CrashCommand {
  return pick(
    random,
    available.flatMap((command) => Array.from({ length: WEIGHTS[command] }, () => command)),
  );
}

function drawAction(random: SeededRandom, name: string): string {
  const fraction = random.fraction();
  if (TEARABLE.test(name) && fraction < 0.4) {
    return "tear";
  }
  return fraction < 0.85 ? "kill" : pick(random, ["error", "enospc"]);
}

/** Draws a round: a site that was hit least often by now, mostly; at times a moment instead of a site. */
export function drawRound(
  world: CrashWorld,
  random: SeededRandom,
  available: readonly CrashCommand[],
): Round {
  const { coverage } = world;
  const command = drawCommand(random, available);
  const profile = [...(coverage.profiles.get(command) ?? [])];
  if (profile.length === 0 || random.fraction() < 0.25) {
    // A receiver has no end of its own; other commands are met in the time that they last took.
    const spanMs = command === "receive" ? 3000 : (coverage.durationsMs.get(command) ?? 1000);
    const afterMs = Math.floor(random.fraction() * spanMs);
    return {
      command,
      fate: { kind: "sigkill", afterMs },
      name: `${afterMs} ms`,
      action: "sigkill",
      hit: 1,
    };
  }
  const least = Math.min(...profile.map(([name]) => coverage.hits(name)));
  const [name, count] = pick(
    random,
    profile.filter(([each]) => coverage.hits(each) <= least + 1),
  );
  const action = drawAction(random, name);
  // Counts are a thread's own, and other runs differ a little: an eighth of what was seen in all is reached for sure.
  const hit = 1 + Math.floor(random.fraction() * Math.floor(Math.min(count, 400) / 8));
  const rule = `${name}:${action}:${hit}`;
  return { command, fate: { kind: "failpoint", rule }, name, action, hit };
}

/** The words of a command. */
function wordsOf(command: Exclude<CrashCommand, "receive">, target: string): readonly string[] {
  switch (command) {
    case "init":
      return ["init"];
    case "full":
      return ["backup", "--full"];
    case "incremental":
      return ["backup", "--incremental"];
    case "restore":
      return ["restore", "--to", target, "--latest"];
    case "prove":
      return ["prove"];
    case "verify":
      return ["verify", "--deep"];
    case "expire":
      return ["expire"];
  }
}

/** How an ordered death or failure came out. "unreached": this run never came to the site as often as it was to. */
type Outcome = "died" | "failed" | "passed" | "lived" | "unreached";

/**
 * A death must be the one that was ordered; a failure must be told as one, not crash. The log tells what all threads together
 * reached, so that only a first passing is certain.
 */
function judgeEnd(round: Round, end: PraEnd): Outcome {
  const told = `${round.command} with ${round.fate.kind === "failpoint" ? round.fate.rule : round.name}`;
  if (end.signal === "SIGKILL") {
    return "died";
  }
  if (/UNEXPECTED|assertion failed|unexpected error/i.test(end.output + end.errors)) {
    throw new CrashTestFailure(
      `${told} ended with an error that nobody foresaw:\n${end.output}${end.errors}`,
    );
  }
  const reached = end.reached.get(round.name) ?? 0;
  if (round.fate.kind === "failpoint" && (reached === 0 || (reached < 64 && round.hit > 1))) {
    return "unreached";
  }
  if (round.action === "kill" || round.action === "tear") {
    throw new CrashTestFailure(
      `${told} did not die where it was told; it ended with ${end.signal ?? end.code}, having reached it ${reached} times:\n${end.errors}`,
    );
  }
  return end.code === 0 ? "passed" : "failed";
}

/** Told to die or to fail while it runs; answers its end, or that it lived on. */
async function killReceiver(world: CrashWorld, round: Round): Promise<Outcome> {
  await world.stopReceiver();
  const run = world.startReceiver(round.fate);
  const until = performance.now() + RECEIVER_DIES_MS;
  while (!run.hasEnded && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    // Not awaited: it may hang with the commits until the receiver is back.
    void world.server.query("SELECT pg_switch_wal()").catch(() => undefined);
  }
  if (run.hasEnded) {
    return judgeEnd(round, await run.ended);
  }
  // An error that it overcomes is no death; nor is a site that it did not come by.
  const end = await run.kill("SIGKILL");
  const reached = end.reached.get(round.name) ?? 0;
  if (round.action === "error" || round.action === "enospc") {
    return reached === 0 ? "unreached" : "lived";
  }
  if (reached === 0 || round.hit > 1) {
    return "unreached";
  }
  throw new CrashTestFailure(
    `receive with ${round.name}:${round.action} lived on, having reached it ${reached} times`,
  );
}

/** Kills, and runs again what was killed. */
async function killAndConverge(world: CrashWorld, round: Round, target: string): Promise<Outcome> {
  const { command, fate } = round;
  if (command === "receive") {
    const outcome = await killReceiver(world, round);
    world.startReceiver();
    await world.awaitCommits(20);
    return outcome;
  }
  const repository = command === "init" ? `init-${world.nextNumber()}` : "main";
  await world.makeHome(repository);
  const words = wordsOf(command, target);
  const end = await world.run(command, words, { fate, repository });
  const outcome = judgeEnd(round, end);
  // A restore that came through has filled its directory; anything else is simply run again.
  if (command !== "restore" || end.code !== 0) {
    await world.mustSucceed(command, words, { repository });
  }
  if (command === "init") {
    await world.mustSucceed("verify", ["verify", "--deep"], { repository });
    await rm(join(world.directory, repository), { recursive: true });
  }
  return outcome;
}

/** Nothing that a dead command started may outlive it for long. */
async function requireNothingLeft(world: CrashWorld): Promise<void> {
  const until = performance.now() + SERVERS_END_MS;
  let left = await world.leftRunning();
  while (left.length > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    left = await world.leftRunning();
  }
  const spool = join(world.directory, "main", "spool");
  const proofs = existsSync(spool)
    ? (await readdir(spool)).filter((name) => name.startsWith("pra-proof-"))
    : [];
  if (left.length > 0) {
    throw new CrashTestFailure(`left running:\n${left.join("\n")}`);
  }
  if (proofs.length > 1) {
    throw new CrashTestFailure(`proofs left behind: ${proofs.join(", ")}`);
  }
}

type VerifyJson = {
  readonly incarnations: readonly { readonly wal: { readonly holes: readonly unknown[] } }[];
};

async function requireWhole(world: CrashWorld): Promise<void> {
  const end = await world.mustSucceed("verify", ["verify", "--deep", "--json"]);
  const report = JSON.parse(end.output) as VerifyJson;
  const holes = report.incarnations.flatMap(({ wal }) => wal.holes);
  if (holes.length > 0) {
    throw new CrashTestFailure(`holes in WAL: ${JSON.stringify(holes)}`);
  }
}

type RestoreJson = { readonly socketDirectory: string; readonly port: number };

/** Restores to the last acknowledged commit and asks the oracle. */
export async function requireNothingLost(world: CrashWorld): Promise<number> {
  const target = join(world.directory, `judged-${world.nextNumber()}`);
  const acknowledged = world.snapshot();
  const end = await world.mustSucceed("restore", [
    "restore",
    "--to",
    target,
    "--latest",
    "--start",
    "--json",
  ]);
  try {
    const { socketDirectory: host, port } = JSON.parse(end.output) as RestoreJson;
    const verdict = await world.judge({ host, port }, acknowledged);
    if (!verdict.ok) {
      throw new CrashTestFailure(
        `the oracle is not satisfied: ${JSON.stringify({ ...verdict, lost: verdict.lost.slice(0, 3) })}\n${end.errors}\n${end.output}`,
      );
    }
    return verdict.required;
  } finally {
    await world.mustSucceed("stop", ["stop", target]);
    await rm(target, { recursive: true, force: true });
  }
}

/** Plays one round. @throws CrashTestFailure. */
export async function playRound(world: CrashWorld, round: Round): Promise<string> {
  const target = join(world.directory, `restored-${world.nextNumber()}`);
  const outcome = await killAndConverge(world, round, target);
  await rm(target, { recursive: true, force: true });
  if (outcome === "unreached") {
    world.coverage.unreached(round.command, round.name);
  } else if (round.fate.kind === "failpoint") {
    world.coverage.hit(round.command, round.name, round.action);
  } else if (outcome === "died") {
    world.coverage.count(round.command);
  }
  await requireNothingLeft(world);
  await requireWhole(world);
  const required = await requireNothingLost(world);
  return `${outcome}, run again, whole, ${required} commits required and found`;
}
