/**
 * A week of the daemon's own loop in minutes: real looks, files, messages and log, and pauses that take no time. Nothing may grow: memory, open
 * files, the state directory, the log. The server is down all week, the repository comes and goes, the configuration is read anew each hour.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CommandLine } from "../support/command-line.ts";
import type { Figures, WeekLine } from "../support/daemon-week-child.ts";
import { HttpReceiver } from "../support/http-receiver.ts";
import { startTestServer } from "../support/test-server.ts";

const CHILD = fileURLToPath(new URL("../support/daemon-week-child.ts", import.meta.url));
const DAYS = Number(process.env["DAEMON_DAYS"] ?? 7);

test("R20 R21 L53 a week of the daemon leaves memory, open files, state directory and log as large as its first days did", async (context) => {
  const server = await startTestServer({ major: 18 });
  const pra = await CommandLine.initialised(server);
  const told = await HttpReceiver.start(() => ({ status: 200, body: "ok" }));
  context.after(async () => {
    await pra[Symbol.asyncDispose]();
    await told[Symbol.asyncDispose]();
  });
  assert.equal((await pra.run("backup --full")).code, 0);
  await server[Symbol.asyncDispose]();
  // Flags as the daemon has them.
  const child = spawn(
    process.execPath,
    ["--max-semi-space-size=2", CHILD, pra.directory, String(DAYS)],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        PATH: process.env["PATH"],
        MALLOC_ARENA_MAX: "2",
        PG_HOST: server.socketDirectory,
        PG_PORT: String(server.port),
        BACKUP_DIR: pra.repository,
        PRA_KEY_FILE: pra.keyFile,
        PRA_STATE_DIR: join(pra.directory, "state"),
        PRA_LOG_FILE: join(pra.directory, "logs/daemon.log"),
        PRA_LOG_MB: "1",
        PRA_LOG_FILES: "3",
        PRA_STATUS_TIMEOUT_MS: "20000",
        PRA_DIGEST_AT: "08:00",
        SLACK_WEBHOOK: `${told.origin}/services/T0/B0/hunter2`,
      },
    },
  );
  context.after(() => child.kill("SIGKILL"));
  const days: Figures[] = [];
  let end: Extract<WeekLine, { kind: "end" }> | undefined;
  const closed = once(child, "close");
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as WeekLine;
    context.diagnostic(text);
    if (line.kind === "day") {
      days.push(line.figures);
    } else {
      end = line;
    }
  }
  assert.deepEqual(await closed, [0, null]);
  const messages = told.received.length;
  const digests = told.received.filter(({ body }) => /daily digest/.test(body)).length;
  context.diagnostic(`${messages} messages`);
  assert.ok(end !== undefined && end.looks > DAYS * 1400, "a look at everything each minute");
  assert.ok(end.reloads >= DAYS * 23, "and read anew each hour");
  assert.ok(messages >= DAYS * 2, "the repository's alert and its end, each day");
  // The week may begin within the minute before the hour.
  assert.ok(digests === DAYS || digests === DAYS - 1, `a digest each day: ${digests}`);
  const [first, last] = [days[0], days.at(-1)];
  assert.ok(first !== undefined && last !== undefined);
  const most = (key: keyof Figures, factor: number, more: number): void => {
    assert.ok(last[key] <= first[key] * factor + more, `${key}: ${first[key]} → ${last[key]}`);
  };
  most("heapBytes", 1.1, 4e6);
  most("residentBytes", 1.15, 20e6);
  most("descriptors", 1, 2);
  most("stateFiles", 1, 2);
  most("stateBytes", 1, 600_000);
  assert.ok(last.logFiles <= 3 && last.logBytes <= 3e6, "three files of a megabyte");
});
