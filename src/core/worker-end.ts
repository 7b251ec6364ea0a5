/**
 * Ending worker threads without taking the process along. Node makes a compression context in two steps, and a thread that is
 * ended between them aborts the whole process ("close before init", `src/node_zlib.cc`; seen with Node 24). So a thread makes its
 * contexts inside `whileNotEnded`, and every pool ends its threads by `endWorkers`, which waits for that: a millisecond at most.
 *
 * One word that all threads of the process share counts both: calls that end threads, and threads that make a context. Who ends goes
 * first: from when it is counted no thread begins to make, and it waits for those that do. A thread is counted in one step, so that
 * one that is ended while it waits leaves nothing behind in the word.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Worker,
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
} from "node:worker_threads";
import { assert } from "./assert.ts";
import { workerEndTimeoutMs } from "./limits.ts";

const KEY = "pra: threads making or ending";
const POLL_MS = 1;
const WAITS_MAX = workerEndTimeoutMs / POLL_MS;

/** A call that ends threads counts this much, a thread that makes a context counts one. */
const ENDING = 0x1_00_00;

function sharedWord(): Int32Array<SharedArrayBuffer> | undefined {
  const known: unknown = getEnvironmentData(KEY);
  if (known instanceof SharedArrayBuffer) {
    return new Int32Array(known);
  }
  if (!isMainThread) {
    // Started by something that never ends it by `endWorkers`.
    return undefined;
  }
  const made = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  setEnvironmentData(KEY, made);
  return new Int32Array(made);
}

const word = sharedWord();

/** Counts this thread among those that make, when nobody ends threads. */
function enter(shared: Int32Array<SharedArrayBuffer>): void {
  for (;;) {
    const seen = Atomics.load(shared, 0);
    if (seen >= ENDING) {
      Atomics.wait(shared, 0, seen);
    } else if (Atomics.compareExchange(shared, 0, seen, seen + 1) === seen) {
      return;
    }
  }
}

/**
 * Runs `make`, which makes a context and may use it for a moment: in a worker thread, no `endWorkers` ends the thread meanwhile.
 * Blocks the thread while threads are being ended. The main thread, which nothing ends, runs it at once.
 */
export function whileNotEnded<T>(make: () => T): T {
  if (isMainThread || word === undefined) {
    return make();
  }
  enter(word);
  try {
    return make();
  } finally {
    Atomics.sub(word, 0, 1);
  }
}

/**
 * Ends threads, also from the middle of their work. A thread that hangs in a system call is left after `workerEndTimeoutMs`
 * (ms), and no longer keeps the process. Never rejects.
 */
export async function endWorkers(workers: readonly Worker[]): Promise<void> {
  assert(word !== undefined, "threads are ended by the main thread");
  Atomics.add(word, 0, ENDING);
  // Bounded: a thread that Node ended for lack of memory while it made a context stays counted.
  for (let waits = 0; waits < WAITS_MAX && Atomics.load(word, 0) % ENDING > 0; waits++) {
    await sleep(POLL_MS);
  }
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    workers.forEach((worker) => worker.unref());
    late.resolve();
  }, workerEndTimeoutMs);
  try {
    await Promise.race([Promise.all(workers.map((worker) => worker.terminate())), late.promise]);
  } finally {
    clearTimeout(timer);
    Atomics.sub(word, 0, ENDING);
    Atomics.notify(word, 0);
  }
}
