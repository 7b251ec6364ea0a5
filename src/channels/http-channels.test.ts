/** Channels over HTTP against real receivers on loopback. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { HttpReceiver, type ReceiverAnswer } from "../../tests/support/http-receiver.ts";
import {
  sampleAlert,
  sampleMessage,
  sampleResolution,
  sampleTest,
  sampleTools,
} from "../../tests/support/sample-messages.ts";
import { testCertificate } from "../../tests/support/test-certificate.ts";
import type { DeliveryOutcome, Notifier, OutgoingMessage } from "../watch/notifier.ts";
import { callDeadMan } from "./dead-man.ts";
import { PagerDutyNotifier } from "./pagerduty.ts";
import { SlackNotifier, escapeSlack, slackPayload } from "./slack.ts";
import { type SmsGateway, SmsNotifier, maskedNumber } from "./sms.ts";
import { WebhookNotifier, signature } from "./webhook.ts";

const SECRET = "XXSECRETTOKENXX";
const signal = new AbortController().signal;

function slackAt(receiver: HttpReceiver): SlackNotifier {
  return new SlackNotifier(
    new URL(receiver.url(`/services/T0/B0/${SECRET}`)),
    sampleTools([SECRET]),
  );
}

async function answered(
  answer: ReceiverAnswer,
  message: OutgoingMessage = sampleMessage(),
): Promise<DeliveryOutcome> {
  await using receiver = await HttpReceiver.start(() => answer);
  return await slackAt(receiver).deliver(message, { signal });
}

async function jsonOf(receiver: HttpReceiver, index = 0): Promise<Record<string, unknown>> {
  await Promise.resolve();
  return JSON.parse(receiver.received[index]?.body ?? "null") as Record<string, unknown>;
}

test("R10 what Slack answers is told apart: taken, later with its wait, refused with the setting", async () => {
  assert.deepEqual(await answered({ status: 200, body: "ok" }), {
    state: "accepted",
    said: "200 ok",
  });
  assert.deepEqual(
    await answered({ status: 429, headers: { "retry-after": "30" }, body: "rate_limited" }),
    {
      state: "later",
      said: "429 rate_limited",
      afterMs: 30_000,
    },
  );
  assert.deepEqual(await answered({ status: 404, body: "no_service" }), {
    state: "refused",
    said: "404 no_service (see SLACK_WEBHOOK)",
  });
  assert.equal((await answered({ status: 410, body: "channel_is_archived" })).state, "refused");
  assert.deepEqual(await answered({ status: 503 }, sampleMessage("fr")), {
    state: "later",
    said: "503",
    afterMs: undefined,
  });
});

test("R10 Retry-After may be a date, is bounded by an hour, and nonsense is no wait", async () => {
  const inTen = new Date(Date.now() + 10_000).toUTCString();
  const cases = [
    [inTen, 8000, 10_000],
    ["999999", 3_600_000, 3_600_000],
    ["-1", 0, 0],
  ] as const;
  for (const [header, least, most] of cases) {
    const outcome = await answered({ status: 429, headers: { "retry-after": header } });
    assert.ok(outcome.state === "later");
    const { afterMs = 0 } = outcome;
    assert.ok(afterMs >= least && afterMs <= most, `${header}: ${afterMs}`);
  }
});

test("R21 a receiver that hangs, drops, is not there or does not even take the connection is tried later", async () => {
  assert.deepEqual(await answered("hang"), {
    state: "later",
    said: "no answer within 600 ms; whether it was taken is unknown",
    afterMs: undefined,
  });
  assert.match((await answered("drop")).said, /^cannot be reached: (?:ECONNRESET|socket hang up)/);
  const nobody = new SlackNotifier(new URL("http://127.0.0.1:1/x"), sampleTools());
  assert.deepEqual(await nobody.deliver(sampleMessage("fr"), { signal }), {
    state: "later",
    said: "injoignable : ECONNREFUSED",
    afterMs: undefined,
  });
  // Connected, but TLS never comes about.
  await using silent = createServer((socket) =>
    socket.resume().on("error", () => undefined),
  ).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as { port: number };
  const held = new SlackNotifier(new URL(`https://127.0.0.1:${port}/x`), sampleTools());
  assert.equal(
    (await held.deliver(sampleMessage(), { signal })).said,
    "no connection within 400 ms",
  );
  assert.equal(
    (
      await new SlackNotifier(new URL("http://no-such-host.invalid/"), sampleTools()).deliver(
        sampleMessage(),
        { signal },
      )
    ).state,
    "later",
  );
});

test("R21 once the status has come, an answer that drips for ever changes nothing", async () => {
  const outcome = await answered("drip");
  assert.equal(outcome.state, "accepted");
  assert.match(outcome.said, /^200 \.+$/);
});

test("R10 a certificate that nobody signed is refused with the setting to see, and taken with its authority", async () => {
  await using receiver = await HttpReceiver.start(() => ({ status: 200 }), { sealed: true });
  const url = new URL(receiver.url("/x"));
  const refused = await new SlackNotifier(url, sampleTools()).deliver(sampleMessage(), { signal });
  assert.deepEqual(refused, {
    state: "refused",
    said: "its certificate is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT (see SLACK_WEBHOOK)",
  });
  assert.equal(receiver.received.length, 0);
  const tools = sampleTools([], { authority: testCertificate });
  assert.equal(
    (await new SlackNotifier(url, tools).deliver(sampleMessage(), { signal })).state,
    "accepted",
  );
});

test("L54 a redirect is not followed, and neither it nor an answer shows the secret of an address", async () => {
  await using other = await HttpReceiver.start();
  await using receiver = await HttpReceiver.start((_call, before) =>
    before === 0
      ? { status: 307, headers: { location: other.url(`/services/T0/B0/${SECRET}`) } }
      : { status: 400, body: `invalid token ${SECRET}` },
  );
  const notifier = slackAt(receiver);
  const redirected = await notifier.deliver(sampleMessage(), { signal });
  assert.equal(redirected.state, "refused");
  assert.equal(other.received.length, 0);
  const refused = await notifier.deliver(sampleMessage(), { signal });
  const shown = [
    redirected.said,
    refused.said,
    notifier.recipient,
    notifier.preview(sampleMessage()),
  ];
  assert.doesNotMatch(shown.join("\n"), new RegExp(SECRET));
  assert.match(refused.said, /^400 invalid token \*\*\*/);
});

