/** Channels as the settings name them: what is sent, remembered and judged, without a repository. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { HttpReceiver } from "../../../tests/support/http-receiver.ts";
import { MailRelay, smtpError } from "../../../tests/support/mail-relay.ts";
import { sampleMessage } from "../../../tests/support/sample-messages.ts";
import { channelLimits } from "../../channels/channel-tools.ts";
import { ManualClock } from "../../core/clock.ts";
import { isDrError } from "../../core/errors.ts";
import { wordsOf } from "../../core/finding/finding-words.ts";
import { SeededRandom } from "../../core/random.ts";
import { type Adapters, compose } from "../compose.ts";
import { type Environment, readEnvironment } from "../environment.ts";
import { findCode, hashCode, newCode, newSalt, typedCode } from "./channel-codes.ts";
import { channelsOf } from "./channels-of.ts";
import { confirmChannel } from "./confirm-channel.ts";
import { httpHeaders } from "./http-headers.ts";
import { judgeChannels } from "./judge-channels.ts";
import { isCallDue, pingDeadMan } from "./ping-dead-man.ts";
import { relayOf } from "./smtp-address.ts";
import { testChannels } from "./test-channels.ts";

const signal = new AbortController().signal;
const PLANTED = "PLANTED-secret-of-the-test";

function environmentIn(
  context: TestContext,
  variables: Readonly<Record<string, string>>,
): Environment {
  const folder = mkdtempSync("/tmp/pra-channels-");
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  return readEnvironment({
    variables: { PRA_STATE_DIR: join(folder, "state"), ...variables },
    workingDirectory: folder,
    checkoutDirectory: folder,
    homeDirectory: folder,
    userName: "someone",
    isRoot: false,
  });
}

function adaptersAt(clock: ManualClock): Adapters {
  return { ...compose(), clock };
}

async function words(environment: Environment): Promise<readonly string[]> {
  const findings = await judgeChannels(environment, { failed: "bad", signal });
  return findings.map((finding) => `${finding.state} ${wordsOf(finding, "en").summary}`);
}

function sentCode(text: string): string {
  return /code ([2-9A-Z]{4}-[2-9A-Z]{4})/.exec(text)?.[1] ?? "";
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return "none";
  } catch (error) {
    assert.ok(isDrError(error));
    return error.code;
  }
}

test("R10 S31 a channel is never tried, then taken, then read by somebody, and each is told", async (context) => {
  await using relay = await MailRelay.start();
  const environment = environmentIn(context, {
    ALERT_EMAIL: "oncall@example.org",
    PRA_SMTP_URL: `smtp://127.0.0.1:${relay.port}`,
    PRA_LANG: "fr",
  });
  const clock = new ManualClock(Date.UTC(2026, 10, 23, 4, 0));
  const adapters = adaptersAt(clock);
  assert.deepEqual(await words(environment), [
    "note email oncall@example.org was never tried from this machine",
  ]);
  const report = await testChannels(adapters, environment, { channel: undefined, signal });
  assert.deepEqual(
    report.tested.map(({ outcome }) => outcome.state),
    ["accepted"],
  );
  assert.equal(report.codesUntil, "2026-11-30T04:00:00.000Z");
  assert.ok(isDrError(report.ledgerFailure, "CONFIG_MISSING"));
  assert.deepEqual(await words(environment), [
    "note email oncall@example.org took a test message on 2026-11-23 04:00 UTC; nobody has said that it arrived",
  ]);
  const subject = relay.received[0]?.mail.subject ?? "";
  assert.match(subject, /^PRA main : message d'essai, code /);
  clock.advance(3_600_000);
  const code = sentCode(subject).toLowerCase().replace("-", " ");
  const done = await confirmChannel(adapters, environment, { code, by: " Anna ", signal });
  assert.deepEqual(
    [done.channel, done.recipient, done.by],
    ["email", "oncall@example.org", "Anna"],
  );
  assert.deepEqual(await words(environment), [
    "good email oncall@example.org: Anna has read the test message on 2026-11-23 05:00 UTC",
  ]);
  // Another relay is another channel.
  const moved = { ...environment, settings: new Map(environment.settings) };
  moved.settings.delete("PRA_SMTP_URL");
  assert.deepEqual(await words(moved), [
    "note email oncall@example.org was never tried from this machine",
    "note mail is handed to localhost:25 of this machine, because PRA_SMTP_URL is not set",
  ]);
});

test("R10 S35 a code is good once and for seven days, and after ten wrong ones none counts", async (context) => {
  await using receiver = await HttpReceiver.start();
  const environment = environmentIn(context, { PRA_WEBHOOK_URL: receiver.url("/x") });
  const clock = new ManualClock();
  const adapters = adaptersAt(clock);
  const codeOf = async (): Promise<string> => {
    await testChannels(adapters, environment, { channel: "webhook", signal });
    return sentCode(receiver.received.at(-1)?.body ?? "");
  };
  const type = async (code: string): Promise<string> =>
    await refusal(confirmChannel(adapters, environment, { code, by: "Anna", signal }));
  assert.equal(await type("K7QF-2MWD"), "WATCH_CODE_NONE");
  const first = await codeOf();
  assert.equal(await type(first), "none");
  assert.equal(await type(first), "WATCH_CODE_USED");
  const late = await codeOf();
  clock.advance(7 * 86_400_000);
  assert.equal(await type(late), "WATCH_CODE_EXPIRED");
  const locked = await codeOf();
  const tries: string[] = [];
  for (let index = 0; index < 10; index += 1) {
    tries.push(await type(index % 2 === 0 ? "K7QF-2MWD" : "not a code"));
  }
  assert.deepEqual(tries, [
    ...Array.from({ length: 9 }, () => "WATCH_CODE_WRONG"),
    "WATCH_CODE_LOCKED",
  ]);
  assert.equal(await type(locked), "WATCH_CODE_LOCKED");
  assert.equal(await type(await codeOf()), "none");
  assert.equal(
    await refusal(confirmChannel(adapters, environment, { code: first, by: "a\nb", signal })),
    "WATCH_REASON",
  );
});

test("R10 what is shown of a test has everything but the secrets and the code, which only its reader knows", async (context) => {
  await using receiver = await HttpReceiver.start(({ body }) => ({
    status: 200,
    body: `${PLANTED} ${body}`,
  }));
  const environment = environmentIn(context, {
    SLACK_WEBHOOK: receiver.url(`/services/T0/B0/${PLANTED}`),
    ALERT_SMS: "+33612345678",
    PRA_SMS_GATEWAY: "http",
    PRA_SMS_URL: receiver.url("/sms?to={to}&text={text}"),
    PRA_SMS_HEADERS: `Authorization: Bearer ${PLANTED}`,
    PRA_PAGERDUTY_KEY: PLANTED,
    PRA_PAGERDUTY_URL: receiver.url("/v2/enqueue"),
    PRA_WEBHOOK_URL: receiver.url(`/hook/${PLANTED}`),
    PRA_WEBHOOK_SECRET: PLANTED,
    PRA_ALERT_COMMAND: "/bin/cat",
  });
  const report = await testChannels(compose(), environment, { channel: undefined, signal });
  assert.deepEqual(
    report.tested.map(({ channel, outcome }) => `${channel} ${outcome.state}`),
    [
      "sms accepted",
      "slack accepted",
      "pagerduty accepted",
      "webhook accepted",
      "command accepted",
    ],
  );
  const codes = receiver.received.flatMap(({ body, path }) => {
    const code = sentCode(`${body}\n${decodeURIComponent(path)}`);
    return code === "" ? [] : [code];
  });
  assert.equal(new Set(codes).size, 4);
  const folder = join(environment.stateDirectory, "watch", "main");
  const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const shown = JSON.stringify(report) + kept.join("");
  for (const secret of [PLANTED, ...codes]) {
    assert.ok(!shown.includes(secret), secret);
  }
  assert.match(report.tested[1]?.sent ?? "", /test message, code \*{4}-\*{4}/);
});

test("R21 one channel that refuses and one that hangs keep no other from its message", async (context) => {
  await using receiver = await HttpReceiver.start(() => "hang");
  await using relay = await MailRelay.start({
    onRecipient: (address) =>
      address.startsWith("gone") ? smtpError(550, "5.1.1 no such user") : undefined,
  });
  const environment = environmentIn(context, {
    ALERT_EMAIL: "gone@example.org, here@example.org",
    PRA_SMTP_URL: `smtp://127.0.0.1:${relay.port}`,
    SLACK_WEBHOOK: receiver.url("/x"),
  });
  const limits = { ...channelLimits, callMs: 500 };
  const report = await testChannels(compose(), environment, { channel: undefined, limits, signal });
  assert.deepEqual(
    report.tested.map(({ outcome }) => outcome.state),
    ["refused", "accepted", "later"],
  );
  assert.deepEqual(
    (await words(environment)).map((line) => line.replace(/ on .*| of 2.*/, "")),
    [
      "bad email gone@example.org refused the test message",
      "note email here@example.org took a test message",
      `bad slack ${new URL(receiver.origin).host} did not take the test message`,
    ],
  );
});

