/**
 * Two processes race for the same new keys; each key must have exactly one winner, and hold the winner's bytes. This is how a
 * network file system shows whether leases may live on it: by what it does, not by its name.
 */
import { spawn } from "node:child_process";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import type { ObjectStore } from "../../repository/object-store.ts";

/** `wonOnce` of `keys` keys had one winner whose bytes they hold; `wins` counts each process's. */
export type RaceOutcome = {
  readonly keys: number;
  readonly wonOnce: number;
  readonly wins: readonly number[];
};

/** What to race for: `keys` new keys that begin with `prefix`, in the disk store at its location. */
export type Race = {
  readonly store: ObjectStore;
  readonly prefix: string;
  readonly keys: number;
  readonly signal: AbortSignal;
};

type Racer = {
  readonly raceFor: (index: number) => void;
  readonly answer: () => Promise<string>;
  /** Ends the process, by force unless it is done. */
  readonly end: (done: boolean) => Promise<void>;
};

function startRacer(race: Race, writer: string): Racer {
  const entry = fileURLToPath(new URL(`./race.worker${extname(import.meta.url)}`, import.meta.url));
  const { store, prefix, signal } = race;
  const child = spawn(process.execPath, [entry, store.location, prefix, writer], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const kill = (): void => {
    child.kill("SIGKILL");
  };
  signal.addEventListener("abort", kill, { once: true });
  const ended = new Promise<Error | undefined>((resolve) => {
    child.once("error", resolve);
    child.stdin.once("error", resolve);
    child.once("close", () => resolve(undefined));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    raceFor: (index) => child.stdin.write(`${index}\n`),
    answer: async () => {
      const line = await lines.next();
      if (line.done !== true) {
        return line.value;
      }
      const cause = await ended;
      signal.throwIfAborted();
      const reason = "a racing process died";
      throw new DrError("STORE_UNAVAILABLE", { operation: "race", key: prefix, reason }, { cause });
    },
    end: async (done) => {
      signal.removeEventListener("abort", kill);
      if (done) {
        child.stdin.end();
      } else {
        kill();
      }
      await ended;
    },
  };
}

async function raceAll(
  race: Race,
  names: readonly string[],
  racers: readonly Racer[],
): Promise<RaceOutcome> {
  const answers = (): Promise<string[]> => Promise.all(racers.map(({ answer }) => answer()));
  assert(
    (await answers()).every((text) => text === "ready"),
    "a racer first says that it is ready",
  );
  const wins = names.map(() => 0);
  let wonOnce = 0;
  for (let index = 0; index < race.keys; index += 1) {
    for (const { raceFor } of racers) {
      raceFor(index);
    }
    const won = (await answers()).map((text) => text === "won");
    const winners = names.filter((_, racer) => won[racer] === true);
    for (const winner of winners) {
      const racer = names.indexOf(winner);
      wins[racer] = (wins[racer] ?? 0) + 1;
    }
    const bytes = await race.store.get(`${race.prefix}${index}`, { signal: race.signal });
    if (winners.length === 1 && bytes.toString("latin1") === winners[0]) {
      wonOnce += 1;
    }
  }
  return { keys: race.keys, wonOnce, wins };
}

/** Runs the race; the objects stay. Aborted: the processes are killed. @throws DrError `STORE_UNAVAILABLE`. */
export async function raceTwoProcesses(race: Race): Promise<RaceOutcome> {
  race.signal.throwIfAborted();
  const names = ["a", "b"];
  const racers = names.map((writer) => startRacer(race, writer));
  let done = false;
  try {
    const outcome = await raceAll(race, names, racers);
    done = true;
    return outcome;
  } finally {
    await Promise.all(racers.map(({ end }) => end(done)));
  }
}
