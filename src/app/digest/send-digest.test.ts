/** The day's digest from its hour to the channels, with a memory on a real disk and time by hand. The repository is away: it goes out all the same. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { configureFailpoints } from "../../core/failpoint.ts";
import { parseEventContent } from "../../ledger/event-kinds.ts";
import type { Moment } from "../../watch/moment.ts";
import type { ChannelName, Notifier, OutgoingMessage } from "../../watch/notifier.ts";
import { compose } from "../compose.ts";
import type { Environment } from "../environment.ts";
import { createRepository } from "../create-repository.ts";
import { deliverDue } from "../watch/deliver.ts";
import { openWatch } from "../watch/watch-setup.ts";
import { queueDigest } from "./send-digest.ts";

const { signal } = new AbortController();
const adapters = compose();
const HOUR = 3_600_000;
const effects = {
  kill: (): never => {
    throw new Error("killed");
  },
};

async function environmentAt(
  context: TestContext,
  settings: Readonly<Record<string, string>> = { PRA_DIGEST_AT: "08:00" },
): Promise<Environment> {
  const directory = await mkdtemp(join(tmpdir(), "pra-digest-"));
  context.after(() => rm(directory, { recursive: true }));
  const state = { PRA_STATE_DIR: join(directory, "state"), PG_HOST: directory };
  return environmentIn(directory, { ...state, ...settings });
}

/** Each day's 08:00 by this machine's clock. */
function eight(day: number): number {
  return new Date(2026, 10, day, 8, 0, 0).getTime();
}

function site(environment: Environment, beganMs: number) {
  const taken: OutgoingMessage[] = [];
  const away = { slack: false };
  const others: string[] = [];
  let wallMs = beganMs;
  const channel = (name: ChannelName, recipient = `${name}.invalid`): Notifier => ({
    channel: name,
    recipient,
    preview: () => "",
    deliver: (message) => {
      if (name === "slack" && away.slack) {
        return Promise.resolve({ state: "later", said: "503", afterMs: undefined });
      }
      taken.push(message);
      return Promise.resolve({ state: "accepted", said: "ok" });
    },
  });
  const options = {
    signal,
    notifiersOf: () => [
      ...(["email", "slack", "sms", "webhook"] as const).map((name) => channel(name)),
      ...others.map((recipient) => channel("slack", recipient)),
    ],
    moment: (): Moment => ({ wallMs, uptimeMs: wallMs - beganMs, bootId: "one" }),
  };
  return {
    taken,
    away,
    others,
    options,
    at: async (ms: number): Promise<boolean> => {
      wallMs = ms;
      const queued = await queueDigest(adapters, environment, options);
      await deliverDue(adapters, environment, { ...options, lifeMs: 0 });
      return queued;
    },
  };
}

test("R23 R24 the digest goes out at its hour by mail and Slack alone, once, though two watch, and not before the first hour", async (context) => {
  const environment = await environmentAt(context);
  const { taken, at, options } = site(environment, eight(22) + 6 * HOUR);
  assert.equal(await at(eight(22) + 6 * HOUR), false);
  assert.equal(await at(eight(23) - 60_000), false);
  const both = await Promise.all([at(eight(23) + 60_000), at(eight(23) + 60_000)]);
  assert.equal(both.filter(Boolean).length, 1);
  assert.equal(await at(eight(23) + 5 * 60_000), false);
  const routes = taken.map(({ kind, headline }) => `${kind} ${headline}`);
  assert.equal(taken.length, 2, routes.join("\n"));
  assert.ok(taken.every(({ kind, sections }) => kind === "daily" && sections !== undefined));
  assert.match(taken[0]?.headline ?? "", /^PRA main: \d+ things asked of you \(daily digest\)$/);
  const lines = taken[0]?.sections?.flatMap((part) => part.lines) ?? [];
  assert.ok(
    lines.some((line) => line.startsWith("The ledger could not be read: ")),
    lines.join("\n"),
  );
  assert.ok(!lines.some((line) => /late/.test(line)));
  const { memory } = await openWatch(adapters, environment, options);
  const { events } = await memory.read(options);
  const delivered = events.flatMap(
    ({ kind, data }) => parseEventContent({ kind, version: 1, data }) ?? [],
  );
  assert.deepEqual(
    delivered.map(({ kind, data }) => [kind, "what" in data ? data.what : ""]),
    [
      ["messageDelivered", "daily"],
      ["messageDelivered", "daily"],
    ],
  );
});

