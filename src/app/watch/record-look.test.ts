/** A look, its memory on a real disk, and its delivery. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { configureFailpoints } from "../../core/failpoint.ts";
import type { Moment } from "../../watch/moment.ts";
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "../../watch/notifier.ts";
import type { Observation } from "../../watch/observation.ts";
import { compose } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { deliverDue } from "./deliver.ts";
import { noteChannelsWork } from "./note-channels.ts";
import { type LookRecord, recordLook } from "./record-look.ts";
import { reserveDirectory } from "./watch-setup.ts";

const { signal } = new AbortController();

async function environmentAt(context: TestContext): Promise<Environment> {
  const directory = await mkdtemp(join(tmpdir(), "pra-watch-"));
  context.after(() => rm(directory, { recursive: true }));
  return environmentIn(directory, { PRA_STATE_DIR: join(directory, "state") });
}

function seen(rule: string, health: Observation["health"]): Observation {
  const words = { summary: `${rule} is ${health}`, hint: "" };
  return { rule, subject: "", health, words: { en: words, fr: words } };
}

function channel(
  taken: OutgoingMessage[],
  answer: () => DeliveryOutcome = () => ({ state: "accepted", said: "ok" }),
): Notifier {
  return {
    channel: "webhook",
    recipient: "test.invalid",
    preview: () => "",
    deliver: (message) => {
      const outcome = answer();
      if (outcome.state === "accepted") {
        taken.push(message);
      }
      return Promise.resolve(outcome);
    },
  };
}

/** Time that passes when told. */
class Hands {
  moment: Moment = { wallMs: Date.UTC(2026, 10, 23, 14, 2), uptimeMs: 1e6, bootId: "one" };
  readonly now = (): Moment => this.moment;

  pass(ms: number): void {
    const { wallMs, uptimeMs, bootId } = this.moment;
    this.moment = { wallMs: wallMs + ms, uptimeMs: uptimeMs + ms, bootId };
  }
}

test("R21 a dead server is told at the first look, once, and its return is told with how long it lasted", async (context) => {
  const environment = await environmentAt(context);
  const adapters = compose();
  const taken: OutgoingMessage[] = [];
  const hands = new Hands();
  const options = { signal, notifiersOf: () => [channel(taken)], moment: hands.now };
  for (const health of ["well", "ill", "ill", "ill", "well", "well"] as const) {
    const record = await recordLook(adapters, environment, [seen("server", health)], options);
    assert.equal(record.open.length, health === "ill" ? 1 : 0);
    if (record.due) {
      await deliverDue(adapters, environment, { ...options, lifeMs: 0 });
    }
    hands.pass(300_000);
  }
  assert.deepEqual(
    taken.map(({ kind, headline }) => ({ kind, headline })),
    [
      { kind: "opened", headline: taken[0]?.headline },
      { kind: "resolved", headline: "PRA main: resolved after 15 min: server unreachable" },
    ],
  );
  assert.match(taken[0]?.headline ?? "", /^PRA main: server unreachable since \d\d:\d\d/);
  assert.equal(taken[1]?.inReplyTo, taken[0]?.id);
  assert.equal(taken[1]?.alerts[0]?.resolved?.lastedSeconds, 900);
  const files = await readdir(join(environment.stateDirectory, "watch", "main"));
  assert.equal(files.filter((name) => name.startsWith("watch-")).length, 1);
});

