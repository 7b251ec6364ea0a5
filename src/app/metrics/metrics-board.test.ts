/** The daemon's board over real HTTP: what is answered before and after looks, where it is served, and that nobody can hold it up. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { isDrError } from "../../core/errors.ts";
import { metricsConnectionsMax, metricsStuckMs } from "../../core/look-limits.ts";
import { sampleEnvironment, sampleLook } from "../../../tests/support/sample-look.ts";
import { freePort } from "../../../tests/support/test-server.ts";
import { listenAddressOf } from "./listen-address.ts";
import { MetricsBoard } from "./metrics-board.ts";

type Answer = { readonly status: number; readonly type: string; readonly body: string };

function listening(port: number): Readonly<Record<string, string>> {
  return { PRA_METRICS_LISTEN: `127.0.0.1:${port}` };
}

async function ask(
  port: number,
  path: string,
  options: { readonly method?: string; readonly accept?: string } = {},
): Promise<Answer> {
  const { method = "GET", accept } = options;
  const headers = accept === undefined ? {} : { accept };
  const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let body = "";
  for await (const part of response.setEncoding("utf8")) {
    body += String(part);
  }
  return { status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", body };
}

class Site {
  readonly clock = new ManualClock();
  readonly events: string[] = [];
  readonly board: MetricsBoard;
  readonly #controller = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor(variables: Readonly<Record<string, string>>) {
    this.board = new MetricsBoard(sampleEnvironment(variables), {
      clock: this.clock,
      log: (_level, event, fields = {}) => {
        this.events.push(`${event} ${Object.values(fields).join(" ")}`);
        this.#waiting.forEach((look) => {
          look();
        });
      },
    });
  }

  serve(context: TestContext): Promise<void> {
    const serving = this.board.serve({ signal: this.#controller.signal });
    context.after(async () => {
      this.end();
      await serving.catch(() => undefined);
    });
    return serving;
  }

  end(): void {
    this.#controller.abort();
  }

  async until(count: number): Promise<void> {
    while (this.events.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }
}

test("R20 before the first look nothing is told as known; afterwards metrics are, with the age of the look", async (context) => {
  const port = await freePort();
  const site = new Site(listening(port));
  void site.serve(context);
  await site.until(1);
  assert.equal((await ask(port, "/metrics")).status, 503);
  assert.equal((await ask(port, "/healthz")).status, 503);
  site.board.publish(sampleEnvironment(listening(port)), "everything", sampleLook());
  const plain = await ask(port, "/metrics?x=1");
  assert.equal(plain.status, 200);
  assert.equal(plain.type, "text/plain; version=0.0.4; charset=utf-8");
  assert.match(plain.body, /\npra_wal_gaps\{cluster="akig"\} 0\n/);
  assert.match(plain.body, /\nprocess_resident_memory_bytes \d+\n/);
  const open = await ask(port, "/metrics", { accept: "application/openmetrics-text" });
  assert.match(open.type, /^application\/openmetrics-text; version=1\.0\.0/);
  assert.match(open.body, /\n# EOF\n$/);
  assert.match((await ask(port, "/healthz")).body, /^the last look ended 0 ms ago\n$/);
  site.clock.advance(metricsStuckMs + 1);
  assert.deepEqual(await ask(port, "/healthz"), {
    status: 503,
    type: "text/plain; charset=utf-8",
    body: "the last look ended 2 min 15 s ago\n",
  });
  assert.equal(
    (await ask(port, "/metrics")).status,
    200,
    "the last look is told still, with its age",
  );
});

test("R20 only GET and HEAD of what there is", async (context) => {
  const port = await freePort();
  const site = new Site(listening(port));
  void site.serve(context);
  await site.until(1);
  assert.equal((await ask(port, "/metrics", { method: "POST" })).status, 405);
  assert.equal((await ask(port, "/../etc/passwd")).status, 404);
  assert.equal((await ask(port, "/")).status, 200);
  const head = await ask(port, "/healthz", { method: "HEAD" });
  assert.deepEqual([head.status, head.body], [503, ""]);
});

test("R20 who holds connections open is dropped, and the end does not wait for them", async (context) => {
  const port = await freePort();
  const site = new Site(listening(port));
  const serving = site.serve(context);
  await site.until(1);
  const held = Array.from({ length: metricsConnectionsMax }, () => connect(port, "127.0.0.1"));
  await Promise.all(held.map((socket) => once(socket, "connect")));
  const more = connect(port, "127.0.0.1");
  more.on("error", () => undefined);
  await once(more, "close");
  held[0]?.on("error", () => undefined).destroy();
  held.forEach((socket) => socket.on("error", () => undefined));
  site.end();
  await serving;
});

test("R20 an address that is taken is told, and a change of the configuration moves where metrics are served", async (context) => {
  const [first, second] = [await freePort(), await freePort()];
  const taken = createServer().listen(first, "127.0.0.1");
  await once(taken, "listening");
  const site = new Site(listening(first));
  await assert.rejects(site.serve(context), (error) => isDrError(error, "WATCH_METRICS_LISTEN"));
  taken.close();
  await once(taken, "close");
  void site.serve(context);
  await site.until(1);
  site.board.publish(sampleEnvironment(listening(second)), "everything", sampleLook());
  await site.until(2);
  assert.equal((await ask(second, "/metrics")).status, 200);
  await assert.rejects(ask(first, "/metrics"), { code: "ECONNREFUSED" });
  site.board.publish(sampleEnvironment(), "everything", sampleLook());
  for (;;) {
    try {
      await ask(second, "/healthz");
    } catch {
      break;
    }
  }
  assert.deepEqual(site.events, [
    `metrics-served 127.0.0.1:${first}`,
    `metrics-served 127.0.0.1:${second}`,
  ]);
});

test("R20 nothing is served unless asked for, and to other machines only when that is said", () => {
  const of = (variables: Readonly<Record<string, string>>): unknown =>
    listenAddressOf(sampleEnvironment(variables));
  assert.equal(of({}), undefined);
  for (const [typed, host] of [
    ["127.0.0.1:19187", "127.0.0.1"],
    ["127.8.8.8:19187", "127.8.8.8"],
    ["[::1]:19187", "::1"],
    ["localhost:19187", "localhost"],
  ] as const) {
    assert.deepEqual(of({ PRA_METRICS_LISTEN: typed }), { host, port: 19187 });
  }
  for (const typed of ["0.0.0.0:19187", "[::]:19187", "192.0.2.7:19187"]) {
    assert.throws(
      () => of({ PRA_METRICS_LISTEN: typed }),
      (error) => isDrError(error, "CONFIG_METRICS_NOT_LOCAL"),
    );
    assert.ok(of({ PRA_METRICS_LISTEN: typed, PRA_METRICS_OPEN: "yes" }) !== undefined);
  }
  for (const typed of ["19187", ":19187", "127.0.0.1", "db.example.org:80", "127.0.0.1:70000"]) {
    assert.throws(
      () => sampleEnvironment({ PRA_METRICS_LISTEN: typed }),
      (error) => isDrError(error, "CONFIG_LISTEN_ADDRESS"),
    );
  }
});
