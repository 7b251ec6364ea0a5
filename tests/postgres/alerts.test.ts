/** A real server that dies and comes back, looked at as `pra status` looks, told to a real receiver. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { compose } from "../../src/app/compose.ts";
import { environmentIn } from "../support/environment-in.ts";
import { observationsOf } from "../../src/app/look/observations.ts";
import { runLook } from "../../src/app/look/run-look.ts";
import { deliverDue } from "../../src/app/watch/deliver.ts";
import { type LookRecord, recordLook } from "../../src/app/watch/record-look.ts";
import { type Moment, readMoment } from "../../src/watch/moment.ts";
import { CommandLine } from "../support/command-line.ts";
import { HttpReceiver } from "../support/http-receiver.ts";
import { startTestServer } from "../support/test-server.ts";

type Told = {
  readonly kind: string;
  readonly headline: string;
  readonly alerts: readonly { readonly rule: string; readonly consequence: string }[];
};

test("R20 R21 S90 S91 S92 a server that is killed is told at the next look, alone, and its return with how long it lasted", async () => {
  await using receiver = await HttpReceiver.start();
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  const backup = await pra.run("backup --full");
  assert.equal(backup.code, 0, backup.err);
  const environment = environmentIn(pra.directory, {
    BACKUP_DIR: pra.repository,
    PRA_KEY_FILE: pra.keyFile,
    PRA_STATE_DIR: join(pra.directory, "state"),
    PRA_WEBHOOK_URL: `${receiver.origin}/hook`,
    PG_HOST: server.socketDirectory,
    PG_PORT: String(server.port),
    PG_USER: "postgres",
    MIN_FREE_GB: "0",
    PRA_STATUS_TIMEOUT_MS: "20000",
  });
  const adapters = compose();
  const { signal } = new AbortController();
  let shiftMs = 0;
  const moment = (): Moment => {
    const { wallMs, uptimeMs, bootId } = readMoment(adapters.clock);
    return { wallMs: wallMs + shiftMs, uptimeMs: uptimeMs + shiftMs, bootId };
  };
  /** As cron does, five minutes later. */
  const look = async (): Promise<LookRecord> => {
    shiftMs += 300_000;
    const { findings } = await runLook(adapters, environment, { signal });
    const record = await recordLook(adapters, environment, observationsOf(findings), {
      signal,
      moment,
    });
    await deliverDue(adapters, environment, { signal, moment, lifeMs: 0 });
    return record;
  };
  const told = (): readonly Told[] => receiver.received.map(({ body }) => JSON.parse(body) as Told);
  for (let minutes = 0; minutes < 20; minutes += 5) {
    await look();
  }
  // What a new installation lacks is told once; from here on only what changes.
  const before = told().length;
  await server.kill();
  await look();
  await look();
  await look();
  const down = told().slice(before);
  assert.deepEqual(
    down.map(({ kind, alerts }) => [kind, ...alerts.map(({ rule }) => rule)]),
    [["opened", "server"]],
  );
  assert.match(down[0]?.headline ?? "", /^PRA main: server unreachable since \d\d:\d\d/);
  await server.start();
  const after = await look();
  const over = told().slice(before + 1);
  assert.equal(over[0]?.kind, "resolved");
  assert.match(
    over[0].headline,
    /^PRA main: resolved after 15 min(?:, nothing lost)?: server unreachable$/,
  );
  assert.ok(!after.open.some(({ rule }) => rule === "server"));
});
