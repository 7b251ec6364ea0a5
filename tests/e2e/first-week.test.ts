/**
 * The first week after a go-live, with nothing but what cron runs: a person says that the system is in production, status judges more closely and
 * says so, and the day's digest goes out once, to mail and Slack.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodeOf } from "../support/command-line.ts";
import { WatchedSite } from "../support/watched-site.ts";

/** A time of day, some minutes from now, by this machine's clock. */
function clock(minutes: number): string {
  const at = new Date(Date.now() + minutes * 60_000);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

test("R24 a named person says that the system is live: the first week shows in status, and the digest goes out by mail and Slack, once", async (context) => {
  const site = await WatchedSite.open(context);
  const { pra, relay, slack, sms } = site;
  const french = { ...site.variables, LANG: "fr_FR.UTF-8" };
  assert.equal((await pra.run("backup --full")).code, 0);
  const before = await pra.json("golive show");
  assert.equal(before.value["liveAt"], null);
  const nameless = await pra.json("golive start");
  assert.deepEqual([nameless.code, errorCodeOf(nameless.value)], [2, "USAGE_MISSING_OPTION"]);
  const started = await pra.startWith(["golive", "start", "--by", "Awa Diop"], site.variables)
    .answer;
  assert.equal(started.code, 0, started.err);
  assert.match(started.out, /as Awa Diop said\. The first week begins\./);
  assert.match(started.out, /email astreinte@example\.org/);
  const again = await pra.startWith(["golive", "start", "--by", "Me", "--json"]).answer;
  assert.deepEqual(
    [again.code, errorCodeOf(JSON.parse(again.out) as Record<string, unknown>)],
    [3, "WATCH_LIVE_ALREADY"],
  );
  // One hour for both: a minute later it would be another.
  const begun = { ...french, PRA_DIGEST_AT: clock(-3) };
  const status = await pra.run("status", begun);
  assert.match(status.out, /✓ +première semaine +jour 1 sur 7 : seuils plus serrés jusqu'au/);
  // What the look has started may be at it: both begin, and both may queue.
  await pra.run("alert deliver --sign", begun);
  assert.equal(relay.received.filter(({ mail }) => /jour 1/.test(mail.subject ?? "")).length, 0);
  const due = { ...french, PRA_DIGEST_AT: clock(0) };
  await Promise.all([1, 2].map(() => pra.run("alert deliver --sign", due)));
  await pra.run("alert deliver --sign", due);
  const mails = relay.received.filter(({ mail }) => /jour 1 sur 7/.test(mail.subject ?? ""));
  assert.equal(mails.length, 1, mails.map(({ mail }) => mail.subject).join("\n"));
  const [{ mail } = { mail: undefined }] = mails;
  assert.match(mail?.text ?? "", /Ce qui a tourné\n {2}1 sauvegarde, bonne\n/);
  assert.match(mail?.text ?? "", /Ce qui a été prouvé\n {2}Rien n'a été prouvé\.\n/);
  assert.match(String(mail?.html), /<h2>Exposition<\/h2>/);
  const digests = slack.received.filter(({ body }) => /jour 1 sur 7/.test(body));
  assert.equal(digests.length, 1);
  assert.equal(
    sms.received.filter(({ path }) => /sur\+?7/.test(decodeURIComponent(path))).length,
    0,
  );
  const events = await pra.json("ledger list --kind wentLive");
  assert.match(events.out, /Awa Diop/);
  site.assertNoSecretTold();
});