test("L53 R21 where the state directory takes nothing, alerts are remembered in memory, told once, and go back to disk", async (context) => {
  const environment = await environmentAt(context);
  const adapters = compose();
  const taken: OutgoingMessage[] = [];
  const hands = new Hands();
  const options = { signal, notifiersOf: () => [channel(taken)], moment: hands.now };
  const look = async (health: Observation["health"]): Promise<LookRecord> => {
    const record = await recordLook(adapters, environment, [seen("server", health)], options);
    await deliverDue(adapters, environment, { ...options, lifeMs: 0 });
    hands.pass(300_000);
    return record;
  };
  await look("well");
  configureFailpoints({
    failpoints: "files.open-temporary:enospc,files.lock-create:enospc",
    effects: {
      kill: () => {
        throw new Error("not here");
      },
    },
  });
  const reserve = await reserveDirectory(environment);
  context.after(() => rm(reserve ?? "", { recursive: true, force: true }));
  // Everything that is written fails, the reserve too: the failure is told, not swallowed.
  await assert.rejects(look("ill"), { code: "STORE_DISK_FULL" });
  configureFailpoints({ effects: { kill: () => assert.fail() } });
  const watchPath = join(environment.stateDirectory, "watch", "main");
  await rm(watchPath, { recursive: true });
  await writeFile(watchPath, "a file where a directory should be");
  const first = await look("ill");
  assert.deepEqual(
    first.problems.map(({ code }) => code),
    ["STORE_IO"],
  );
  await look("ill");
  assert.equal(taken.length, 1);
  assert.equal(taken[0]?.headline.slice(0, 30), "PRA main: server unreachable s");
  assert.deepEqual(taken[0].alerts.map(({ rule }) => rule).toSorted(), ["memory", "server"]);
  await rm(watchPath);
  const last = await look("well");
  assert.deepEqual(last.problems, []);
  assert.equal(taken[1]?.kind, "resolved");
  assert.equal(taken.length, 2);
  const files = await readdir(watchPath);
  assert.ok(files.some((name) => name.startsWith("watch-")));
});

test("L53 R21 a memory that cannot be read is kept aside, and what is ill is told anew", async (context) => {
  const environment = await environmentAt(context);
  const adapters = compose();
  const taken: OutgoingMessage[] = [];
  const options = { signal, notifiersOf: () => [channel(taken)], moment: new Hands().now };
  await recordLook(adapters, environment, [seen("server", "ill")], options);
  const directory = join(environment.stateDirectory, "watch", "main");
  const [name = ""] = (await readdir(directory)).filter((file) => file.startsWith("watch-"));
  await writeFile(join(directory, name), "{ torn");
  const record = await recordLook(adapters, environment, [seen("server", "ill")], options);
  assert.equal(record.damaged, join(directory, "damaged-00000001.json"));
  assert.equal(await readFile(record.damaged, "utf8"), "{ torn");
  await deliverDue(adapters, environment, { ...options, lifeMs: 0 });
  assert.equal(taken.length, 1);
});

test("R21 a channel that refused and then takes a test by hand is well at once, and the others hear of it", async (context) => {
  const environment = await environmentAt(context);
  const adapters = compose();
  const hands = new Hands();
  let mood: DeliveryOutcome["state"] = "refused";
  const first: OutgoingMessage[] = [];
  const second: OutgoingMessage[] = [];
  const failing = channel(first, () =>
    mood === "refused" ? { state: "refused", said: "410 gone" } : { state: "accepted", said: "ok" },
  );
  const other: Notifier = { ...channel(second), channel: "email", recipient: "a@example.org" };
  const options = { signal, notifiersOf: () => [failing, other], moment: hands.now };
  await recordLook(adapters, environment, [seen("server", "ill")], options);
  await deliverDue(adapters, environment, { ...options, lifeMs: 0 });
  assert.deepEqual(
    second.map(({ headline }) => headline.replace(/ since.*/, "")),
    ["PRA main: server unreachable", "PRA main: an alert channel fails (webhook test.invalid)"],
  );
  mood = "accepted";
  hands.pass(60_000);
  assert.equal(await noteChannelsWork(adapters, environment, [failing], options), true);
  await deliverDue(adapters, environment, { ...options, lifeMs: 0 });
  assert.equal(
    second.at(-1)?.headline,
    "PRA main: resolved after 1 min: an alert channel fails (webhook test.invalid)",
  );
});