test("R10 an aborted attempt rejects with the signal's reason", async () => {
  await using receiver = await HttpReceiver.start(() => "hang");
  const stop = new AbortController();
  const delivery = slackAt(receiver).deliver(sampleMessage(), { signal: stop.signal });
  setTimeout(() => {
    stop.abort(new Error("enough"));
  }, 100);
  await assert.rejects(delivery, /enough/);
});

test("R10 a message for Slack keeps its limits with 300 alerts of endless texts, and its commands whole", () => {
  const alerts = Array.from({ length: 300 }, (_one, index) =>
    sampleAlert("fr", {
      alertId: `a.${index}`,
      summary: "& <!channel> ".repeat(500),
      consequence: "é".repeat(5000),
      nextStep: "pra `x` & y",
    }),
  );
  const payload = slackPayload(
    sampleMessage("fr", { alerts, alertsLeftOut: 7, headline: "x".repeat(400) }),
  );
  const blocks = payload["blocks"] as {
    readonly type: string;
    readonly text?: { readonly text: string };
  }[];
  assert.equal(blocks.length, 50);
  const texts = blocks.flatMap(({ text }) => (text === undefined ? [] : [text.text]));
  assert.ok(texts.every((text) => text.length <= 3000));
  assert.equal(texts[0]?.length, 150);
  assert.doesNotMatch(texts.join(""), /<!/);
  assert.match(texts[1] ?? "", /À faire : `pra 'x' &amp; y`/);
  assert.match(texts.at(-1) ?? "", /et 260 de plus/);
});

