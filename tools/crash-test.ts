/**
 * `npm run test:crash -- --seed N [--kills K] [--major M]`: kills the real program at random failpoints and moments, under load on a
 * real server, and checks after each kill that a rerun converges, that nothing is damaged, and that nothing acknowledged is lost.
 *
 * The seed draws commands, sites and moments; what a server and a disk do in between is not drawn, so the same seed
 * plays the same rounds but not the same microseconds. Ends with a table of the failpoints; exit 1 on the first failure, whose
 * directory is kept.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { commandEntries } from "../src/cli/commands/registry.ts";
import { SeededRandom } from "../src/core/random.ts";
import { Coverage } from "./crash/coverage.ts";
import {
  type CrashCommand,
  crashCommands,
  drawRound,
  playRound,
  requireNothingLost,
} from "./crash/crash-round.ts";
import { CrashWorld } from "./crash/crash-world.ts";

/** A fresh repository and server every so many kills: each round reads all of it. */
const KILLS_PER_WORLD = 25;
const CLIENTS = 3;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    kills: { type: "string", default: "20" },
    major: { type: "string", default: "18" },
    only: { type: "string" },
    program: { type: "string", default: fileURLToPath(new URL("../pra", import.meta.url)) },
  },
});
const seed = Number(values.seed);
const kills = Number(values.kills);
const major = Number(values.major);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(kills) || kills < 1) {
  throw new Error("--seed and --kills are whole numbers");
}
if (major !== 14 && major !== 15 && major !== 16 && major !== 17 && major !== 18) {
  throw new Error("--major is 14 to 18");
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Commands that this program has. */
function available(): readonly CrashCommand[] {
  const names = new Set(commandEntries.map(({ name }) => name));
  const nameOf: Readonly<Record<string, string>> = {
    full: "backup",
    incremental: "backup",
    receive: "wal",
  };
  const all = crashCommands.filter((command) => names.has(nameOf[command] ?? command));
  return values.only === undefined ? all : all.filter((command) => command === values.only);
}

/** A world in which every command has run once without harm, so that it is known what each reaches. */
async function openWorld(
  coverage: Coverage,
  commands: readonly CrashCommand[],
): Promise<CrashWorld> {
  const world = await CrashWorld.create({ major: major as 18, coverage, program: values.program });
  try {
    await prepare(world, commands);
    return world;
  } catch (error) {
    world.keep = true;
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

async function prepare(world: CrashWorld, commands: readonly CrashCommand[]): Promise<void> {
  await world.makeHome("main");
  await world.mustSucceed("init", ["init"]);
  await world.startLoad(CLIENTS);
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
  await requireNothingLost(world);
  for (const command of ["prove", "verify", "expire"] as const) {
    if (commands.includes(command)) {
      await world.mustSucceed(command, command === "verify" ? ["verify", "--deep"] : [command]);
    }
  }
}

async function play(): Promise<void> {
  const random = new SeededRandom(seed);
  const coverage = new Coverage();
  const commands = available();
  const began = performance.now();
  say(`seed ${seed}, ${kills} kills, PostgreSQL ${major}, commands: ${commands.join(", ")}`);
  let played = 0;
  try {
    while (played < kills) {
      await using world = await openWorld(coverage, commands);
      for (let n = 0; n < KILLS_PER_WORLD && played < kills; n++) {
        const round = drawRound(world, random, commands);
        const rule = round.fate.kind === "failpoint" ? round.fate.rule : `SIGKILL at ${round.name}`;
        played += 1;
        const startedMs = performance.now();
        try {
          const result = await playRound(world, round);
          const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
          say(
            `${String(played).padStart(4)}  ${round.command.padEnd(11)} ${rule.padEnd(40)} ${result} (${seconds} s)`,
          );
        } catch (error) {
          say(
            `${String(played).padStart(4)}  ${round.command.padEnd(11)} ${rule.padEnd(40)} FAILED`,
          );
          world.keep = true;
          say(`its directory is kept: ${world.directory}`);
          throw error;
        }
      }
    }
  } finally {
    say(`\n${coverage.table()}`);
    say(`${played} kills in ${Math.round((performance.now() - began) / 1000)} s, seed ${seed}`);
  }
}

try {
  await play();
} catch (error) {
  process.stderr.write(
    `\nseed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
