/** The application's check without a server: what it is told, how it ends, and that a command that stays is judged by its address. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { systemClock } from "../core/clock.ts";
import {
  type ApplicationCheck,
  type ApplicationResult,
  addressVariables,
  runApplicationCheck,
} from "./application-command.ts";

const place = {
  socketDirectory: "/tmp/pra-server-abc",
  port: 5432,
  user: "an app",
  database: "web/1",
};
const account = { name: "", uid: -1, gid: -1, switched: false };

async function run(
  program: string,
  more: Partial<ApplicationCheck> = {},
  signal = new AbortController().signal,
): Promise<ApplicationResult> {
  const check: ApplicationCheck = {
    command: [process.execPath, "-e", program],
    database: "web/1",
    user: undefined,
    databaseUrlVariable: "DATABASE_URL",
    healthUrl: undefined,
    timeoutMs: 20_000,
    ...more,
  };
  const mask = (text: string): string => text;
  const options = { account, directory: "/", clock: systemClock, mask, signal };
  return await runApplicationCheck(check, place, options);
}

async function unusedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => {
    probe.listen(0, "127.0.0.1", resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("the address is told to libpq and as a URL, whatever names hold", () => {
  const variables = addressVariables(place, "APP_DB");
  assert.equal(variables["PGHOST"], "/tmp/pra-server-abc");
  const url = new URL(variables["APP_DB"] ?? "");
  assert.equal(decodeURIComponent(url.username), "an app");
  assert.equal(decodeURIComponent(url.pathname.slice(1)), "web/1");
  assert.equal(url.searchParams.get("host"), "/tmp/pra-server-abc");
});

test("R26 a command that starts the application and stays is well when its address answers, and is ended then", async () => {
  const port = await unusedPort();
  const program = `
    console.log("pid " + process.pid);
    require("node:http").createServer((q, a) => a.end("ok")).listen(${port}, "127.0.0.1")`;
  const result = await run(program, { healthUrl: `http://127.0.0.1:${port}/` });
  assert.deepEqual([result.ok, result.outcome, result.health], [true, "well", "well"]);
  const pid = Number(/pid (\d+)/.exec(result.output)?.[1]);
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});

test("a command that ends before its address answers has failed, and so has one whose address never does", async () => {
  const healthUrl = `http://127.0.0.1:${await unusedPort()}/`;
  const early = await run("process.exit(0)", { healthUrl });
  assert.deepEqual([early.ok, early.outcome, early.exitCode], [false, "exit-code", 0]);
  const silent = await run("setInterval(() => {}, 1000)", { healthUrl, timeoutMs: 1500 });
  assert.deepEqual([silent.ok, silent.outcome], [false, "time-limit"]);
});

test("a command that a signal ended says which; one that is stopped from outside rejects, and is gone", async () => {
  const killed = await run("process.kill(process.pid, 'SIGKILL')");
  assert.deepEqual([killed.outcome, killed.reason], ["signal", "SIGKILL"]);
  const stop = new AbortController();
  const reason = new Error("stopped");
  setTimeout(() => {
    stop.abort(reason);
  }, 300);
  await assert.rejects(run("setInterval(() => {}, 1000)", {}, stop.signal), reason);
});
