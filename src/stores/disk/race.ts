/**
 * Two processes race for the same new keys; each key must have exactly one winner, and hold the winner's bytes. This is how a
 * network file system shows whether leases may live on it: by what it does, not by its name.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
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

type Racer = { readonly start: () => void; readonly won: Promise<ReadonlySet<number>> };

function indices(line: string): ReadonlySet<number> {
  const parsed: unknown = JSON.parse(line);
  return new Set(Array.isArray(parsed) ? parsed.filter((value) => typeof value === "number") : []);
}

async function racer(race: Race, writer: string): Promise<Racer> {
  const entry = fileURLToPath(new URL(`./race.worker${extname(import.meta.url)}`, import.meta.url));
  const { store, prefix, keys, signal } = race;
  const child = spawn(process.execPath, [entry, store.location, prefix, String(keys), writer], {
    stdio: ["pipe", "pipe", "inherit"],
    signal,
    killSignal: "SIGKILL",
  });
  const exited = once(child, "exit", { signal });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = (): DrError =>
    new DrError("STORE_UNAVAILABLE", { operation: "race", key: prefix, reason: "a racer died" });
  if ((await lines.next()).value !== "ready") {
    await exited;
    throw failed();
  }
  const finish = async (): Promise<ReadonlySet<number>> => {
    const line = await lines.next();
    await exited;
    if (line.done === true) {
      throw failed();
    }
    return indices(line.value);
  };
  return { start: () => child.stdin.end("go\n"), won: finish() };
}

/** Runs the race; the objects stay. Aborted: the processes are killed. @throws DrError `STORE_UNAVAILABLE`. */
export async function raceTwoProcesses(race: Race): Promise<RaceOutcome> {
  const racers = await Promise.all([racer(race, "a"), racer(race, "b")]);
  for (const { start } of racers) {
    start();
  }
  const [a, b] = await Promise.all(racers.map(({ won }) => won));
  let wonOnce = 0;
  for (let index = 0; index < race.keys; index += 1) {
    const byA = a?.has(index) === true;
    const byB = b?.has(index) === true;
    const bytes = await race.store.get(`${race.prefix}${index}`, { signal: race.signal });
    if (byA !== byB && bytes.toString("latin1") === (byA ? "a\n" : "b\n")) {
      wonOnce += 1;
    }
  }
  return { keys: race.keys, wonOnce, wins: [a?.size ?? 0, b?.size ?? 0] };
}
