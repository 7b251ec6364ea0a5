import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { isDrError } from "../../src/core/errors.ts";
import { childrenOf, identifyProcess, isRunning } from "../../src/postgres/process-facts.ts";
import { stopServerOf } from "../../src/postgres/stop-server.ts";
import { startServer } from "../../src/postgres/throwaway-server.ts";
import { freePort, startTestServer, testBinaries } from "../support/test-server.ts";

const signal = AbortSignal.timeout(120_000);

type Held = {
  readonly home: string;
  readonly dataDirectory: string;
  readonly pid: number;
  readonly socketDirectory: string;
  readonly port: number;
};

/** Runs tests/support/hold-server.ts until it has said where its server is. */
async function hold(
  mode: "hold" | "detach",
  major: number,
): Promise<{ readonly holder: ReturnType<typeof spawn>; readonly held: Held }> {
  const script = join(import.meta.dirname, "..", "support", "hold-server.ts");
  const holder = spawn(process.execPath, [script, mode, String(major)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PRA_TEST_SECRET: "not-for-the-server" },
  });
  for await (const line of createInterface({ input: holder.stdout })) {
    return { holder, held: JSON.parse(line) as Held };
  }
  throw new Error("the holder ended without an answer");
}

/** Processes whose command line names `text`: the server itself and its guard. */
async function processesNaming(text: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (/^\d+$/.test(name) && Number(name) !== process.pid) {
      const line = await readFile(`/proc/${name}/cmdline`, "latin1").catch(() => "");
      if (line.includes(text)) {
        found.push(Number(name));
      }
    }
  }
  return found;
}

async function eventually(condition: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  while (performance.now() < deadlineMs) {
    if (await condition()) {
      return true;
    }
    await sleep(25);
  }
  return condition();
}

/** Ends what a failed test left: a server that outlived its parent would live for ever. */
async function cleanUp(held: Held, holder: ReturnType<typeof spawn>): Promise<void> {
  holder.kill("SIGKILL");
  for (const pid of await processesNaming(held.dataDirectory)) {
    process.kill(pid, "SIGKILL");
  }
  await rm(held.home, { recursive: true, force: true });
  await rm(held.socketDirectory, { recursive: true, force: true });
}

async function everyoneGone(held: Held, children: readonly { pid: number }[]): Promise<boolean> {
  if ((await processesNaming(held.dataDirectory)).length > 0) {
    return false;
  }
  for (const child of children) {
    if ((await identifyProcess(child.pid)) !== undefined) {
      return false;
    }
  }
  return true;
}

for (const major of [18, 15]) {
  test(`L53 a server of ${major}, its children and its guard end within 2 s of their parent's SIGKILL`, async (t) => {
    const { holder, held } = await hold("hold", major);
    t.after(() => cleanUp(held, holder));
    const client = new Client({
      host: held.socketDirectory,
      port: held.port,
      user: "postgres",
      database: "postgres",
    });
    client.on("error", () => undefined);
    await client.connect();
    // A backend in the middle of work has to go as well.
    const busy = client.query("SELECT pg_sleep(600)").catch(() => undefined);
    assert.equal((await processesNaming(held.dataDirectory)).length, 2, "server and guard");
    assert.ok(await eventually(async () => (await childrenOf(held.pid)).length >= 5, 5000));
    const children = await childrenOf(held.pid);
    holder.kill("SIGKILL");
    assert.ok(await eventually(() => everyoneGone(held, children), 2000));
    await busy;
  });
}

test("a server that is frozen ends with its parent too", async (t) => {
  const { holder, held } = await hold("hold", 18);
  t.after(() => cleanUp(held, holder));
  process.kill(held.pid, "SIGSTOP");
  const children = await childrenOf(held.pid);
  holder.kill("SIGKILL");
  assert.ok(await eventually(() => everyoneGone(held, children), 4000));
});

test("a detached server outlives its parent, has no guard, and is stopped by its directory", async (t) => {
  const { holder, held } = await hold("detach", 18);
  t.after(() => cleanUp(held, holder));
  await new Promise((resolve) => holder.once("exit", resolve));
  await sleep(300);
  assert.deepEqual(await processesNaming(held.dataDirectory), [held.pid]);
  const stopped = await stopServerOf(held.dataDirectory, { mode: "fast", signal });
  assert.equal(stopped.pid, held.pid);
  assert.deepEqual(await processesNaming(held.dataDirectory), []);
  assert.equal(existsSync(held.socketDirectory), false);
  await assert.rejects(stopServerOf(held.dataDirectory, { mode: "fast", signal }), {
    code: "PG_NOT_RUNNING",
  });
});

test("nothing of this process's environment reaches the server", async (t) => {
  const { holder, held } = await hold("hold", 18);
  t.after(() => cleanUp(held, holder));
  const environment = await readFile(`/proc/${held.pid}/environ`, "latin1");
  assert.equal(environment.includes("not-for-the-server"), false);
  holder.kill("SIGKILL");
  assert.ok(await eventually(() => everyoneGone(held, []), 2000));
});

