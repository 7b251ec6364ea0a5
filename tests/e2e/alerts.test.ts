/** Alerts with real processes, a real receiver and SIGKILL; `tests/long` plays fifty sequences. */
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { compose } from "../../src/app/compose.ts";
import { environmentIn } from "../support/environment-in.ts";
import { recordLook } from "../../src/app/watch/record-look.ts";
import { lookAndDeliver, playSequence } from "../support/alert-sequences.ts";
import { type Answer, CommandLine } from "../support/command-line.ts";
import { HttpReceiver } from "../support/http-receiver.ts";
import { MailRelay } from "../support/mail-relay.ts";

test("R21 L53 looks and deliveries killed at any step lose no alert, tell its end, and repeat only what nobody can know", async () => {
  let kills = 0;
  for (let seed = 1; seed <= 3; seed += 1) {
    const report = await playSequence(seed);
    kills += report.kills;
  }
  assert.ok(kills >= 3, `${kills} kills`);
});

/** A look as `pra status` makes it, found as a test says; `channels`: the webhook's address, or all settings of channels. */
async function look(
  pra: CommandLine,
  channels: string | Readonly<Record<string, string>>,
  health: "ill" | "well",
): Promise<void> {
  const variables = typeof channels === "string" ? { PRA_WEBHOOK_URL: channels } : channels;
  const environment = environmentIn(pra.directory, {
    PRA_STATE_DIR: join(pra.directory, "state"),
    ...variables,
  });
  const words = { summary: `the server is ${health}`, hint: "pra check" };
  const seen = { rule: "server", subject: "", health, words: { en: words, fr: words } };
  const { signal } = new AbortController();
  await recordLook(compose(), environment, [seen], { signal });
}

test("R21 S89 an alert is listed, taken by name, handed over beside the command, and recorded in the ledger", async () => {
  await using receiver = await HttpReceiver.start();
  await using pra = await CommandLine.create();
  const webhook = `${receiver.origin}/hook`;
  const run = (...words: readonly string[]): Promise<Answer> =>
    pra.run(words.join(" "), { PRA_WEBHOOK_URL: webhook });
  await pra.run("init");
  const empty = await run("alert", "list");
  assert.deepEqual([empty.code, empty.out], [0, "No alert is open ✓\n"]);
  await look(pra, webhook, "ill");
  const listed = await run("alert", "list", "--lang", "fr");
  assert.equal(listed.code, 4);
  assert.match(
    listed.out,
    /✗ main\.server\.1-\w{4} {2}critique\n.*ouverte, personne ne s'en occupe/,
  );
  const taken = await run("alert", "ack", "server", "--reason", "restarting", "--by", "Anna");
  assert.equal(taken.code, 0);
  assert.match(taken.out, /^Anna has main\.server\.1-/);
  for (let waited = 0; receiver.received.length < 2 && waited < 300; waited += 1) {
    await setTimeout(100);
  }
  const told = receiver.received.map(
    ({ body }) => (JSON.parse(body) as { headline: string }).headline,
  );
  assert.match(told[0] ?? "", /^PRA main: server unreachable since /);
  assert.equal(told[1], "PRA main: Anna has taken it: server unreachable");
  await look(pra, webhook, "well");
  const done = await run("alert", "deliver", "--json");
  const report = JSON.parse(done.out) as { readonly eventsWaiting: number; readonly ledger: null };
  assert.deepEqual([done.code, report.eventsWaiting, report.ledger], [0, 0, null]);
  assert.equal(receiver.received.length, 3);
  assert.deepEqual((await run("alert", "list")).code, 0);
});