test("R10 a channel that lacks settings is told by name, as is that there is none", async (context) => {
  const none = environmentIn(context, {});
  assert.deepEqual(await words(none), ["note nobody is told when something is wrong"]);
  const options = { channel: undefined, signal } as const;
  assert.equal(await refusal(testChannels(compose(), none, options)), "CONFIG_CHANNEL_UNSET");
  const half = environmentIn(context, { ALERT_SMS: "+33612345678", PRA_SMS_USER: "AC1" });
  assert.deepEqual(await words(half), [
    "bad sms cannot be used: PRA_SMS_PASSWORD, PRA_SMS_FROM not set",
  ]);
  assert.equal(await refusal(testChannels(compose(), half, options)), "CONFIG_CHANNEL_INCOMPLETE");
  const authority = environmentIn(context, {
    SLACK_WEBHOOK: "https://h.example.org/x",
    PRA_ALERT_CA: "ca.pem",
  });
  assert.equal(
    await refusal(judgeChannels(authority, { failed: "bad", signal })),
    "CONFIG_ALERT_CA",
  );
});

test("R10 two numbers that look alike when masked are two ways, shown whole", (context) => {
  const environment = environmentIn(context, {
    ALERT_SMS: "+33612345678,+33699995678,+33611112222",
    PRA_SMS_USER: "AC1",
    PRA_SMS_PASSWORD: "x",
    PRA_SMS_FROM: "PRA",
  });
  assert.deepEqual(
    channelsOf(environment).map(({ recipient }) => recipient),
    ["+33612345678", "+33699995678", "+33…2222"],
  );
  const other = channelsOf(environment, { mailTo: ["a@example.org"], smsTo: [] });
  assert.deepEqual(
    other.map(({ channel }) => channel),
    ["email"],
  );
  assert.match(other[0]?.preview(sampleMessage()) ?? "", /^SMTP localhost:25 \(no TLS\)/);
});

