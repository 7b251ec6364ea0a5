/**
 * Switches off each guard against a loss class in turn, runs the tests whose titles begin with that class, and fails when they
 * all stay green: a guard whose absence nobody notices protects nothing, or is not tested. Files are tried from the
 * quick to the slow, until one turns red; a test counts only when it is green with every guard on. A test that only
 * waits until its time is over counts too, and is named as such: an assertion would tell more, and sooner.
 *
 * `node tools/guards.ts [--only TEXT] [--json FILE]`; exit 0 when every guard has a red test.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findTitledTests } from "./titled-tests.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PRELOAD = new URL("../tests/support/guards-from-environment.ts", import.meta.url).href;

/** A test that fails by hanging is red too. */
const TEST_TIMEOUT_MS = 180_000;

type Run = {
  readonly passed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** Of those that failed: by waiting alone. */
  readonly timedOut: ReadonlySet<string>;
};
type Verdict = {
  readonly guard: string;
  readonly state: "red" | "timed out" | "green" | "no test";
  readonly tests: readonly string[];
};

/** Titles of results in TAP output, however deep, that begin with the loss class; a file's or a suite's own result has none. */
function titles(tap: string, word: "ok" | "not ok", lossClass: string): ReadonlySet<string> {
  const found = new Set<string>();
  const begins = new RegExp(`^(?:L\\d+[ ,]+)*${lossClass}\\b`);
  for (const [, title = ""] of tap.matchAll(new RegExp(`^ *${word} \\d+ - (.*)$`, "gm"))) {
    if (begins.test(title) && !/# (?:SKIP|TODO)/.test(title)) {
      found.add(title.replaceAll("\\#", "#"));
    }
  }
  return found;
}

/** Failed tests whose diagnosis is that their time was over. */
function timeouts(tap: string, failed: ReadonlySet<string>): ReadonlySet<string> {
  const late = [...failed].filter((title) => {
    const at = tap.indexOf(`- ${title.replaceAll("#", "\\#")}\n`);
    const diagnosis = /^[^]*?\n *\.\.\.\n/.exec(at < 0 ? "" : tap.slice(at))?.[0] ?? "";
    return diagnosis.includes("testTimeoutFailure");
  });
  return new Set(late);
}

async function runTests(path: string, lossClass: string, guardOff: string): Promise<Run> {
  const pattern = `--test-name-pattern=/^(L\\d+[ ,]+)*${lossClass}\\b/`;
  const flags = ["--import", PRELOAD, "--test-reporter=tap", `--test-timeout=${TEST_TIMEOUT_MS}`];
  const child = spawn(process.execPath, [...flags, pattern, "--test", path], {
    cwd: ROOT,
    env: { ...process.env, PRA_GUARD_OFF: guardOff },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", reject);
  });
  const tap = Buffer.concat(chunks).toString();
  const failed = titles(tap, "not ok", lossClass);
  return { passed: titles(tap, "ok", lossClass), failed, timedOut: timeouts(tap, failed) };
}

/** Beside the sources first: they take milliseconds; real servers last. */
function costOf(path: string): number {
  return path.startsWith("src/") ? 0 : path.startsWith("tests/contract/") ? 1 : 2;
}

/** Tests of a file that are green with every guard on, by file and class. */
const baselines = new Map<string, Promise<Run>>();

function baselineOf(path: string, lossClass: string): Promise<Run> {
  const key = `${path} ${lossClass}`;
  const known = baselines.get(key) ?? runTests(path, lossClass, "");
  baselines.set(key, known);
  return known;
}

async function judge(guard: string, files: readonly string[]): Promise<Verdict> {
  const lossClass = guard.slice(0, guard.indexOf("-"));
  if (files.length === 0) {
    return { guard, state: "no test", tests: [] };
  }
  for (const path of files) {
    const without = await runTests(path, lossClass, guard);
    if (without.failed.size > 0) {
      const { passed } = await baselineOf(path, lossClass);
      const red = [...without.failed].filter((title) => passed.has(title));
      if (red.length > 0) {
        const late = red.every((title) => without.timedOut.has(title));
        const tests = red.map((title) => `${path}: ${title}`);
        return { guard, state: late ? "timed out" : "red", tests };
      }
    }
  }
  return { guard, state: "green", tests: files };
}

function show(verdict: Verdict): string {
  const mark = { red: "red", "timed out": "timeout", green: "GREEN", "no test": "NO TEST" };
  const [first = "", ...more] = verdict.tests;
  const rest = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return `${mark[verdict.state].padEnd(7)}  ${verdict.guard.padEnd(30)}  ${first}${rest}`;
}

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, json: { type: "string" } },
});
// The list is read when it is needed, so that a wrong flag is told at once.
const { guardNames } = await import("../src/core/failpoint-names.ts");
const titled = findTitledTests(ROOT);
const wanted = guardNames.filter((name) => name.includes(values.only));
const queue = wanted.map((guard) => {
  const files = titled.get(guard.slice(0, guard.indexOf("-"))) ?? [];
  // What only a long test would notice counts as unnoticed: nobody runs those with each change.
  const short = files.filter((path) => !path.startsWith("tests/long/"));
  return { guard, files: short.sort((a, b) => costOf(a) - costOf(b)) };
});
const verdicts: Verdict[] = [];
const next = async (): Promise<void> => {
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
    const verdict = await judge(item.guard, item.files);
    verdicts.push(verdict);
    process.stdout.write(`${show(verdict)}\n`);
  }
};
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, next));
const unnoticed = verdicts.filter(({ state }) => state !== "red" && state !== "timed out");
process.stdout.write(
  `\n${verdicts.length} guards, ${verdicts.length - unnoticed.length} red without, ${unnoticed.length} unnoticed\n`,
);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify(verdicts, undefined, 2)}\n`);
}
process.exitCode = unnoticed.length === 0 && verdicts.length > 0 ? 0 : 1;
