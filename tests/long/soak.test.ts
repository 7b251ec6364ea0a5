/**
 * The whole product at work for a while: clients commit, an increment is taken three times a minute, published segments replace parts,
 * expire clears away, proofs restore. At the end nothing is lost, and neither the receiver's memory nor its descriptors grew with
 * time. `PRA_SOAK_MINUTES` says how long; 10 unless told.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { verifyOracle } from "../../src/loadtest/oracle.ts";
import { startWorkload } from "../../src/loadtest/workload.ts";
import { CommandLine, type Running } from "../support/command-line.ts";
import { endReceiver, receive, untilNothingIsMissing } from "../support/long-run.ts";
import { treeBytes, treeDescriptors } from "../support/process-tree.ts";
import { withRestored } from "../support/restored-copy.ts";
import { startTestServer } from "../support/test-server.ts";

const MIB = 2 ** 20;
const MINUTES = Number(process.env["PRA_SOAK_MINUTES"] ?? "10");
const INCREMENT_EVERY_MS = 20_000;
const PROOF_EVERY_MS = 60_000;
const SAMPLE_EVERY_MS = 2_000;
/** What the receiver's heap may differ by between two looks at rest: garbage that was not collected yet. */
const MEMORY_SLACK_BYTES = 48 * MIB;

type Sample = { readonly bytes: number; readonly descriptors: number };

/** Runs a command again and again until told to end; answers how often. */
async function repeatedly(
  pra: CommandLine,
  words: string,
  options: { readonly everyMs: number; readonly signal: AbortSignal },
): Promise<number> {
  let times = 0;
  while (!options.signal.aborted) {
    const began = performance.now();
    const { code, out, err } = await pra.run(words);
    assert.equal(code, 0, `${words}, turn ${times + 1}: ${out}${err}`);
    times += 1;
    const restMs = options.everyMs - (performance.now() - began);
    await sleep(Math.max(0, restMs), undefined, { signal: options.signal }).catch(() => undefined);
  }
  return times;
}

async function watch(receiver: Running, signal: AbortSignal): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const { pid } = receiver.child;
  while (!signal.aborted && pid !== undefined) {
    samples.push({ bytes: treeBytes(pid), descriptors: treeDescriptors(pid) });
    await sleep(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return samples;
}

/** The highest of the first quarter after the start, and of the last quarter. */
function growth(t: TestContext, samples: readonly Sample[]): void {
  const warm = samples.slice(Math.floor(samples.length / 8));
  const quarter = Math.max(1, Math.floor(warm.length / 4));
  const highest = (of: readonly Sample[], key: keyof Sample): number =>
    Math.max(...of.map((sample) => sample[key]));
  const [early, late] = [warm.slice(0, quarter), warm.slice(-quarter)];
  const bytes = [highest(early, "bytes"), highest(late, "bytes")] as const;
  const descriptors = [highest(early, "descriptors"), highest(late, "descriptors")] as const;
  const mebibytes = bytes.map((value) => Math.round(value / MIB)).join(" → ");
  t.diagnostic(`receiver: ${mebibytes} MiB, ${descriptors.join(" → ")} descriptors`);
  assert.ok(bytes[1] <= bytes[0] + MEMORY_SLACK_BYTES, `the receiver's memory grew: ${mebibytes}`);
  assert.ok(descriptors[1] <= descriptors[0] + 4, `its descriptors grew: ${descriptors.join()}`);
}

test(`${MINUTES} minutes of commits, increments, expire and proofs lose nothing and leak nothing`, async (t) => {
  await using stack = new AsyncDisposableStack();
  const settings = { max_wal_size: "128MB", checkpoint_timeout: "30s" };
  const server = stack.use(await startTestServer({ major: 18, settings }));
  const pra = stack.use(await CommandLine.initialised(server));
  const receiver = await receive(pra);
  const stopping = new AbortController();
  const { signal } = stopping;
  const load = stack.use(
    await startWorkload({ connection: server.clientConfig(), clients: 8, pauseMs: 4, signal }),
  );
  assert.equal((await pra.run("backup --full")).code, 0);
  const work = [
    repeatedly(pra, "backup --incremental", { everyMs: INCREMENT_EVERY_MS, signal }),
    repeatedly(pra, "prove --latest", { everyMs: PROOF_EVERY_MS, signal }),
    repeatedly(pra, "expire", { everyMs: 0, signal }),
  ];
  const watching = watch(receiver, signal);
  const ended = Promise.all(work);
  try {
    await Promise.race([sleep(MINUTES * 60_000), ended]);
  } catch (error) {
    stopping.abort();
    throw error;
  }
  const summary = await load.stop();
  stopping.abort();
  const [increments, proofs, expiries] = await ended;
  const samples = await watching;
  assert.ok(summary.endings.every(({ kind }) => kind === "stopped"));
  await untilNothingIsMissing(pra);
  await endReceiver(receiver);
  await server.stop();
  t.diagnostic(
    `${summary.commits} commits, ${increments} increments, ${proofs} proofs, ${expiries} times expire`,
  );
  assert.ok((increments ?? 0) >= Math.floor(MINUTES), "increments went on all the time");
  const verified = await pra.json("verify --deep");
  assert.equal(verified.code, 0, verified.out);
  await withRestored(pra, "--latest", async ({ socketDirectory: host, port }) => {
    const client = new Client({ host, port, user: "postgres", database: "postgres" });
    await client.connect();
    try {
      const verdict = await verifyOracle(client, load.acknowledged);
      assert.equal(verdict.ok, true, JSON.stringify(verdict));
      assert.equal(verdict.found, load.acknowledged.count);
    } finally {
      await client.end();
    }
  });
  growth(t, samples);
});