test("R10 a mail relay's address says how it is spoken to, and a password never goes in the clear over a network", () => {
  const at = (address: string, password?: string) => {
    const relay = relayOf(address, password);
    return relay === undefined
      ? undefined
      : `${relay.host} ${relay.port} ${relay.tls} ${relay.credentials?.user ?? "-"} ${relay.credentials?.password ?? "-"}`;
  };
  assert.equal(at("smtp://relay.example.org"), "relay.example.org 587 required - -");
  assert.equal(at("smtps://u:p%40ss@relay.example.org/"), "relay.example.org 465 implicit u p@ss");
  assert.equal(
    at("smtp://u@relay.example.org:2525", "own"),
    "relay.example.org 2525 required u own",
  );
  assert.equal(at("smtp://localhost"), "localhost 25 none - -");
  assert.equal(at("smtp://[::1]:25?tls=required"), "::1 25 required - -");
  assert.equal(at("smtp://relay.example.org:25?tls=none"), "relay.example.org 25 none - -");
  for (const wrong of [
    "smtp://u:p@relay.example.org?tls=none",
    "http://relay.example.org",
    "smtp://relay.example.org/x",
    "smtp://relay.example.org?ssl=1",
    "smtp://%zz@relay.example.org",
    "relay.example.org:25",
    "smtp://",
  ]) {
    assert.equal(at(wrong), undefined, wrong);
  }
});

test("R10 headers are split where a header begins, and nothing in them begins another", () => {
  assert.deepEqual(
    [
      ...(httpHeaders("Authorization: Bearer a:b; Content-Type: application/json; charset=utf-8") ??
        []),
    ],
    [
      ["Authorization", "Bearer a:b"],
      ["Content-Type", "application/json; charset=utf-8"],
    ],
  );
  for (const wrong of ["", "x", "A: b\r\nC: d", "A b: c", "A: é"]) {
    assert.equal(httpHeaders(wrong), undefined, wrong);
  }
});

