/**
 * One kill and what must hold after it: the program died where it was told; run again it converges; nothing is left running; the
 * repository is whole to the last byte; and a restore brings back every commit that was acknowledged.
 */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UNFINISHED_MARKER } from "../../src/restore/target-directory.ts";
import { CrashTestFailure, type CrashWorld } from "./crash-world.ts";
import type { CrashCommand, Round } from "./draw-round.ts";
import type { PraEnd, PraRun } from "./pra-process.ts";

/** A receiver that is told to die somewhere must do so in this time, under load and with segments switched, or when it is ended. */
const RECEIVER_DIES_MS = 10_000;
/** A receiver whose calls fail is watched for so long after the first failure. */
const RECEIVER_FAILS_MS = 3_000;
/** It ends when told, also while its store refuses. */
const RECEIVER_ENDS_MS = 75_000;
const SERVERS_END_MS = 3_000;
/** Commits that must come through a receiver that was started again. */
const COMMITS_AFTER = 6;
/** A site passed so often by all threads together is passed as often as was drawn by one of them. */
const PASSED_FOR_SURE = 64;

/** The words of a command. */
export function wordsOf(
  command: Exclude<CrashCommand, "receive" | "promote">,
  target: string,
): readonly string[] {
  switch (command) {
    case "init":
      return ["init"];
    case "full":
      return ["backup", "--full"];
    case "incremental":
      return ["backup", "--incremental"];
    case "restore":
    case "hold":
      return ["restore", "--to", target, "--latest"];
    case "delta":
      return ["restore", "--to", join(dirname(target), "copy"), "--latest", "--delta"];
    case "peek":
      return ["peek", "--database", "postgres", "--sql", "SELECT 1"];
    case "dump":
      return ["dump"];
    case "prove":
      return ["prove"];
    case "verify":
      return ["verify", "--deep"];
    case "expire":
      return ["expire"];
  }
}

/**
 * How an ordered death or failure came out. "failed": the command told that it failed; "passed": it came through in spite of it.
 * "lived": the receiver overcame it. "missed": this run never came to the site as often as it was to, or ended before its moment.
 */
export type Outcome = "died" | "failed" | "passed" | "lived" | "missed";

function isFailing(round: Round): boolean {
  return round.effect === "error" || round.effect === "enospc";
}

/** The log tells what all threads together reached, so that only a first passing is certain. */
function cameBy(round: Round, end: PraEnd): boolean {
  const reached = round.site === undefined ? 0 : (end.reached.get(round.site) ?? 0);
  return reached >= PASSED_FOR_SURE || (reached > 0 && (round.hit ?? 1) === 1);
}

/** A death must be the one that was ordered; a failure must be told as one, not crash. */
function judgeEnd(round: Round, end: PraEnd): Outcome {
  if (end.signal === "SIGKILL") {
    return "died";
  }
  const told = `${round.command} with ${round.told}`;
  if (/UNEXPECTED|assertion failed|unexpected error/i.test(end.output + end.errors)) {
    throw new CrashTestFailure(
      `${told} ended with an error that nobody foresaw:\n${end.output}${end.errors}`,
    );
  }
  if (!cameBy(round, end)) {
    return "missed";
  }
  // It races two processes of its own; it may be one of them who dies, and then it tells so.
  if (round.command === "init" && end.errors.includes("a racing process died")) {
    return "failed";
  }
  if (!isFailing(round)) {
    throw new CrashTestFailure(
      `${told} did not die where it was told; it ended with ${end.signal ?? end.code}:\n${end.errors}`,
    );
  }
  return end.code === 0 ? "passed" : "failed";
}

/** Switches segments until it has ended, or is not to be waited for any longer. */
async function untilReceiverEnds(world: CrashWorld, run: PraRun, round: Round): Promise<void> {
  const { site } = round;
  let until = performance.now() + RECEIVER_DIES_MS;
  let hasFailed = false;
  while (!run.hasEnded && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    // Not awaited: it may hang with the commits until the receiver is back.
    void world.server.query("SELECT pg_switch_wal()").catch(() => undefined);
    if (isFailing(round) && !hasFailed && site !== undefined && run.timesAt(site) > 0) {
      hasFailed = true;
      until = Math.min(until, performance.now() + RECEIVER_FAILS_MS);
    }
  }
}

/** A receiver that has not met its server yet would end, not wait, when that goes away. */
async function untilReceiverMeets(run: PraRun): Promise<void> {
  const until = performance.now() + RECEIVER_DIES_MS;
  while (!run.hasEnded && run.timesAt("wal.status") === 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Told to die or to fail while it runs, or else when it is ended; answers what it did. */
async function killReceiver(world: CrashWorld, round: Round): Promise<Outcome> {
  await world.stopReceiver();
  const run = world.startReceiver(round.fate);
  if (round.command === "promote") {
    await untilReceiverMeets(run);
    await world.promote(round.stop);
  }
  await untilReceiverEnds(world, run, round);
  const livedOn = !run.hasEnded;
  if (livedOn) {
    run.signal("SIGTERM");
  }
  const end = await run.endWithin(RECEIVER_ENDS_MS);
  if (end === undefined) {
    const { errors } = await run.kill("SIGKILL");
    throw new CrashTestFailure(`receive with ${round.told} did not end when told:\n${errors}`);
  }
  world.coverage.reached(world.kind, round.command, end.reached);
  const outcome = judgeEnd(round, end);
  return livedOn && outcome === "passed" ? "lived" : outcome;
}

/** A restore that died after its last file has done its work: the directory is a cluster, and nothing may be written there again. */
function isRestored(target: string): boolean {
  return (
    existsSync(join(target, "global", "pg_control")) && !existsSync(join(target, UNFINISHED_MARKER))
  );
}

/** Kills, and runs again what was killed. */
async function killAndConverge(world: CrashWorld, round: Round, target: string): Promise<Outcome> {
  const { command, fate } = round;
  if (command === "receive" || command === "promote") {
    const outcome = await killReceiver(world, round);
    world.startReceiver();
    if (command === "promote") {
      await world.startLoad();
    }
    await world.awaitCommits(COMMITS_AFTER);
    return outcome;
  }
  const repository = command === "init" ? `init-${world.nextNumber()}` : "main";
  await world.makeHome(repository);
  const words = wordsOf(command, target);
  const end = await world.run(command, words, { fate, repository });
  const outcome = judgeEnd(round, end);
  const isRestore = command === "restore" || command === "hold";
  if (!isRestore || !isRestored(target)) {
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

function note(world: CrashWorld, round: Round, outcome: Outcome): void {
  const { coverage, kind } = world;
  const { command, site, effect } = round;
  if (outcome === "missed") {
    coverage.miss(kind, command, site);
  } else if (site !== undefined && effect !== undefined) {
    coverage.hit(command, site, effect);
  } else {
    coverage.diedAtMoment(command);
  }
}

/** Plays one round. @throws CrashTestFailure. */
export async function playRound(world: CrashWorld, round: Round): Promise<string> {
  const target = join(world.directory, `restored-${world.nextNumber()}`);
  const outcome = await killAndConverge(world, round, target);
  await rm(target, { recursive: true, force: true });
  note(world, round, outcome);
  if (outcome === "missed") {
    return outcome;
  }
  await requireNothingLeft(world);
  await requireWhole(world);
  const required = await requireNothingLost(world);
  return `${outcome}, run again, whole, ${required} commits required and found`;
}
