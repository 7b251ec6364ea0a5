/**
 * `pra status --watch` and metrics as a person and a collector see them: on a real terminal, in a pipe, in a file. No server is needed: a
 * site where nothing answers has much to show.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";

let pra: CommandLine;
before(async () => {
  pra = await CommandLine.create({ socketDirectory: "/nowhere", port: 5432 });
});
after(async () => {
  await pra[Symbol.asyncDispose]();
});

/** Until what a child has said matches; fails when it ends before. */
async function until(child: ChildProcess, out: () => string, seen: RegExp): Promise<void> {
  const ended = once(child, "close");
  while (!seen.test(out())) {
    const more = await Promise.race([once(child.stdout ?? child, "data"), ended]);
    assert.ok(child.exitCode === null && child.signalCode === null, `${out()} ${String(more)}`);
  }
}

test("R4 on a terminal the page is drawn in place, and SIGINT gives the terminal back with exit code 130", async () => {
  const shell = pra.shellCall("status --watch=2");
  const state = join(pra.directory, "state");
  // util-linux's script gives it a terminal of its own.
  const child = spawn(
    "script",
    ["-qec", `stty rows 30 cols 90; PG_HOST=/nowhere PRA_STATE_DIR=${state} ${shell}`, "/dev/null"],
    { stdio: "pipe", env: { ...process.env, LANG: "C", TERM: "xterm" } },
  );
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const read = (): string => out;
  await until(child, read, /looked at[^]*1 s ago[^]*looked at[^]*just now[^]*1 s ago/);
  // Ctrl-C, as the terminal's own driver sends it.
  child.stdin.write("\x03");
  await once(child, "close");
  assert.equal(child.exitCode, 130, out);
  assert.equal(out.split("\x1b[?1049h").length, 2, "entered once");
  assert.ok(out.trimEnd().endsWith("\x1b[?25h\x1b[?1049l"), JSON.stringify(out.slice(-200)));
  assert.match(out, /✗/);
  const pages = out.split("\x1b[?2026h").slice(1);
  assert.ok(pages.every((page) => page.split("\r\n").length <= 30));
});

test("R4 in a pipe one block follows the other, with --json one object a line, and SIGTERM ends it with 130", async () => {
  const plain = pra.start("status --watch=1");
  let out = "";
  plain.child.stdout?.on("data", (text: string) => (out += text));
  await until(plain.child, () => out, /^--- [\s\S]*^--- /m);
  plain.child.kill("SIGTERM");
  const answer = await plain.answer;
  assert.equal(answer.code, 130);
  assert.equal(answer.err, "");
  assert.ok(!answer.out.includes("\x1b"));
  const json = pra.start("status --watch=1 --json");
  let lines = "";
  json.child.stdout?.on("data", (text: string) => (lines += text));
  await until(json.child, () => lines, /\n.*\n/);
  json.child.kill("SIGINT");
  assert.equal((await json.answer).code, 130);
  for (const line of lines.trimEnd().split("\n")) {
    const { at, checks } = JSON.parse(line) as { at: string; checks: readonly unknown[] };
    assert.ok(!Number.isNaN(Date.parse(at)) && checks.length > 0);
  }
});

test("R4 a reader that goes away ends it", async () => {
  const { child, answer } = pra.start("status --watch=1");
  await once(child.stdout ?? child, "data");
  child.stdout?.destroy();
  assert.equal((await answer).code, 0);
});

test("R20 L54 metrics without a daemon: on standard output in OpenMetrics, in a .prom file in the text format, and no secret in them", async () => {
  const secrets = {
    PG_PASSWORD: "hunter2",
    DATABASE_URL: "postgresql://app:hunter2@127.0.0.1:1/akig",
    APP_HEALTH_URL: "https://u:hunter2@127.0.0.1:1/health?key=hunter2",
    SLACK_WEBHOOK: "https://127.0.0.1:1/hunter2",
  };
  const shown = await pra.run("status --openmetrics", secrets);
  assert.equal(shown.code, 4);
  assert.match(shown.out, /\npra_server_up\{cluster="main"\} 0\n/);
  assert.match(shown.out, /\n# EOF\n$/);
  assert.ok(!shown.out.includes("hunter2"));
  const file = join(pra.directory, "pra.prom");
  const written = await pra.run(`status --openmetrics --output ${file}`, secrets);
  assert.equal(written.code, 4);
  assert.equal(written.out, `metrics written to ${file}\n`);
  const text = await readFile(file, "utf8");
  assert.match(text, /\npra_repository_up\{cluster="main"\} 0\n/);
  assert.doesNotMatch(text, /# EOF|process_|hunter2/);
});

test("L53 R20 killed at any step of writing, the file is whole: the one before", async () => {
  const folder = join(pra.directory, "killed");
  await mkdir(folder);
  const file = join(folder, "pra.prom");
  await writeFile(file, "# before\n");
  for (const step of ["metrics.write", "metrics.rename"]) {
    await pra.run(`status --openmetrics --output ${file}`, { PRA_FAILPOINT: `${step}:kill` });
    assert.equal(await readFile(file, "utf8"), "# before\n", step);
  }
  const beside = (await readdir(folder)).filter((name) => name.endsWith(".prom"));
  assert.deepEqual(beside, ["pra.prom"], "what is left of a killed one is not read by anybody");
});

test("R20 what was typed wrong is refused before anything is looked at", async () => {
  for (const [words, code] of [
    ["status --openmetrics --output /tmp/pra.txt", "USAGE_METRICS_FILE"],
    ["status --output /tmp/pra.prom", "USAGE_MISSING_OPTION"],
    ["status --watch=0", "USAGE_VALUE"],
    ["status --watch=often", "USAGE_VALUE"],
    ["status --watch --nagios", "USAGE_CONFLICT"],
    ["status --watch --openmetrics", "USAGE_CONFLICT"],
    ["status --nagios --openmetrics", "USAGE_CONFLICT"],
  ] as const) {
    const { code: exit, value } = await pra.json(words);
    assert.equal(exit, 2, words);
    assert.equal(errorCodeOf(value), code, words);
  }
});