test("a private directory admits nobody but the server's account", async () => {
  const { binaries } = await testBinaries(18);
  await using cluster = await startTestServer({ major: 18 });
  await cluster.stop();
  const server = await startServer({
    dataDirectory: cluster.dataDirectory,
    binaries,
    port: cluster.port,
    signal,
  });
  const { socketDirectory } = server;
  const facts = await stat(socketDirectory);
  assert.equal(facts.mode & 0o777, 0o700);
  assert.equal(facts.uid, cluster.account.uid);
  await server[Symbol.asyncDispose]();
  assert.equal(existsSync(socketDirectory), false);
  assert.equal(await isRunning(server.identity), false);
});

test("kill leaves no child behind", async () => {
  await using server = await startTestServer({ major: 18 });
  const children = await childrenOf(server.pid);
  assert.ok(children.length >= 5);
  await server.kill();
  for (const child of children) {
    assert.equal(await isRunning(child), false);
  }
});

test("a server that refuses its settings fails with PG_START_FAILED and its log's end", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.stop();
  await assert.rejects(server.start({ settings: { no_such_setting: "1" } }), (error) => {
    assert.ok(isDrError(error, "PG_START_FAILED"));
    assert.match(error.message, /did not start: it ended with code 1/);
    assert.match(error.hint, /unrecognized configuration parameter "no_such_setting"/);
    return true;
  });
});

test("a server that never gets ready is stopped after its time with PG_START_TIMEOUT", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.stop();
  await writeFile(join(server.dataDirectory, "standby.signal"), "");
  await assert.rejects(
    server.start({ settings: { hot_standby: "off" }, startTimeoutMs: 3000 }),
    (error) => {
      assert.ok(isDrError(error, "PG_START_TIMEOUT"));
      assert.equal(error.details["state"], "standby");
      return true;
    },
  );
  // The guard ends by itself, a moment after the server that it watched.
  assert.ok(
    await eventually(async () => (await processesNaming(server.dataDirectory)).length === 0, 2000),
  );
});

test("a replaying server without connections reaches the goal standby", async () => {
  await using server = await startTestServer({ major: 15 });
  await server.stop();
  await writeFile(join(server.dataDirectory, "standby.signal"), "");
  await server.start({ settings: { hot_standby: "off" }, goal: "standby" });
  await rm(join(server.dataDirectory, "standby.signal"));
  assert.equal(server.isRunning, true);
});

test("an aborted start rejects with the signal's reason and leaves no process", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.stop();
  await writeFile(join(server.dataDirectory, "standby.signal"), "");
  const reason = new Error("changed my mind");
  const controller = new AbortController();
  const started = server.start({ settings: { hot_standby: "off" }, signal: controller.signal });
  setTimeout(() => {
    controller.abort(reason);
  }, 300);
  await assert.rejects(started, (error) => error === reason);
  assert.ok(
    await eventually(async () => (await processesNaming(server.dataDirectory)).length === 0, 2000),
  );
});

test("a second server on a directory is refused with PG_ALREADY_RUNNING", async () => {
  await using server = await startTestServer({ major: 18 });
  await assert.rejects(
    startServer({
      dataDirectory: server.dataDirectory,
      binaries: server.binaries,
      port: await freePort(),
      signal,
    }),
    { code: "PG_ALREADY_RUNNING" },
  );
  assert.equal(await server.value("SELECT 1"), "1");
});

test("a socket path the kernel would cut is refused with PG_SOCKET_PATH_LONG", async () => {
  await using server = await startTestServer({ major: 18 });
  await server.stop();
  const socketDirectory = join(server.home, "s".repeat(100));
  await mkdir(socketDirectory);
  await assert.rejects(
    startServer({
      dataDirectory: server.dataDirectory,
      binaries: server.binaries,
      port: 5432,
      socketDirectory,
      signal,
    }),
    (error) => {
      assert.ok(isDrError(error, "PG_SOCKET_PATH_LONG"));
      assert.match(error.hint, /shorter socket directory/);
      return true;
    },
  );
});

test("L53 a stale postmaster.pid whose id belongs to another process signals nobody", async () => {
  await using server = await startTestServer({ major: 18 });
  const file = join(server.dataDirectory, "postmaster.pid");
  const content = await readFile(file, "utf8");
  await server.stop("immediate");
  await using other = await startTestServer({ major: 18 });
  await writeFile(file, content.replace(/^\d+/, String(other.pid)));
  await assert.rejects(stopServerOf(server.dataDirectory, { mode: "immediate", signal }), {
    code: "PG_PID_FILE_FOREIGN",
  });
  assert.equal(await other.value("SELECT 1"), "1");
  await writeFile(file, content.replace(/^\d+/, "4194303"));
  await assert.rejects(stopServerOf(server.dataDirectory, { mode: "immediate", signal }), {
    code: "PG_NOT_RUNNING",
  });
});

test("a server that does not stop in time is reported with PG_STOP_TIMEOUT and still runs", async () => {
  await using server = await startTestServer({ major: 18 });
  await using client = await server.connect();
  await assert.rejects(
    stopServerOf(server.dataDirectory, { mode: "smart", signal, timeoutMs: 200 }),
    { code: "PG_STOP_TIMEOUT" },
  );
  assert.equal((await client.query("SELECT 1")).rowCount, 1);
});