test("R24 a digest whose hour passed while nobody watched goes out late, once, and says so", async (context) => {
  const environment = await environmentAt(context, { PRA_DIGEST_AT: "08:00", PRA_LANG: "fr" });
  const { taken, at } = site(environment, eight(22) + HOUR);
  await at(eight(22) + HOUR);
  assert.equal(await at(eight(24) + 6 * HOUR), true);
  assert.equal(await at(eight(24) + 6.5 * HOUR), false);
  const [mail] = taken;
  assert.equal(mail?.language, "fr");
  const lines = mail?.sections?.flatMap((part) => part.lines) ?? [];
  assert.ok(
    lines.includes(
      "Ce résumé était dû le 2026-11-24 08:00 et part avec 6 h 00 min de retard : personne ne surveillait ici à ce moment.",
    ),
    lines.join("\n"),
  );
  assert.ok(lines.includes("Du 2026-11-22 09:00 au 2026-11-24 14:00"), lines.join("\n"));
});

test("R21 R24 a digest that Slack did not take while it was away arrives when it is back, once, and is no reason to make another", async (context) => {
  const environment = await environmentAt(context);
  const { taken, away, at } = site(environment, eight(22) + HOUR);
  await at(eight(22) + HOUR);
  away.slack = true;
  assert.equal(await at(eight(23)), true);
  assert.equal(taken.length, 1);
  away.slack = false;
  for (const hours of [1, 2, 3]) {
    assert.equal(await at(eight(23) + hours * HOUR), false);
  }
  const digests = taken.filter(({ kind }) => kind === "daily");
  assert.equal(digests.length, 2);
  assert.deepEqual(digests[0]?.sections, digests[1]?.sections);
});

test("R24 of two hosts that watch one cluster one sends the day's digest; what is to be told to other readers goes to them; one that died takes none along", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "pra-digest-"));
  context.after(() => rm(directory, { recursive: true }));
  const hostOf = (name: string): Environment =>
    environmentIn(directory, {
      BACKUP_DIR: join(directory, "repository"),
      PRA_KEY_FILE: join(directory, "key"),
      PRA_STATE_DIR: join(directory, name),
      PG_HOST: directory,
      PRA_DIGEST_AT: "08:00",
    });
  await createRepository(adapters, hostOf("a"), {
    signal,
    encryption: "on",
    recoveryKey: "write",
  });
  const [a, b] = ["a", "b"].map((name) => site(hostOf(name), eight(22) + HOUR));
  assert.ok(a !== undefined && b !== undefined);
  const at = (ms: number): Promise<readonly boolean[]> => Promise.all([a.at(ms), b.at(ms)]);
  await at(eight(22) + HOUR);
  const routesTold = (): readonly string[] =>
    [...a.taken, ...b.taken].map(({ kind, headline }) => `${kind} ${headline}`);
  await at(eight(23));
  await at(eight(23) + 60_000);
  assert.equal(routesTold().length, 2, routesTold().join("\n"));
  // Killed when it had claimed the day and not yet queued anything: it sends when it is there again, and nobody else meanwhile.
  configureFailpoints({ failpoints: "watch.digest-claimed:kill", effects });
  await assert.rejects(a.at(eight(24)), /killed/);
  configureFailpoints({ effects });
  assert.equal(await b.at(eight(24) + 60_000), false);
  assert.equal(routesTold().length, 2);
  assert.equal(await a.at(eight(24) + HOUR), true);
  assert.equal(routesTold().length, 4);
  // Where one has readers of its own, they are told by it.
  b.others.push("slack.example");
  await at(eight(25));
  assert.equal(routesTold().length, 7);
});

test("R24 without PRA_DIGEST_AT and outside the first week no digest goes out", async (context) => {
  const environment = await environmentAt(context, {});
  const { taken, at } = site(environment, eight(22));
  for (const day of [22, 23, 24]) {
    assert.equal(await at(eight(day) + 60_000), false);
  }
  assert.equal(taken.length, 0);
});
