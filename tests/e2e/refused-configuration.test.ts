/** A configuration that is refused ends every command, backups too: that must be told to people, on the channels that can still be read in it. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { CommandLine } from "../support/command-line.ts";
import { HttpReceiver } from "../support/http-receiver.ts";

async function until(what: string, seen: () => boolean): Promise<void> {
  const began = performance.now();
  while (!seen()) {
    assert.ok(performance.now() - began < 60_000, `waited for ${what}`);
    await pause(50);
  }
}

test("R21 L53 under cron a line of .env that is misspelt, there twice, or has a wrong value is told, and its end; nothing else is looked at meanwhile", async () => {
  await using receiver = await HttpReceiver.start();
  await using pra = await CommandLine.create({ socketDirectory: "/nowhere", port: 5432 });
  assert.equal((await pra.run("init")).code, 0);
  const told = (): readonly string[] =>
    receiver.received.map(({ body }) => (JSON.parse(body) as { headline: string }).headline);
  const file = join(pra.directory, ".env");
  const whole = `PRA_WEBHOOK_URL=${receiver.url("/hook")}\nPG_SSLMODE=disable\n`;
  const look = async (more: string): Promise<Awaited<ReturnType<CommandLine["run"]>>> => {
    await writeFile(file, `${whole}${more}`, { mode: 0o600 });
    return await pra.run("status", { PRA_STATUS_TIMEOUT_MS: "3000" });
  };
  const refused = await look("ALERT_EMAIL dba@example.org\n");
  assert.equal(refused.code, 2);
  assert.match(refused.err, /\.env, line 3: /);
  await until("the alert", () => told().length === 1);
  assert.match(told()[0] ?? "", /^PRA main: configuration unusable since /);
  const [first] = receiver.received;
  assert.match(first?.body ?? "", /"rule":"configuration","subject":"","severity":"critical"/);
  assert.match(first?.body ?? "", /\.env.*line 3/);
  assert.equal((await look("PG_SSLMODE=require\n")).code, 2, "twice");
  assert.equal((await look("PG_CONNECT_TIMEOUT=many\n")).code, 2, "of the server");
  const passedOver = await look("RETENTION_DAYS=many\n");
  assert.equal(passedOver.code, 4, passedOver.err);
  assert.match(passedOver.out, /✗ settings .*RETENTION_DAYS/);
  await until("what else is ill", () => told().some((one) => /server unreachable/.test(one)));
  assert.equal((await look("")).code, 4);
  await until("the end", () => told().some((one) => /resolved .*configuration/.test(one)));
  assert.equal(told().filter((one) => /configuration unusable/.test(one)).length, 2, "once each");
});
