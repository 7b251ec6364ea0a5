/** `pra alert test` and `pra alert confirm` in a shell, against a real relay and receiver on loopback. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { compose } from "../../src/app/compose.ts";
import { readEnvironment } from "../../src/app/environment.ts";
import { openRepository } from "../../src/app/repository-access.ts";
import type { EventContent } from "../../src/ledger/event-kinds.ts";
import { searchNewestEvents } from "../../src/ledger/newest-events.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { HttpReceiver } from "../support/http-receiver.ts";
import { MailRelay } from "../support/mail-relay.ts";
import { testCertificate } from "../support/test-certificate.ts";
import { writeFile } from "node:fs/promises";

const signal = new AbortController().signal;

const PLANTED = "PLANTEDsecret0123456789";

const account = { user: "pra", password: PLANTED };

/** What the ledger has of channels, oldest first. */
async function channelEvents(pra: CommandLine): Promise<readonly EventContent[]> {
  const environment = readEnvironment({
    variables: {
      BACKUP_DIR: pra.repository,
      PRA_KEY_FILE: pra.keyFile,
      PRA_STATE_DIR: join(pra.directory, "state"),
    },
    workingDirectory: pra.directory,
    checkoutDirectory: pra.directory,
    homeDirectory: pra.directory,
    userName: "someone",
    isRoot: false,
  });
  const { sealed } = await openRepository(compose(), environment, { signal });
  const events: EventContent[] = [];
  await searchNewestEvents(
    sealed,
    ({ content }) => {
      if (content?.kind === "channelTested" || content?.kind === "channelConfirmed") {
        events.unshift(content);
      }
      return false;
    },
    { signal, objectsMax: 100 },
  );
  return events;
}

async function everyFile(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile() && !one.name.endsWith(".key"));
  const texts = await Promise.all(
    files.map((one) => readFile(join(one.parentPath, one.name), "latin1")),
  );
  return texts.join("\n");
}

test("R10 S34 S35 L54 a test goes out on each channel, its code is typed back, and both are in the ledger; no secret is anywhere", async () => {
  await using relay = await MailRelay.start({ account });
  await using receiver = await HttpReceiver.start(({ path }) =>
    path.startsWith("/services")
      ? { status: 404, body: `no_service for ${PLANTED}` }
      : { status: 200, body: "fine" },
  );
  await using pra = await CommandLine.create();
  assert.equal((await pra.run("init")).code, 0);
  const authority = join(pra.directory, "ca.pem");
  await writeFile(authority, testCertificate);
  const variables = {
    ALERT_EMAIL: "oncall@example.org",
    PRA_SMTP_URL: `smtp://pra:${PLANTED}@localhost:${relay.port}?tls=required`,
    PRA_ALERT_CA: authority,
    SLACK_WEBHOOK: receiver.url(`/services/T0/B0/${PLANTED}`),
    PRA_WEBHOOK_URL: receiver.url("/hook"),
    PRA_WEBHOOK_SECRET: PLANTED,
  };
  const sent = await pra.run("alert test", variables);
  assert.equal(sent.code, 4, sent.err);
  assert.match(
    sent.out,
    /^=== mail to oncall@example\.org: what was sent\n\nSMTP localhost:\d+ \(STARTTLS, AUTH pra \*\*\*\)/,
  );
  assert.match(sent.out, /\nmail +oncall@example\.org +✓ taken +250 /);
  assert.match(
    sent.out,
    /\nSlack +127\.0\.0\.1:\d+ +✗ refused +404 no_service for \*\*\* \(see SLACK_WEBHOOK\)/,
  );
  assert.match(
    sent.out,
    /\n1 channel did not take it\.\nNext: whoever gets a message types its code back, until /,
  );
  const code = /code (\S+)$/.exec(relay.received[0]?.mail.subject ?? "")?.[1] ?? "";
  assert.ok(!sent.out.includes(code));
  const alone = await pra.json("alert test --channel webhook", variables);
  assert.deepEqual([alone.code, alone.value["ok"]], [0, true]);
  const wrong = await pra.json("alert confirm ABCD-2345 --by Anna", variables);
  assert.deepEqual([wrong.code, errorCodeOf(wrong.value)], [2, "WATCH_CODE_WRONG"]);
  const typed = await pra.run(`alert confirm ${code.toLowerCase()} --by Anna --lang fr`, variables);
  assert.equal(typed.code, 0, typed.err);
  assert.match(
    typed.out,
    /^Anna a lu le message d'essai par courriel à oncall@example\.org\.\n.*\nLe journal l'a consigné\.\n$/,
  );
  const status = await pra.run("status", variables);
  assert.match(
    status.out,
    /✓ alert channels +email oncall@example\.org: Anna has read the test message on /,
  );
  assert.match(status.out, /! alert channels +slack .* refused the test message/);
  const events = await channelEvents(pra);
  assert.deepEqual(
    events.map(({ kind, data }) => [
      kind,
      "channel" in data ? data.channel : "",
      "outcome" in data ? data.outcome : "",
    ]),
    [
      ["channelTested", "email", "accepted"],
      ["channelTested", "slack", "refused"],
      ["channelTested", "webhook", "accepted"],
      ["channelTested", "webhook", "accepted"],
      ["channelConfirmed", "email", ""],
    ],
  );
  const shown = [sent, alone, wrong, typed, status].map(({ out, err }) => out + err).join("\n");
  const kept = await everyFile(join(pra.directory, "state"));
  assert.ok(!`${shown}${kept}${JSON.stringify(events)}`.includes(PLANTED));
  assert.ok(!kept.includes(code));
});

test("R10 without a channel, and with a code that nobody sent, a person is told what to do in both languages", async () => {
  await using pra = await CommandLine.create();
  const none = await pra.run("alert test");
  assert.equal(none.code, 2);
  assert.match(none.err, /there is no channel to try: ALERT_EMAIL, SLACK_WEBHOOK, .* not set/);
  const french = await pra.run("alert confirm K7QF-2MWD --by Anna --lang fr");
  assert.equal(french.code, 2);
  assert.match(french.err, /aucun message d'essai de .* n'attend de code\n.*pra alert test/);
  const nobody = await pra.json("alert confirm K7QF-2MWD");
  assert.equal(errorCodeOf(nobody.value), "USAGE_MISSING_OPTION");
  const pigeon = await pra.json("alert test --channel pigeon");
  assert.equal(errorCodeOf(pigeon.value), "USAGE_VALUE");
  const help = await pra.run("alert test --help --lang fr");
  assert.match(help.out, /email.*slack.*sms.*pagerduty.*webhook.*command/s);
});
