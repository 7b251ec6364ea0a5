/** Mail against a real relay on loopback, read with a real parser. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { MailRelay, type RelayBehaviour, smtpError } from "../../tests/support/mail-relay.ts";
import {
  sampleAlert,
  sampleMessage,
  sampleResolution,
  sampleTest,
  sampleTools,
} from "../../tests/support/sample-messages.ts";
import { testCertificate } from "../../tests/support/test-certificate.ts";
import type { DeliveryOutcome } from "../watch/notifier.ts";
import { EmailNotifier } from "./email.ts";
import { isCommand } from "./message-words.ts";
import { mailHtml, mailText } from "./mail-page.ts";
import type { SmtpRelay } from "./smtp.ts";

const signal = new AbortController().signal;
const PASSWORD = "hunter2-of-the-relay";
const credentials = { user: "pra", password: PASSWORD };
const trusting = sampleTools([PASSWORD], { authority: testCertificate });

function relayAt({ port }: { readonly port: number }, changes: Partial<SmtpRelay> = {}): SmtpRelay {
  return { host: "localhost", port, tls: "required", credentials: undefined, ...changes };
}

function mailTo(relay: SmtpRelay, to = "oncall@example.org", tools = trusting): EmailNotifier {
  return new EmailNotifier({ relay, from: "pra@example.org", to }, tools);
}

async function sent(
  behaviour: RelayBehaviour,
  changes: Partial<SmtpRelay> = {},
  tools = trusting,
): Promise<DeliveryOutcome> {
  await using relay = await MailRelay.start(behaviour);
  return await mailTo(relayAt(relay, changes), undefined, tools).deliver(sampleMessage(), {
    signal,
  });
}

test("R10 a mail arrives over STARTTLS after a login, with its subject in French and both halves", async () => {
  await using relay = await MailRelay.start({ account: credentials });
  const notifier = mailTo(relayAt(relay, { credentials }));
  const outcome = await notifier.deliver(sampleMessage("fr"), { signal });
  assert.equal(outcome.state, "accepted", outcome.said);
  assert.match(outcome.said, /^250 /);
  const [got] = relay.received;
  assert.ok(got !== undefined);
  assert.deepEqual(
    [got.secure, got.user, got.from, got.to],
    [true, "pra", "pra@example.org", ["oncall@example.org"]],
  );
  const { mail } = got;
  assert.equal(mail.subject, sampleMessage("fr").headline);
  assert.equal(mail.messageId, "<01jd5z0c9m4k2q7w8x3v6b1n0p@example.org>");
  assert.equal(mail.from?.text, '"PRA main" <pra@example.org>');
  assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
  assert.match(got.raw, /^Importance: high\r$/m);
  assert.match(mail.text ?? "", /où qu’on l’appelle\nCe que cela signifie : exposition de 12 min/);
  assert.match(mail.text ?? "", /\n {4}pra alert ack server\.3f9c --reason "je regarde"\n/);
  assert.match(String(mail.html), /où qu’on l’appelle/);
  assert.ok(got.raw.split("\r\n").every((line) => line.length <= 998));
  assert.equal(Buffer.byteLength(got.raw), got.raw.length);
});

test("R21 what ends an alert is filed under the mail that opened it", async () => {
  await using relay = await MailRelay.start();
  await mailTo(relayAt(relay)).deliver(sampleResolution(), { signal });
  const mail = relay.received[0]?.mail;
  const opened = "<01jd5z0c9m4k2q7w8x3v6b1n0p@example.org>";
  assert.deepEqual([mail?.inReplyTo, mail?.references], [opened, opened]);
  assert.notEqual(mail?.messageId, opened);
  assert.match(
    mail?.text ?? "",
    /\[Resolved\] server\nanswers at .*\nWhat it means: nothing was lost\nFrom 2026-11-23 14:02 UTC to 2026-11-23 14:14 UTC: 12 min 09 s/,
  );
  assert.doesNotMatch(relay.received[0]?.raw ?? "", /^Importance:/m);
});

test("R21 instants in a mail are the reader's, with the zone", async () => {
  await using relay = await MailRelay.start();
  const message = { ...sampleResolution("fr"), zone: "Europe/Paris" };
  await mailTo(relayAt(relay)).deliver(message, { signal });
  const { text = "", html } = relay.received[0]?.mail ?? {};
  const times = "De 2026-11-23 15:02 Europe/Paris à 2026-11-23 15:14 Europe/Paris : 12 min 09 s";
  assert.ok(text.includes(times), text);
  assert.ok(String(html).includes("2026-11-23 15:14 Europe/Paris"));
});

test("R21 the same message sent again has the same Message-ID and the same words", async () => {
  await using relay = await MailRelay.start();
  const notifier = mailTo(relayAt(relay));
  await notifier.deliver(sampleMessage(), { signal });
  await notifier.deliver(sampleMessage(), { signal });
  const [first, second] = relay.received;
  assert.equal(first?.mail.messageId, second?.mail.messageId);
  assert.equal(first?.mail.text, second?.mail.text);
});

test("R21 of three addresses the refused one keeps no other from its mail, nor makes it arrive twice", async () => {
  await using relay = await MailRelay.start({
    onRecipient: (address, before) =>
      address.startsWith("gone")
        ? smtpError(550, "5.1.1 no such user")
        : address.startsWith("grey") && before < 3
          ? smtpError(451, "4.7.1 greylisted, come back in 5 minutes")
          : undefined,
  });
  const notifiers = ["one", "gone", "grey"].map((name) =>
    mailTo(relayAt(relay), `${name}@example.org`),
  );
  const outcomes: DeliveryOutcome[] = [];
  for (const notifier of notifiers) {
    outcomes.push(await notifier.deliver(sampleMessage(), { signal }));
  }
  assert.deepEqual(
    outcomes.map(({ state }) => state),
    ["accepted", "refused", "later"],
  );
  assert.equal(outcomes[1]?.said, "550 5.1.1 no such user");
  assert.equal(outcomes[2]?.said, "451 4.7.1 greylisted, come back in 5 minutes");
  await notifiers[2]?.deliver(sampleMessage(), { signal });
  assert.deepEqual(
    relay.received.map(({ to }) => to),
    [["one@example.org"], ["grey@example.org"]],
  );
});

test("R10 a wrong password and a login that nobody asked for are refused with the setting; TLS from the start works", async () => {
  const wrong = { user: "pra", password: "not-it-at-all" };
  const refused = await sent({ account: credentials }, { credentials: wrong });
  assert.deepEqual(refused, {
    state: "refused",
    said: "535 5.7.8 authentication failed (see PRA_SMTP_URL, PRA_SMTP_PASSWORD)",
  });
  const needed = await sent({ account: credentials });
  assert.equal(needed.state, "refused");
  assert.match(needed.said, /^530 .*see PRA_SMTP_URL, PRA_SMTP_PASSWORD/);
  const implicit = await sent(
    { implicitTls: true, account: credentials },
    { tls: "implicit", credentials },
  );
  assert.equal(implicit.state, "accepted", implicit.said);
  const sender = await sent({ onSender: () => smtpError(553, "5.7.1 sender not owned by user") });
  assert.deepEqual(sender, {
    state: "refused",
    said: "553 5.7.1 sender not owned by user (see PRA_MAIL_FROM)",
  });
});

test("R10 without trust in its certificate, or without encryption at all, a relay gets neither password nor mail", async () => {
  const unknown = sampleTools([PASSWORD]);
  for (const behaviour of [{}, { implicitTls: true }]) {
    await using relay = await MailRelay.start({ ...behaviour, account: credentials });
    const tls = "implicitTls" in behaviour ? "implicit" : "required";
    const outcome = await mailTo(relayAt(relay, { tls, credentials }), undefined, unknown).deliver(
      sampleMessage("fr"),
      { signal },
    );
    assert.deepEqual(outcome, {
      state: "refused",
      said: "son certificat n'est pas reconnu : DEPTH_ZERO_SELF_SIGNED_CERT (voir PRA_SMTP_URL, PRA_ALERT_CA)",
    });
    assert.equal(relay.received.length, 0);
  }
  const plain = await sent({ noStartTls: true }, { credentials });
  assert.deepEqual(plain, {
    state: "refused",
    said: "the relay offers no encryption (STARTTLS), so nothing was sent (see PRA_SMTP_URL)",
  });
  // TLS is expected of a relay that speaks in the clear.
  assert.equal((await sent({}, { tls: "implicit" })).state, "later");
  // This machine's own relay is used as it is.
  assert.equal((await sent({ noStartTls: true }, { tls: "none" })).state, "accepted");
});

test("R21 a relay that hangs, drops, refuses for now or is not there gets the mail later", async () => {
  assert.deepEqual(await sent({ onData: "hang" }), {
    state: "later",
    said: "no answer within 900 ms; whether it was taken is unknown",
    afterMs: undefined,
  });
  const dropped = await sent({ onData: "drop" }, { tls: "none" });
  assert.equal(dropped.state, "later");
  assert.match(dropped.said, /^the connection broke before it was acknowledged/);
  assert.deepEqual(await sent({ onData: smtpError(452, "4.2.2 mailbox full") }), {
    state: "later",
    said: "452 4.2.2 mailbox full",
    afterMs: undefined,
  });
  assert.deepEqual(await sent({ onData: smtpError(554, "5.7.1 looks like spam") }), {
    state: "refused",
    said: "554 5.7.1 looks like spam",
  });
  const nobody = await mailTo(relayAt({ port: 1 })).deliver(sampleMessage("fr"), { signal });
  assert.deepEqual(nobody, {
    state: "later",
    said: "injoignable : ECONNREFUSED",
    afterMs: undefined,
  });
});

test("R21 a relay that takes the connection and says nothing is tried later, and one that is full at once, too", async () => {
  const answers = ["", "421 4.3.2 too busy\r\n"];
  const outcomes: DeliveryOutcome[] = [];
  for (const answer of answers) {
    await using server = createServer((socket) => {
      socket.on("error", () => undefined).resume();
      socket.write(answer);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    outcomes.push(
      await mailTo(relayAt({ port }, { host: "127.0.0.1" })).deliver(sampleMessage(), { signal }),
    );
  }
  assert.deepEqual(
    outcomes.map(({ state }) => state),
    ["later", "later"],
  );
  assert.match(outcomes[1]?.said ?? "", /421 4\.3\.2 too busy/);
});

test("R10 an aborted mail rejects with the signal's reason and leaves no connection", async () => {
  await using relay = await MailRelay.start({ onData: "hang" });
  const stop = new AbortController();
  const delivery = mailTo(relayAt(relay)).deliver(sampleMessage(), { signal: stop.signal });
  setTimeout(() => {
    stop.abort(new Error("enough"));
  }, 200);
  await assert.rejects(delivery, /enough/);
});

test("L54 the relay's password is in no preview, outcome or mail, even when the relay repeats it", async () => {
  await using relay = await MailRelay.start({
    account: credentials,
    onRecipient: () => smtpError(550, `5.7.1 not with ${PASSWORD}`),
  });
  const notifier = mailTo(relayAt(relay, { credentials }));
  const outcome = await notifier.deliver(sampleMessage(), { signal });
  assert.equal(outcome.said, "550 5.7.1 not with ***");
  const shown = `${notifier.preview(sampleMessage())}${notifier.recipient}`;
  assert.doesNotMatch(shown, new RegExp(PASSWORD));
  assert.match(
    shown,
    /^SMTP localhost:\d+ \(STARTTLS, AUTH pra \*\*\*\)\nMAIL FROM:<pra@example\.org>/,
  );
});

test("R10 nothing in a message breaks out of a header or of the page, and the page loads nothing", async () => {
  await using relay = await MailRelay.start();
  const nasty = sampleMessage("en", {
    headline: "down\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script>",
    alerts: [
      sampleAlert("en", {
        summary: "<img src=http://x/y.png onerror=a()>",
        nextStep: "echo '<b>' & \"x\"",
      }),
    ],
    alertsLeftOut: 3,
  });
  await mailTo(relayAt(relay)).deliver(nasty, { signal });
  const mail = relay.received[0]?.mail;
  assert.equal(mail?.bcc, undefined);
  assert.equal(mail?.subject, "down Bcc: all@example.org <script>alert(1)</script>");
  for (const message of [nasty, sampleTest("fr"), sampleResolution("fr")]) {
    const html = mailHtml(message);
    assert.doesNotMatch(html, /<(?:script|img|link|iframe|a|object)\b|url\(|@import/i);
    assert.ok(Buffer.byteLength(html) < 20_000);
  }
  assert.match(mailText(nasty), /and 3 more: pra alert list/);
  assert.match(
    mailText(sampleTest("fr")),
    /essai.*\n.*\n {4}pra alert confirm K7QF-2MWD --by NOM\n/,
  );
});

test("R21 a next step that is a sentence is told as one, a command as what is to be typed", () => {
  const sentence = sampleMessage("fr", {
    alerts: [sampleAlert("fr", { nextStep: "Vérifiez que PostgreSQL y tourne." })],
  });
  assert.match(mailText(sentence), /\nÀ faire : Vérifiez que PostgreSQL y tourne\.\n/);
  assert.match(mailHtml(sentence), /<strong>À faire\u00a0:<\/strong> Vérifiez/);
  const typed = sampleMessage("en", {
    alerts: [sampleAlert("en", { nextStep: "ALTER SYSTEM SET wal_level = 'replica';" })],
  });
  assert.match(mailText(typed), /\nNext:\n {4}ALTER SYSTEM SET/);
  assert.match(mailHtml(typed), /<pre class="c">ALTER SYSTEM SET/);
  for (const [step, typedAsItIs] of [
    ["pra backup --full", true],
    ["./quickstart.sh test-restore", true],
    ["pra schedule run expire -- /opt/pra/pra expire --env-file /opt/pra/.env", true],
    ["SELECT pg_drop_replication_slot('pra_main');", true],
    ["pra backup closes the holes; pra window shows where they are.", false],
    ["pra wal receive (or pra backup, when no receiver is meant to run)", false],
    ["pra backup referme les trous ; pra window montre où ils sont.", false],
    ["pra wal receive, by hand, says why", false],
    ["SELECT pg_reload_conf(); then look again.", false],
    ["A full memory or a reboot ends a process so. Run it again: pra expire", false],
    ["PRA_REACHABLE says that it must. Look at the route.", false],
  ] as const) {
    assert.equal(isCommand(step), typedAsItIs, step);
  }
});
