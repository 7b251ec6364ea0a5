/**
 * What long tests have in common: a repository for a server, commands whose memory is watched, and one word for the content of
 * every table.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandLine, Running } from "./command-line.ts";
import { treeBytes } from "./process-tree.ts";

const MEMORY_POLL_MS = 100;

/** A successful command: what it answered, and what it cost. */
export type MeasuredRun = {
  readonly value: Record<string, unknown>;
  readonly seconds: number;
  /** Proportional set size of the command and its children, at its highest. */
  readonly peakBytes: number;
};

/** Waits until a restore to this target would be possible. */
export async function untilPlanned(pra: CommandLine, target: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const { code, out } = await pra.run(`plan ${target}`);
    if (code === 0) {
      return;
    }
    assert.ok(attempt < 60, `${target}: ${out}`);
    await sleep(500);
  }
}

/** Waits until the repository holds everything that the server has written. */
export async function untilNothingIsMissing(pra: CommandLine): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const { value, out } = await pra.json("wal status");
    if (value["exposureSeconds"] === 0) {
      return;
    }
    assert.ok(attempt < 60, out);
    await sleep(500);
  }
}

/** Starts a receiver; resolves when it streams. */
export async function receive(pra: CommandLine): Promise<Running> {
  const receiver = pra.start("wal receive --lang en");
  await receiver.untilSaid(/Streaming from/);
  return receiver;
}

/** Ends it in good order. */
export async function endReceiver(receiver: Running): Promise<void> {
  receiver.child.kill("SIGTERM");
  const { code, err } = await receiver.answer;
  assert.equal(code, 0, err);
}

/** Runs a command that must succeed, and watches its memory. */
export async function measured(pra: CommandLine, words: string): Promise<MeasuredRun> {
  const began = performance.now();
  const { child, answer } = pra.start(`${words} --json`);
  let peakBytes = 0;
  const poll = setInterval(() => {
    peakBytes = Math.max(peakBytes, treeBytes(child.pid ?? -1));
  }, MEMORY_POLL_MS);
  try {
    const { code, out, err } = await answer;
    assert.equal(code, 0, `${words}: ${out}${err}`);
    const seconds = (performance.now() - began) / 1000;
    return { value: JSON.parse(out) as Record<string, unknown>, seconds, peakBytes };
  } finally {
    clearInterval(poll);
  }
}

/** One line for the test's report. */
export function figures(what: string, run: MeasuredRun, more = ""): string {
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return `${what}: ${run.seconds.toFixed(1)} s, peak memory ${mebibytes(run.peakBytes)}${more === "" ? "" : `, ${more}`}`;
}

/** A key of a command's answer that is a number. */
export function numberOf(run: { readonly value: Record<string, unknown> }, key: string): number {
  const value = run.value[key];
  assert.ok(typeof value === "number", `${key} is a number`);
  return value;
}

/** The rows of every ordinary table of the user's in one line: name, count, and a sum of row hashes that no order changes. */
export async function contentOf(value: (sql: string) => Promise<string>): Promise<string> {
  const names = await value(
    `SELECT coalesce(string_agg(format('%I.%I', schemaname, tablename), ' ' ORDER BY 1), '') FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const lines: string[] = [];
  for (const name of names.split(" ").filter((text) => text !== "")) {
    const sum = await value(
      `SELECT count(*) || ' ' || coalesce(sum(hash_record_extended(t, 0)), 0) FROM ${name} AS t`,
    );
    lines.push(`${name} ${sum}`);
  }
  return lines.join("\n");
}
