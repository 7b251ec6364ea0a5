/** An anchor that was mailed finds a cut end of the ledger, whatever of the mail was kept. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { slackPayload } from "../channels/slack.ts";
import { environmentIn } from "../../tests/support/environment-in.ts";
import { MailRelay } from "../../tests/support/mail-relay.ts";
import { sampleMessage } from "../../tests/support/sample-messages.ts";
import { type Adapters, compose } from "./compose.ts";
import { createRepository } from "./create-repository.ts";
import type { Environment } from "./environment.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { checkLedger, makeAnchor } from "./ledger-operations.ts";
import { openRepository } from "./repository-access.ts";
import { anchorContent, sendAnchor } from "./send-anchor.ts";

const { signal } = new AbortController();
const adapters: Adapters = compose();

type Site = {
  readonly directory: string;
  /** Another state directory remembers nothing of the ledger. */
  readonly at: (state: string, more?: Readonly<Record<string, string>>) => Environment;
};

async function makeSite(context: TestContext): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), "pra-anchor-"));
  context.after(() => rm(directory, { recursive: true }));
  const at: Site["at"] = (state, more = {}) =>
    environmentIn(directory, {
      BACKUP_DIR: join(directory, "repository"),
      PRA_STATE_DIR: join(directory, state),
      PRA_KEY_FILE: join(directory, "key"),
      PRA_LANG: "fr",
      ...more,
    });
  await createRepository(adapters, at("a"), { signal, encryption: "on", recoveryKey: "write" });
  return { directory, at };
}

/** A process that records some accesses. Answers its folder in the repository. */
async function record({ directory, at }: Site, count: number): Promise<string> {
  const folder = join(directory, "repository", "ledger");
  await mkdir(folder, { recursive: true });
  const before = new Set(await readdir(folder));
  const environment = at("a");
  const { sealed } = await openRepository(adapters, environment, { signal });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: "test" });
  for (let number = 0; number < count; number += 1) {
    const data = { what: "restore", cluster: "main", object: String(number), repeats: 0 };
    await ledger.record({ kind: "accessed", data });
  }
  assert.equal(ledger.failure, undefined);
  const fresh = (await readdir(folder)).find((name) => !before.has(name));
  return join(folder, fresh ?? "");
}

test("R16 a mailed anchor finds the ledger's cut end: from the mail as it was saved, its text, its page, its file, or quoted in a reply", async (context) => {
  const site = await makeSite(context);
  const { directory, at } = site;
  await using relay = await MailRelay.start({ noStartTls: true });
  const environment = at("a", {
    ALERT_EMAIL: "audit@example.org",
    PRA_MAIL_FROM: "pra@example.org",
    PRA_SMTP_URL: `smtp://127.0.0.1:${relay.port}`,
  });
  const writer = await record(site, 4);
  const made = await makeAnchor(adapters, environment, { output: undefined, signal });
  const sent = await sendAnchor(adapters, environment, { made, signal });
  assert.deepEqual(
    sent.map(({ route, state }) => [route, state]),
    [["email audit@example.org", "accepted"]],
  );
  const [received] = relay.received;
  assert.ok(received !== undefined);
  const { mail, raw } = received;
  const { html } = mail;
  assert.ok(typeof html === "string");
  assert.match(mail.subject ?? "", /^PRA main : ancrage du journal, \d{4}-/);
  const [file, ...more] = mail.attachments;
  assert.equal(more.length, 0);
  assert.match(file?.filename ?? "", /^pra-main-anchor-\S+\.txt$/);
  const kept = {
    text: mail.text ?? "",
    mail: raw,
    page: html,
    file: file?.content.toString() ?? "",
    reply: `> Bonjour\n${(mail.text ?? "").replaceAll(/^/gm, "> ")}`,
  };
  let hosts = 0;
  // Each time a host that remembers nothing: only the anchor can tell.
  const verify = async (anchorFiles: readonly string[]): ReturnType<typeof checkLedger> => {
    hosts += 1;
    return await checkLedger(adapters, at(`host${hosts}`), { anchorFiles, signal });
  };
  const check = async (text: string): Promise<readonly string[]> => {
    const path = join(directory, "kept");
    await writeFile(path, text);
    const { problems } = await verify([path]);
    return problems.map(({ code }) => code);
  };
  for (const [what, text] of Object.entries(kept)) {
    assert.deepEqual(await check(text), [], what);
  }
  // Whoever wrote later names what it continued: these go, too.
  const folder = join(directory, "repository", "ledger");
  for (const name of await readdir(folder)) {
    if (join(folder, name) !== writer) {
      await rm(join(folder, name), { recursive: true });
    }
  }
  const newest = (await readdir(writer)).toSorted((a, b) => (a < b ? 1 : -1))[0] ?? "";
  await rm(join(writer, newest));
  const alone = await verify([]);
  assert.deepEqual(alone.problems, [], "without an anchor the cut does not show");
  assert.ok(alone.openEnded.length > 0, "and it is said that it would not");
  for (const [what, text] of Object.entries(kept)) {
    assert.notDeepEqual(await check(text), [], what);
  }
});

test("R16 nobody reads: nothing is queued, and it is told; of anchors that were sent a hundred are kept on the host", async (context) => {
  const site = await makeSite(context);
  await record(site, 1);
  const made = await makeAnchor(adapters, site.at("a"), { output: undefined, signal });
  assert.deepEqual(await sendAnchor(adapters, site.at("a"), { made, signal }), []);
  const folder = join(site.directory, "a", "anchors");
  await mkdir(folder);
  for (let number = 100; number < 205; number += 1) {
    await writeFile(join(folder, `pra-main-anchor-2020-${number}.txt`), "");
  }
  const away = site.at("a", { ALERT_EMAIL: "a@example.org", PRA_SMTP_URL: "smtp://127.0.0.1:1" });
  const [only] = await sendAnchor(adapters, away, { made, signal });
  assert.equal(only?.state, "waiting");
  const names = (await readdir(folder)).toSorted();
  assert.deepEqual([names.length, names[0]], [100, "pra-main-anchor-2020-106.txt"]);
});

test("R16 Slack gets the anchor between fences, and where it is too long the word where it is", () => {
  const attachment = { name: "anchor.txt", type: "text/plain", path: "/x", sha256: "0" };
  const of = { cluster: "main", language: "en", channel: "slack", at: "2026", attachment } as const;
  const payload = (text: string): string => {
    const { sections, headline } = anchorContent({ text }, of);
    return JSON.stringify(
      slackPayload(sampleMessage("en", { kind: "anchor", alerts: [], headline, sections })),
    );
  };
  assert.match(
    payload("BEGIN\nhead 1\nEND\n"),
    /\*The anchor\*\\n```\\nBEGIN\\nhead 1\\nEND\\n```"/,
  );
  const long = payload(`${"head 1\n".repeat(600)}`);
  assert.match(long, /too long for this channel: the mail has it/);
  assert.doesNotMatch(long, /head 1/);
});
