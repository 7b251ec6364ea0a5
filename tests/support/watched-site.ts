/** A server, a repository, and everybody who is told: a mail relay, Slack and an SMS gateway on loopback, and what each of them got. */
import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { TestContext } from "node:test";
import { CommandLine } from "./command-line.ts";
import { HttpReceiver, type ReceiverAnswer } from "./http-receiver.ts";
import { MailRelay } from "./mail-relay.ts";
import { type TestServer, type TestServerOptions, startTestServer } from "./test-server.ts";

/** See the file's comment. */
export class WatchedSite {
  readonly server: TestServer;
  readonly pra: CommandLine;
  readonly relay: MailRelay;
  readonly slack: HttpReceiver;
  readonly sms: HttpReceiver;
  /** Settings of the channels; none of the places they name may be told. */
  readonly variables: Readonly<Record<string, string>>;
  /** How Slack answers from now on. */
  slackAnswers: ReceiverAnswer = { status: 200, body: "ok" };

  private constructor(
    server: TestServer,
    pra: CommandLine,
    ends: Pick<WatchedSite, "relay" | "slack" | "sms">,
  ) {
    this.server = server;
    this.pra = pra;
    this.relay = ends.relay;
    this.slack = ends.slack;
    this.sms = ends.sms;
    this.variables = {
      ALERT_EMAIL: "astreinte@example.org",
      PRA_SMTP_URL: `smtp://127.0.0.1:${this.relay.port}?tls=none`,
      SLACK_WEBHOOK: `${this.slack.origin}/services/T0/B0/hunter2`,
      ALERT_SMS: "+33612345678",
      PRA_SMS_GATEWAY: "http",
      PRA_SMS_URL: `${this.sms.origin}/send?to={to}&text={text}`,
    };
  }

  /** With a repository that holds no backup. `place`: makes the repository's folder, else `init` does; undone at the end. */
  static async open(
    context: TestContext,
    options: Partial<TestServerOptions> = {},
    place?: (repository: string) => () => void,
  ): Promise<WatchedSite> {
    const server = await startTestServer({ major: 18, ...options });
    const pra = await CommandLine.create(server);
    await chmod(pra.directory, 0o755);
    const undo = place?.(pra.repository);
    const relay = await MailRelay.start({ noStartTls: true });
    const slack = await HttpReceiver.start(() => site.slackAnswers);
    const sms = await HttpReceiver.start();
    const site = new WatchedSite(server, pra, { relay, slack, sms });
    context.after(async () => {
      undo?.();
      await pra[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
      await sms[Symbol.asyncDispose]();
    });
    const { code, err } = await pra.run("init");
    assert.equal(code, 0, err);
    return site;
  }

  /** What each channel was told, in the order it came. */
  get told(): Readonly<Record<"mail" | "slack" | "sms", readonly string[]>> {
    return {
      mail: this.relay.received.map(({ mail }) => `${mail.subject ?? ""}\n${mail.text ?? ""}`),
      slack: this.slack.received.map(({ body }) => body),
      sms: this.sms.received.map(({ path }) => decodeURIComponent(path)),
    };
  }

  /** Waits until every channel was told something that matches, of what came after `since` messages; says how long it took. */
  async untilTold(pattern: RegExp, options: { readonly seconds?: number } = {}): Promise<number> {
    const began = performance.now();
    for (;;) {
      const { told } = this;
      const channels = Object.entries(told);
      const silent = channels.filter(([, messages]) => !messages.some((one) => pattern.test(one)));
      if (silent.length === 0) {
        return performance.now() - began;
      }
      assert.ok(
        performance.now() - began < (options.seconds ?? 30) * 1000,
        `waited for ${pattern} on ${silent.map(([name]) => name).join(", ")}; told: ${JSON.stringify(told, undefined, 1)}`,
      );
      await pause(50);
    }
  }

  /** No secret is told, anywhere. L54. */
  assertNoSecretTold(): void {
    const all = [
      ...this.relay.received.map(({ raw }) => raw),
      ...this.slack.received.map(({ body }) => body),
      ...this.sms.received.map(({ path }) => path),
    ];
    assert.ok(!all.join("\n").includes("hunter2"), "L54: no secret is told");
  }
}
