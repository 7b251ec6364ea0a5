/**
 * Watching with nothing but `status.sh` every so often, as cron runs it: a killed server is told on every channel, its return as well, each
 * once; what a channel did not take while it was down arrives when it is back; and a look that meets something hanging still ends at once.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { WatchedSite } from "../support/watched-site.ts";

const FRENCH = { LANG: "fr_FR.UTF-8" };

/** Waits until `seen` holds; looks on as cron would, every so often. */
async function until(what: string, seen: () => boolean): Promise<void> {
  for (let tries = 0; !seen(); tries += 1) {
    assert.ok(tries < 300, `waited for ${what}`);
    await pause(100);
  }
}

test("R21 S90-S92 from status.sh alone: a killed server is told by mail, Slack and SMS, once; its return too, and how long it lasted", async (context) => {
  const site = await WatchedSite.open(context);
  const { server, pra, relay } = site;
  const variables = { ...site.variables, ...FRENCH };
  assert.equal((await pra.run("backup --full")).code, 0);
  await pra.run("status", variables);
  await server.kill();
  const down = await pra.run("status", variables);
  assert.equal(down.code, 4);
  await site.untilTold(/serveur injoignable/);
  for (let looks = 0; looks < 3; looks += 1) {
    await pra.run("status", variables);
  }
  await server.start();
  let up = await pra.run("status", variables);
  assert.match(up.out, /✓ serveur +répond/);
  await site.untilTold(/r[ée]solu après[^\n]*serveur injoignable/);
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
  site.assertNoSecretTold();
});

test("R21 what Slack did not take while it was down arrives when it is back, in order and once", async (context) => {
  const site = await WatchedSite.open(context);
  const { server, pra, slack, relay } = site;
  const variables = { ...site.variables, ...FRENCH };
  assert.equal((await pra.run("backup --full")).code, 0);
  await pra.run("status", variables);
  site.slackAnswers = { status: 503 };
  await server.kill();
  await pra.run("status", variables);
  await until("the mail", () =>
    relay.received.some(({ mail }) => /serveur injoignable/.test(mail.subject ?? "")),
  );
  await until("an attempt", () => slack.received.some(({ body }) => /injoignable/.test(body)));
  const refused = slack.received.length;
  site.slackAnswers = { status: 200, body: "ok" };
  await until("the message", () => {
    const later = slack.received.slice(refused).map(({ body }) => body);
    return later.filter((body) => /injoignable/.test(body)).length === 1;
  });
});

test("R4 R21 status ends at once while the mail relay hangs, and the other channels are told meanwhile", async (context) => {
  const site = await WatchedSite.open(context);
  const { server, pra, slack } = site;
  const variables = { ...site.variables, ...FRENCH };
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