test("R10 codes have eight letters that nobody takes for another, are found however they are typed, and differ", async () => {
  const seed = 20_261_123;
  const random = new SeededRandom(seed);
  const codes = Array.from({ length: 2000 }, () => newCode(random));
  assert.ok(codes.every((code) => /^[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}$/.test(code)));
  assert.equal(new Set(codes).size, codes.length, `seed ${seed}`);
  fc.assert(
    fc.property(fc.constantFrom(...codes), fc.boolean(), (code, lower) => {
      const typed = ` ${code.slice(0, 4)} ${code.slice(5)}`;
      assert.equal(typedCode(lower ? typed.toLowerCase() : typed), code);
    }),
    { seed },
  );
  assert.deepEqual(
    ["", "K7QF-2MW", "K7QF-2MW0", "K7QF-2MWDD"].map(typedCode),
    Array(4).fill(undefined),
  );
  const salt = newSalt(random);
  const [first = "", second = ""] = codes;
  const sent = {
    fingerprint: "f",
    channel: "email" as const,
    recipient: "r",
    message: "m",
    salt,
    hash: await hashCode(first, salt),
    sentAt: "",
    expiresAt: "",
    usedAt: null,
  };
  assert.equal(await findCode(first, [sent]), sent);
  assert.equal(await findCode(second, [sent]), undefined);
});

test("R20 L43 the dead-man's switch is called at most once in its minutes, at once on a change, and whatever the clock does", async (context) => {
  await using receiver = await HttpReceiver.start((_call, before) => ({
    status: before === 4 ? 500 : 200,
  }));
  const environment = environmentIn(context, {
    PRA_DEAD_MAN_URL: receiver.url("/ping"),
    PRA_DEAD_MAN_MINUTES: "5",
  });
  const clock = new ManualClock();
  const ping = async (ok: boolean): Promise<string> => {
    const outcome = await pingDeadMan(adaptersAt(clock), environment, { ok, text: "t", signal });
    return outcome?.state ?? "not due";
  };
  assert.deepEqual([await ping(true), await ping(true)], ["accepted", "not due"]);
  clock.advance(4 * 60_000);
  assert.deepEqual(
    [await ping(true), await ping(false), await ping(true)],
    ["not due", "accepted", "accepted"],
  );
  clock.advance(5 * 60_000 - 2000);
  assert.equal(await ping(true), "accepted");
  clock.stepWallClock(-86_400_000);
  // Refused for now: so it is due again.
  assert.deepEqual(
    [await ping(true), await ping(true), await ping(true)],
    ["later", "accepted", "not due"],
  );
  assert.deepEqual(
    receiver.received.map(({ path }) => path),
    ["/ping", "/ping/fail", "/ping", "/ping", "/ping", "/ping"],
  );
  assert.equal(isCallDue({ atMs: 0, ok: true }, { atMs: 0, ok: true, everyMs: 0 }), true);
  assert.equal(
    await pingDeadMan(compose(), environmentIn(context, {}), { ok: true, text: "", signal }),
    undefined,
  );
});

test("R10 contacts of pra.yaml are tried and judged, too, each once and in their own language", async (context) => {
  await using relay = await MailRelay.start();
  const environment = environmentIn(context, {
    ALERT_EMAIL: "oncall@example.org",
    PRA_SMTP_URL: `smtp://127.0.0.1:${relay.port}`,
    PRA_CONFIG: "pra.yaml",
  });
  const file = environment.configFile ?? "";
  writeFileSync(
    file,
    [
      "contacts:",
      "  - { name: Anna, email: anna@example.org, language: fr }",
      "  - { name: Team, email: oncall@example.org, language: fr }",
      "",
    ].join("\n"),
  );
  await testChannels(compose(), environment, { channel: undefined, signal });
  const subjects = new Map(relay.received.map(({ to, mail }) => [to.join(), mail.subject ?? ""]));
  assert.deepEqual([...subjects.keys()].toSorted(), ["anna@example.org", "oncall@example.org"]);
  assert.match(subjects.get("anna@example.org") ?? "", /message d'essai/);
  assert.match(subjects.get("oncall@example.org") ?? "", /test message/);
  assert.equal((await words(environment)).length, 2);
  writeFileSync(file, "contacts: 7\n");
  assert.match(
    await refusal(judgeChannels(environment, { failed: "bad", signal })),
    /^CONFIG_YAML/,
  );
});
