/**
 * A secret is planted in every setting that holds one, each other side quotes back all that it was sent, and one channel hangs: what the daemon and
 * the commands say, remember, record, tell people and show of themselves among the processes is searched for every one of them. And the daemon ends
 * in time while that channel hangs.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { settingsRegistry } from "../../src/app/settings.ts";
import { treeOf } from "../../src/files/process-group.ts";
import { CommandLine } from "../support/command-line.ts";
import { HttpReceiver, type ReceivedCall, type ReceiverAnswer } from "../support/http-receiver.ts";
import { MailRelay, smtpError } from "../support/mail-relay.ts";

const secretNames = Object.entries(settingsRegistry)
  .filter(([, entry]) => "secret" in entry)
  .map(([name]) => name);

/** The secret of one setting: nothing else looks like it. */
function planted(name: string): string {
  return `planted${name.replaceAll("_", "")}Zq7x`;
}

type Ends = { readonly http: string; readonly hanging: string; readonly mail: number };

/** Every secret setting with its secret, and the settings that make each of them be used. */
function settingsWith({ http, hanging, mail }: Ends): Readonly<Record<string, string>> {
  const of = planted;
  return {
    PG_PASSWORD: of("PG_PASSWORD"),
    DATABASE_URL: `postgresql://app:${of("DATABASE_URL")}@127.0.0.1:1/app`,
    SLACK_WEBHOOK: `${hanging}/services/T0/B0/${of("SLACK_WEBHOOK")}`,
    ALERT_EMAIL: "oncall@example.org",
    PRA_SMTP_URL: `smtp://pra:${of("PRA_SMTP_URL")}@localhost:${mail}?tls=none`,
    ALERT_SMS: "+33612345678",
    PRA_SMS_GATEWAY: "http",
    PRA_SMS_URL: `${http}/sms/${of("PRA_SMS_URL")}`,
    PRA_SMS_USER: "AC1",
    PRA_SMS_PASSWORD: of("PRA_SMS_PASSWORD"),
    PRA_SMS_HEADERS: `X-Token: ${of("PRA_SMS_HEADERS")}`,
    PRA_SMS_BODY: `{"key":"${of("PRA_SMS_BODY")}","text":"{text}","to":"{to}"}`,
    PRA_PAGERDUTY_KEY: of("PRA_PAGERDUTY_KEY"),
    PRA_PAGERDUTY_URL: `${http}/pager`,
    PRA_WEBHOOK_URL: `${http}/hook/${of("PRA_WEBHOOK_URL")}`,
    PRA_WEBHOOK_SECRET: of("PRA_WEBHOOK_SECRET"),
    PRA_DEAD_MAN_URL: `${http}/ping/${of("PRA_DEAD_MAN_URL")}`,
    PRA_SUPERUSER_PASSWORD: of("PRA_SUPERUSER_PASSWORD"),
    PRA_EXPORT_PASSPHRASE: of("PRA_EXPORT_PASSPHRASE"),
    HEALTH_CHECK_RETRIES: "1",
    HEALTH_CHECK_INTERVAL: "1",
    APP_HEALTH_URL: `http://probe:${of("APP_HEALTH_URL")}@${new URL(http).host}/health`,
  };
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** Command lines and environments of the daemon and of all that it started. */
function shownBy(pid: number): string {
  return treeOf(pid)
    .flatMap((each) => ["cmdline", "environ"].map((what) => `/proc/${each}/${what}`))
    .map((path) => {
      try {
        return readFileSync(path, "latin1");
      } catch {
        // It has ended.
        return "";
      }
    })
    .join("\n");
}

async function until(what: string, seen: () => boolean): Promise<void> {
  const began = performance.now();
  while (!seen()) {
    assert.ok(performance.now() - began < 60_000, `waited for ${what}`);
    await pause(50);
  }
}

test("L54 L53 a secret planted in every setting that holds one is in no log, process list, alert, memory or ledger; the daemon ends in time while a channel hangs", async () => {
  // Whatever somebody was sent, quoted as badly as can be.
  const quote = ({ path, headers, body }: ReceivedCall, status: number): ReceiverAnswer => ({
    status,
    body: `${path} ${JSON.stringify(headers)} ${body}`,
  });
  let isHanging = true;
  await using http = await HttpReceiver.start((call) => quote(call, 503));
  await using slack = await HttpReceiver.start((call) => (isHanging ? "hang" : quote(call, 404)));
  const account = { user: "pra", password: planted("PRA_SMTP_PASSWORD") };
  await using relay = await MailRelay.start({
    noStartTls: true,
    account,
    onRecipient: () => smtpError(450, `try later, ${account.password}`),
  });
  await using pra = await CommandLine.create({ socketDirectory: "/nowhere", port: 5432 });
  assert.equal((await pra.run("init")).code, 0);
  const ends = { http: http.origin, hanging: slack.origin, mail: relay.port };
  const inAddress = settingsWith(ends);
  const settings = {
    ...inAddress,
    PRA_SMTP_URL: `smtp://pra@localhost:${relay.port}?tls=none`,
    PRA_SMTP_PASSWORD: account.password,
  };
  assert.deepEqual(
    secretNames.filter((name) => !Object.hasOwn(settings, name)),
    [],
    "every secret setting is planted",
  );
  const write = async (values: Readonly<Record<string, string>>, more = ""): Promise<void> => {
    const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
    await writeFile(join(pra.directory, ".env"), `${lines.join("")}${more}`, { mode: 0o600 });
  };
  await write(settings);
  const { child, answer } = pra.start("daemon --no-receiver", { PRA_STATUS_TIMEOUT_MS: "3000" });
  await until("the channel that hangs", () => slack.received.length > 0);
  await until("a try of the others", () => http.received.length > 3);
  const processes = shownBy(child.pid ?? 0);
  assert.ok(processes.includes("daemon"));
  const began = performance.now();
  child.kill("SIGTERM");
  const ended = await answer;
  assert.equal(ended.code, 0, ended.err);
  assert.ok(performance.now() - began < 10_000, `${performance.now() - began} ms`);
  isHanging = false;
  const answers = [ended, await pra.run("alert test"), await pra.run("check --lang fr")];
  await write(settings, `PRA_WEBHOOK_SECRET ${planted("PRA_WEBHOOK_SECRET")}\n`);
  answers.push(await pra.run("status"));
  await write(inAddress);
  for (const words of ["status", "config show", "alert list --all", "ledger list"]) {
    answers.push(await pra.run(words, { PRA_STATUS_TIMEOUT_MS: "3000" }));
  }
  const said = answers.map(({ out, err }) => `${out}\n${err}`).join("\n");
  // Of what is sent to people the text alone: a call bears the key of its channel.
  const bodies = http.received.map(({ body }) => body);
  const told = bodies.filter((body) => body.includes('"headline"')).join("\n");
  assert.ok(told.length > 0 && said.includes("503"));
  const files = [...filesIn(pra.repository), ...filesIn(join(pra.directory, "state"))];
  assert.ok(files.length > 5);
  for (const name of secretNames) {
    const secret = planted(name);
    const at = said.indexOf(secret);
    assert.equal(at, -1, `${name} was said: ${said.slice(Math.max(0, at - 300), at)}***`);
    assert.ok(!processes.includes(secret), `${name} is among the processes`);
    assert.ok(!told.includes(secret), `${name} was told`);
    for (const path of files) {
      assert.ok(!readFileSync(path, "latin1").includes(secret), `${name} lies in ${path}`);
    }
  }
});
