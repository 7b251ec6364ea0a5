/**
 * `npm run test:crash -- [--seed N] [--kills K] [--major M] [--jobs J]`: kills the real program at random failpoints and moments, under load
 * on a real server, and checks after each kill that a rerun converges, that nothing is damaged, and that nothing
 * acknowledged is lost.
 *
 * The seed draws commands, sites, effects and moments; what a server and a disk do in between is not drawn, and what a run came by
 * decides what is drawn next. So the same seed plays alike, not identically; `--command` with `--at` plays one round again.
 * After the kills, sites that are owed hits get them. Ends with tables of the failpoints and commands; SIGTERM ends it after a round.
 * Exit 1 on the first failure, whose directory is kept, and when 200 kills leave a site with fewer than three hits.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { requireSupportedMajor } from "../src/core/pg-version.ts";
import { SeededRandom } from "../src/core/random.ts";
import { Coverage, siteEffects } from "./crash/coverage.ts";
import { type Schedule, playSchedule, stillOwed } from "./crash/crash-schedule.ts";
import { worldKinds } from "./crash/crash-world.ts";
import { isDrError } from "../src/core/errors.ts";
import { findClientPrograms } from "../src/dump/client-programs.ts";
import { type CrashCommand, type Round, crashCommands, roundAt } from "./crash/draw-round.ts";
import { notReached, siteNamed } from "./crash/failpoint-sites.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    kills: { type: "string", default: "20" },
    major: { type: "string", default: "18" },
    /** Worlds at a time. */
    jobs: { type: "string", default: "2" },
    /** Only this one. */
    command: { type: "string" },
    /** Only here: `site:effect`, or `site:effect:n` for the n-th passing alone. */
    at: { type: "string" },
    /** Before a promotion, `fast` or `immediate`. */
    stop: { type: "string", default: "fast" },
    world: { type: "string" },
    program: { type: "string", default: fileURLToPath(new URL("../pra", import.meta.url)) },
  },
});

function wholeNumber(name: "seed" | "kills" | "jobs"): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new Error(`--${name} is a whole number`);
  }
  return number;
}

/** One of a list; undefined when nothing was given. */
function oneOf<T extends string>(name: string, from: readonly T[], given?: string): T | undefined {
  const found = from.find((each) => each === given);
  if (given !== undefined && found === undefined) {
    throw new Error(`${name} is one of ${from.join(", ")}`);
  }
  return found;
}

const command = oneOf("--command", crashCommands, values.command);

/** The round that `--at` describes. */
function orderedRound(): Round | undefined {
  if (values.at === undefined) {
    return undefined;
  }
  const [name = "", given, hit] = values.at.split(":");
  const site = siteNamed(name);
  const effect = oneOf("an effect", siteEffects, given);
  if (command === undefined || site === undefined || effect === undefined) {
    throw new Error("--at is site:effect or site:effect:n, beside --command");
  }
  const stop = values.stop === "immediate" ? "immediate" : "fast";
  return roundAt(command, site, effect, { hit: hit === undefined ? undefined : Number(hit), stop });
}

const ending = new AbortController();
process.once("SIGTERM", () => {
  ending.abort();
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seed = wholeNumber("seed");
const major = requireSupportedMajor(Number(values.major));

/** Commands whose programs are here. */
async function available(): Promise<readonly CrashCommand[]> {
  const { signal } = ending;
  try {
    await findClientPrograms({ program: "pg_dump", major, binDirectory: undefined, signal });
    return crashCommands;
  } catch (error) {
    if (isDrError(error)) {
      return crashCommands.filter((each) => each !== "dump");
    }
    throw error;
  }
}

const commands = await available();
const coverage = new Coverage(notReached(commands));
const schedule: Schedule = {
  major,
  program: values.program,
  kills: wholeNumber("kills"),
  jobs: wholeNumber("jobs"),
  random: new SeededRandom(seed),
  coverage,
  commands: command === undefined ? commands : [command],
  isWhole: command === undefined,
  round: orderedRound(),
  kind: oneOf("--world", worldKinds, values.world),
  signal: ending.signal,
  say,
};
const began = performance.now();
const complain = (line: string): void => {
  process.stderr.write(`seed ${seed}: ${line}\n`);
  process.exitCode = 1;
};
say(`seed ${seed}, ${schedule.kills} kills, PostgreSQL ${schedule.major}`);
try {
  await playSchedule(schedule);
  stillOwed(schedule).forEach(complain);
} catch (error) {
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  for (const each of all) {
    complain(each instanceof Error ? (each.stack ?? each.message) : String(each));
  }
} finally {
  const date = new Date().toISOString().slice(0, 10);
  const seconds = Math.round((performance.now() - began) / 1000);
  say(`\n${coverage.table()}`);
  say(
    `${coverage.kills} kills in ${seconds} s, seed ${seed}, PostgreSQL ${schedule.major}, ${date}`,
  );
}