test("R10 text for Slack cannot call everybody", () => {
  assert.equal(escapeSlack("<!channel> & <@U1>"), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
});

const twilio = (base: string): SmsGateway => ({
  kind: "twilio",
  base,
  credentials: { user: "ACtest", password: SECRET },
  from: "+33700000000",
});

test("R10 an SMS goes through Twilio's interface as a form with Basic authentication, in the alphabet of an SMS", async () => {
  await using receiver = await HttpReceiver.start(() => ({
    status: 201,
    body: JSON.stringify({ sid: "SM1", status: "queued", body: "x" }),
  }));
  const notifier = new SmsNotifier(
    { number: "+33612345678", recipient: maskedNumber("+33612345678") },
    twilio(receiver.origin),
    sampleTools([SECRET]),
  );
  assert.equal(notifier.recipient, "+33…5678");
  assert.deepEqual(await notifier.deliver(sampleMessage("fr"), { signal }), {
    state: "accepted",
    said: "201 queued SM1",
  });
  const [call] = receiver.received;
  assert.equal(call?.path, "/2010-04-01/Accounts/ACtest/Messages.json");
  assert.equal(
    call?.headers.authorization,
    `Basic ${Buffer.from(`ACtest:${SECRET}`).toString("base64")}`,
  );
  const form = new URLSearchParams(call?.body);
  assert.deepEqual([form.get("To"), form.get("From")], ["+33612345678", "+33700000000"]);
  assert.match(form.get("Body") ?? "", /^PRA main : serveur injoignable depuis 14:02\. Exposition/);
  assert.doesNotMatch(notifier.preview(sampleMessage("fr")), /XXSECRET|Basic [A-Za-z0-9]/);
});

test("R10 each number has its own outcome; Twilio's error is told by its number and sentence", async () => {
  await using receiver = await HttpReceiver.start(({ body }) =>
    body.includes("33600000000")
      ? {
          status: 400,
          body: JSON.stringify({ code: 21211, message: "Invalid 'To' Phone Number", status: 400 }),
        }
      : { status: 201, body: "{}" },
  );
  const outcomes = await Promise.all(
    ["+33600000000", "+33612345678"].map((number) =>
      new SmsNotifier(
        { number, recipient: number },
        twilio(receiver.origin),
        sampleTools(),
      ).deliver(sampleMessage(), {
        signal,
      }),
    ),
  );
  assert.deepEqual(
    outcomes.map(({ state }) => state),
    ["refused", "accepted"],
  );
  assert.match(
    outcomes[0]?.said ?? "",
    /^400 21211 Invalid 'To' Phone Number 400 \(see PRA_SMS_URL/,
  );
});

test("R10 any gateway is called by a template, each value encoded as the place wants it", async () => {
  await using receiver = await HttpReceiver.start();
  const base = { kind: "http", credentials: undefined, from: "A&B" } as const;
  const message = sampleMessage("en", { headline: `a "b" & c=d\\e + f`, alerts: [] });
  const gateways: readonly SmsGateway[] = [
    {
      ...base,
      method: "GET",
      url: receiver.url("/s?to={to}&text={text}"),
      headers: new Map(),
      body: undefined,
    },
    {
      ...base,
      method: "POST",
      url: receiver.url("/{from}"),
      headers: new Map(),
      body: '{"to":"{to}","m":"{text}"}',
    },
    {
      ...base,
      method: "POST",
      url: receiver.url("/f"),
      headers: new Map(),
      body: "to={to}&m={text}",
    },
    {
      ...base,
      method: "PUT",
      url: receiver.url("/x"),
      headers: new Map([["X-Key", SECRET]]),
      body: "<m to='{to}'>{text}</m>",
    },
  ];
  for (const gateway of gateways) {
    const notifier = new SmsNotifier(
      { number: "+33612345678", recipient: maskedNumber("+33612345678") },
      gateway,
      sampleTools(),
    );
    assert.equal((await notifier.deliver(message, { signal })).state, "accepted");
    assert.doesNotMatch(notifier.preview(message), /XXSECRET/);
  }
  const [get, json, form, xml] = receiver.received;
  const query = new URL(get?.path ?? "", receiver.origin).searchParams;
  assert.deepEqual([query.get("to"), query.get("text")], ["+33612345678", message.headline]);
  assert.equal(get?.headers["content-length"], undefined);
  assert.equal(json?.path, "/A%26B");
  assert.deepEqual(JSON.parse(json?.body ?? ""), { to: "+33612345678", m: message.headline });
  assert.equal(new URLSearchParams(form?.body).get("m"), message.headline);
  assert.equal(form?.headers["content-type"], "application/x-www-form-urlencoded");
  assert.match(xml?.body ?? "", /<m to='\+33612345678'>a &quot;b&quot; &amp; c=d\\e \+ f<\/m>/);
  assert.equal(xml?.headers["x-key"], SECRET);
});

function pagerAt(receiver: HttpReceiver): PagerDutyNotifier {
  const url = new URL(receiver.url("/v2/enqueue"));
  return new PagerDutyNotifier({ url, key: SECRET }, sampleTools([SECRET]));
}

test("R21 a pager gets one event an alert under the alert's id: trigger, acknowledge, resolve", async () => {
  await using receiver = await HttpReceiver.start(() => ({
    status: 202,
    body: '{"status":"success","message":"Event processed"}',
  }));
  const notifier = pagerAt(receiver);
  const second = sampleAlert("en", { alertId: "space.77", rule: "space", severity: "warning" });
  const opened = sampleMessage("en", {
    alerts: [sampleAlert("en", { summary: "s".repeat(3000) }), second],
  });
  const outcome = await notifier.deliver(opened, { signal });
  assert.equal(outcome.state, "accepted");
  assert.match(outcome.said, /^2 of 2 events taken; 202 /);
  await notifier.deliver(
    { ...opened, kind: "acknowledged", alerts: [sampleAlert("en")] },
    { signal },
  );
  await notifier.deliver(sampleResolution(), { signal });
  const events = receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  assert.deepEqual(
    events.map((event) => [event["event_action"], event["dedup_key"], event["routing_key"]]),
    [
      ["trigger", "server.3f9c", SECRET],
      ["trigger", "space.77", SECRET],
      ["acknowledge", "server.3f9c", SECRET],
      ["resolve", "server.3f9c", SECRET],
    ],
  );
  const payload = events[0]?.["payload"] as Record<string, string>;
  assert.deepEqual(
    [payload["summary"]?.length, payload["severity"], payload["source"]],
    [1024, "critical", "backup1"],
  );
  assert.doesNotMatch(notifier.preview(opened), new RegExp(SECRET));
});

test("R21 a pager that is busy after the first event gets all of them later, under the same ids", async () => {
  await using receiver = await HttpReceiver.start((_call, before) =>
    before === 1 ? { status: 429, headers: { "retry-after": "5" } } : { status: 202 },
  );
  const alerts = [sampleAlert("en"), sampleAlert("en", { alertId: "b" })];
  const message = sampleMessage("en", { alerts });
  const notifier = pagerAt(receiver);
  assert.deepEqual(await notifier.deliver(message, { signal }), {
    state: "later",
    said: "429",
    afterMs: 5000,
  });
  assert.equal((await notifier.deliver(message, { signal })).state, "accepted");
  const keys = receiver.received.map(
    ({ body }) => (JSON.parse(body) as { dedup_key: string }).dedup_key,
  );
  assert.deepEqual(keys, ["server.3f9c", "b", "server.3f9c", "b"]);
});

test("R10 a webhook is signed over id, time and body, and says which message it is", async () => {
  await using receiver = await HttpReceiver.start();
  const url = new URL(receiver.url("/hook"));
  for (const secret of [SECRET, `whsec_${Buffer.from(SECRET).toString("base64")}`]) {
    const notifier = new WebhookNotifier({ url, secret }, sampleTools([SECRET]));
    assert.equal((await notifier.deliver(sampleResolution("fr"), { signal })).state, "accepted");
    const call = receiver.received.at(-1);
    assert.ok(call !== undefined);
    const { headers, body } = call;
    const id = sampleResolution().id;
    assert.deepEqual([headers["idempotency-key"], headers["webhook-id"]], [id, id]);
    const seconds = Number(headers["webhook-timestamp"]);
    assert.ok(Math.abs(Date.now() / 1000 - seconds) < 60);
    const expected = createHmac("sha256", SECRET)
      .update(`${id}.${seconds}.${body}`)
      .digest("base64");
    assert.equal(headers["webhook-signature"], `v1,${expected}`);
    assert.doesNotMatch(notifier.preview(sampleMessage()), new RegExp(SECRET));
  }
  const sent = await jsonOf(receiver);
  assert.deepEqual(
    [sent["version"], sent["kind"], sent["inReplyTo"], sent["code"]],
    [1, "resolved", sampleMessage().id, null],
  );
  const bare: Notifier = new WebhookNotifier({ url, secret: undefined }, sampleTools());
  await bare.deliver(sampleTest(), { signal });
  assert.equal(receiver.received.at(-1)?.headers["webhook-signature"], undefined);
});

test("R10 the example of the Standard Webhooks specification is signed as printed there", () => {
  const signed = {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    seconds: 1_614_265_330,
    body: '{"test": 2432232314}',
  };
  assert.equal(
    signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", signed),
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test("R20 the dead-man's switch is called as it is when all is well, with /fail when not, or filled in", async () => {
  await using receiver = await HttpReceiver.start();
  const call = async (address: string, ok: boolean) =>
    await callDeadMan(
      address,
      { ok, text: "exposure 12 min" },
      { tools: sampleTools(), language: "en", signal },
    );
  assert.equal((await call(receiver.url("/ping/u-u-i-d"), true)).state, "accepted");
  await call(receiver.url("/ping/u-u-i-d?a=b"), false);
  await call(receiver.url("/push?status={status}&msg={text}"), false);
  assert.deepEqual(
    receiver.received.map(({ method, path, body }) => [method, path, body]),
    [
      ["POST", "/ping/u-u-i-d", "exposure 12 min"],
      ["POST", "/ping/u-u-i-d/fail?a=b", "exposure 12 min"],
      ["GET", "/push?status=down&msg=exposure%2012%20min", ""],
    ],
  );
  assert.equal((await call("http://127.0.0.1:1/", true)).state, "later");
});