test("R21 what is typed wrong is refused in the reader's language, with what would fit", async () => {
  await using pra = await CommandLine.create();
  const cases: readonly (readonly [string, RegExp])[] = [
    ["alert ack nothing --reason x", /no open alert is called "nothing"/],
    ["alert ack nothing --reason x --lang fr", /aucune alerte ouverte ne s'appelle « nothing »/],
    ["alert silence nope --until 2h --reason x", /"nope" is neither a rule nor all/],
    ["alert silence server --until soon --reason x", /"soon" is no end within the next 31 days/],
    ["alert silence server --until 2h", /--reason/],
    ["alert unsilence all", /there is no silence "all" to end/],
    ["maintenance start --reason x", /--until/],
    ["maintenance end --lang fr", /il n'y a pas de maintenance « all » à terminer/],
  ];
  for (const [words, said] of cases) {
    const { code, err } = await pra.run(words);
    assert.equal(code, 2, words);
    assert.match(err, said, words);
  }
  const begun = await pra.run("maintenance start --until 30m --reason upgrade --json");
  assert.equal((JSON.parse(begun.out) as { kind: string }).kind, "maintenance");
  const shown = await pra.run("maintenance list");
  assert.match(shown.out, /^every rule until .*: upgrade \(\w{6}\)\n$/);
});

/** The process that hands over, by the lock that names it; undefined when there is none. */
async function deliveringPid(pra: CommandLine): Promise<number | undefined> {
  const directory = join(pra.directory, "state", "watch", "main", "delivery");
  const names = await readdir(directory).catch(() => []);
  const pid = /^\.pra-lock\.\w+-\w+-\w+-(\d+)-/.exec(names.find((name) => name !== "") ?? "")?.[1];
  return pid === undefined ? undefined : Number(pid);
}

test("R21 a command ends at once while a channel hangs; the process beside it has its own session, and its death loses nothing", async () => {
  let hangs = true;
  await using receiver = await HttpReceiver.start(() => (hangs ? "hang" : { status: 200 }));
  await using pra = await CommandLine.create();
  const webhook = `${receiver.origin}/hook`;
  await look(pra, webhook, "ill");
  const began = performance.now();
  const acknowledged = await pra.run("alert ack server --reason mine --by Anna", {
    PRA_WEBHOOK_URL: webhook,
  });
  const tookMs = performance.now() - began;
  assert.equal(acknowledged.code, 0);
  let pid: number | undefined;
  for (let waited = 0; pid === undefined || receiver.received.length === 0; waited += 1) {
    assert.ok(waited < 300, "nobody hands over");
    await setTimeout(100);
    pid = await deliveringPid(pra);
  }
  // The attempt alone would have taken half a minute.
  assert.ok(tookMs < 15_000, `${tookMs} ms`);
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [, , session] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(1);
  assert.equal(Number(session), pid, "a session of its own");
  const busy = await pra.run("alert deliver --json", { PRA_WEBHOOK_URL: webhook });
  assert.equal((JSON.parse(busy.out) as { state: string }).state, "busy");
  process.kill(pid, "SIGKILL");
  hangs = false;
  const ids = new Set(receiver.received.map(({ body }) => (JSON.parse(body) as { id: string }).id));
  const done = await pra.run("alert deliver --json", { PRA_WEBHOOK_URL: webhook });
  const report = JSON.parse(done.out) as { state: string; accepted: number; waiting: number };
  assert.deepEqual([report.state, report.accepted, report.waiting], ["done", 2, 0]);
  // The message that hung is the first that came again, under the same id.
  assert.ok(ids.has((JSON.parse(receiver.received[1]?.body ?? "{}") as { id: string }).id));
});

test("L53 R21 killed at each step of looking and delivering, the next one tells what was found, and tells it once unless it was taken", async () => {
  const steps = ["watch.save", "watch.saved", "watch.locked", "watch.deliver", "watch.accepted"];
  for (const step of steps) {
    await using receiver = await HttpReceiver.start();
    await using pra = await CommandLine.create();
    const options = { webhook: `${receiver.origin}/hook`, shiftMs: 0, found: ["server=ill"] };
    const failpoint = `${step}:kill:1`;
    assert.equal(await lookAndDeliver(pra.directory, { ...options, failpoint }), false, step);
    assert.equal(await lookAndDeliver(pra.directory, { ...options, failpoint: undefined }), true);
    const ids = receiver.received.map(({ body }) => (JSON.parse(body) as { id: string }).id);
    assert.equal(new Set(ids).size, 1, step);
    assert.equal(ids.length, step === "watch.accepted" ? 2 : 1, step);
  }
});

test("L53 R21 a delivery that dies when the ledger has its events records them again, and loses none", async () => {
  await using receiver = await HttpReceiver.start();
  await using pra = await CommandLine.create();
  await pra.run("init");
  const webhook = `${receiver.origin}/hook`;
  await look(pra, webhook, "ill");
  const variables = { PRA_WEBHOOK_URL: webhook };
  const dead = await pra.run("alert deliver", {
    ...variables,
    PRA_FAILPOINT: "watch.recorded:kill:1",
  });
  assert.notEqual(dead.code, 0);
  const waiting = async (): Promise<number> => {
    const { out } = await pra.run("alert list --json", variables);
    return (JSON.parse(out) as { readonly eventsWaiting: number }).eventsWaiting;
  };
  assert.equal(await waiting(), 2, "opened, delivered");
  const done = await pra.run("alert deliver", variables);
  assert.equal(done.code, 0, done.err);
  assert.equal(await waiting(), 0);
  assert.equal(receiver.received.length, 1);
});

test("L53 R21 killed at each step of a channel, the next delivery tells it, and tells twice only what had been taken", async (context) => {
  const relay = await MailRelay.start({ noStartTls: true });
  const hook = await HttpReceiver.start();
  context.after(async () => {
    await relay[Symbol.asyncDispose]();
    await hook[Symbol.asyncDispose]();
  });
  for (const [step, taken] of [
    ["channels.http-call", 1],
    ["channels.http-answered", 2],
    ["channels.smtp-connect", 1],
    ["channels.smtp-accepted", 2],
    ["channels.command-start", 1],
  ] as const) {
    await using pra = await CommandLine.create();
    const [program, told] = [join(pra.directory, "tell"), join(pra.directory, "told")];
    await writeFile(program, `#!/bin/sh\ncat >/dev/null; echo told >>${told}\n`, { mode: 0o755 });
    const channel = step.replace(/^channels\.(\w+)-.*$/, "$1");
    const before = { mails: relay.received.length, calls: hook.received.length };
    const variables: Readonly<Record<string, string>> =
      channel === "http"
        ? { PRA_WEBHOOK_URL: `${hook.origin}/hook` }
        : channel === "smtp"
          ? {
              ALERT_EMAIL: "a@example.org",
              PRA_SMTP_URL: `smtp://127.0.0.1:${relay.port}?tls=none`,
            }
          : { PRA_ALERT_COMMAND: program };
    await look(pra, variables, "ill");
    const killed = { ...variables, PRA_FAILPOINT: `${step}:kill:1` };
    const { child, answer } = pra.start("alert deliver", killed);
    await answer;
    assert.equal(child.signalCode, "SIGKILL", step);
    const done = await pra.run("alert deliver", variables);
    assert.equal(done.code, 0, `${step}: ${done.err}`);
    const messages =
      channel === "http"
        ? hook.received.slice(before.calls).map(({ body }) => body)
        : channel === "smtp"
          ? relay.received.slice(before.mails).map(({ mail }) => mail.messageId ?? "")
          : (await readFile(told, "utf8")).trim().split("\n");
    assert.equal(messages.length, taken, step);
    assert.equal(new Set(messages.map((text) => text.replace(/"at":"[^"]*"/, ""))).size, 1, step);
  }
});
