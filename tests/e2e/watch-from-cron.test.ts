/**
 * Watching with nothing but `status.sh` every so often, as cron runs it: a killed server is told on every channel, its return as well, each
 * once; what a channel did not take while it was down arrives when it is back; and a look that meets something hanging still ends at once.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type TestContext, test } from "node:test";
import { CommandLine } from "../support/command-line.ts";
import { HttpReceiver, type ReceiverAnswer } from "../support/http-receiver.ts";
import { MailRelay } from "../support/mail-relay.ts";
import { type TestServer, startTestServer } from "../support/test-server.ts";

type Site = {
  readonly server: TestServer;
  readonly pra: CommandLine;
  readonly relay: MailRelay;
  readonly slack: HttpReceiver;
  readonly sms: HttpReceiver;
  readonly variables: Readonly<Record<string, string>>;
  readonly behave: { slack: ReceiverAnswer };
};

async function siteOf(context: TestContext): Promise<Site> {
  const server = await startTestServer({ major: 18 });
  const pra = await CommandLine.initialised(server);
  const relay = await MailRelay.start({ noStartTls: true });
  const behave: { slack: ReceiverAnswer } = { slack: { status: 200, body: "ok" } };
  const slack = await HttpReceiver.start(() => behave.slack);
  const sms = await HttpReceiver.start(() => ({ status: 200 }));
  context.after(async () => {
    await pra[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
    await slack[Symbol.asyncDispose]();
    await sms[Symbol.asyncDispose]();
  });
  const variables = {
    LANG: "fr_FR.UTF-8",
    ALERT_EMAIL: "astreinte@example.org",
    PRA_SMTP_URL: `smtp://127.0.0.1:${relay.port}?tls=none`,
    SLACK_WEBHOOK: `${slack.origin}/services/T0/B0/hunter2`,
    ALERT_SMS: "+33612345678",
    PRA_SMS_GATEWAY: "http",
    PRA_SMS_URL: `${sms.origin}/send?to={to}&text={text}`,
  };
  return { server, pra, relay, slack, sms, variables, behave };
}

/** Waits until `seen` holds; looks on as cron would, every so often. */
async function until(what: string, seen: () => boolean): Promise<void> {
  for (let tries = 0; !seen(); tries += 1) {
    assert.ok(tries < 300, `waited for ${what}`);
    await pause(100);
  }
}

test("R21 S90-S92 from status.sh alone: a killed server is told by mail, Slack and SMS, once; its return too, and how long it lasted", async (context) => {
  const { server, pra, relay, slack, sms, variables } = await siteOf(context);
  assert.equal((await pra.run("backup --full")).code, 0);
  await pra.run("status", variables);
  const before = { mails: relay.received.length, slack: slack.received.length };
  await server.kill();
  const down = await pra.run("status", variables);
  assert.equal(down.code, 4);
  const tells = (pattern: RegExp): (() => boolean) => {
    const mailed = (): boolean =>
      relay.received.slice(before.mails).some(({ mail }) => pattern.test(mail.subject ?? ""));
    return () =>
      mailed() &&
      slack.received.slice(before.slack).some(({ body }) => pattern.test(body)) &&
      sms.received.some(({ path }) => pattern.test(decodeURIComponent(path)));
  };
  await until("the alert on three channels", tells(/serveur injoignable/));
  for (let looks = 0; looks < 3; looks += 1) {
    await pra.run("status", variables);
  }
  await server.start();
  let up = await pra.run("status", variables);
  assert.match(up.out, /✓ serveur +répond/);
  await until("the resolution on three channels", tells(/r[ée]solu/));
  up = await pra.run("status", variables);
  await pause(1500);
  const subjects = relay.received
    .map(({ mail }) => mail.subject ?? "")
    .filter((subject) => /serveur/.test(subject));
  assert.equal(subjects.length, 2, subjects.join("\n"));
  const [alert, resolution] = relay.received.filter(({ mail }) =>
    /serveur/.test(mail.subject ?? ""),
  );
  assert.equal(resolution?.mail.inReplyTo, alert?.mail.messageId);
  assert.match(resolution?.mail.text ?? "", /répond sur/);
  const told = [...relay.received.map(({ raw }) => raw), ...slack.received.map(({ body }) => body)];
  assert.ok(!told.join("\n").includes("hunter2"), "L54: no secret is told");
});

test("R21 what Slack did not take while it was down arrives when it is back, in order and once", async (context) => {
  const { server, pra, slack, relay, variables, behave } = await siteOf(context);
  assert.equal((await pra.run("backup --full")).code, 0);
  await pra.run("status", variables);
  behave.slack = { status: 503 };
  await server.kill();
  await pra.run("status", variables);
  await until("the mail", () =>
    relay.received.some(({ mail }) => /serveur injoignable/.test(mail.subject ?? "")),
  );
  await until("an attempt", () => slack.received.some(({ body }) => /injoignable/.test(body)));
  const refused = slack.received.length;
  behave.slack = { status: 200, body: "ok" };
  await until("the message", () => {
    const later = slack.received.slice(refused).map(({ body }) => body);
    return later.filter((body) => /injoignable/.test(body)).length === 1;
  });
});

test("R4 R21 status ends at once while the mail relay hangs, and the other channels are told meanwhile", async (context) => {
  const { server, pra, slack, variables } = await siteOf(context);
  const hung = createServer((socket) => {
    context.after(() => socket.destroy());
  });
  hung.listen(0, "127.0.0.1");
  await once(hung, "listening");
  context.after(() => {
    hung.close();
  });
  const { port } = hung.address() as AddressInfo;
  const hanging = {
    ...variables,
    PRA_STATUS_TIMEOUT_MS: "1500",
    PRA_SMTP_URL: `smtp://127.0.0.1:${port}?tls=none`,
  };
  await pra.run("status", variables);
  await server.kill();
  const timesMs: number[] = [];
  for (let looks = 0; looks < 3; looks += 1) {
    const began = performance.now();
    await pra.run("status", hanging);
    timesMs.push(performance.now() - began);
  }
  await until("Slack", () => slack.received.some(({ body }) => /injoignable/.test(body)));
  assert.ok(Math.min(...timesMs) < 2000, timesMs.join(" "));
});
