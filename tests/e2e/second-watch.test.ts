/**
 * A watcher that sees nothing but the repository: it tells when the first one falls silent, once, and when it is back; and what the first one tells it
 * leaves to it. Both are real processes; that time has passed is written into what the second one remembers.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { HttpReceiver } from "../support/http-receiver.ts";
import { startTestServer } from "../support/test-server.ts";

type Check = { readonly id: string; readonly ok: boolean; readonly summary: string };

async function until(what: string, seen: () => boolean): Promise<void> {
  for (let tries = 0; !seen(); tries += 1) {
    assert.ok(tries < 600, `waited for ${what}`);
    await pause(100);
  }
}

function namesIn(folder: string, prefix: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .toSorted();
}

/** Everything that a second watcher has seen was seen so much longer ago. */
function age(pra: CommandLine, minutes: number): void {
  const folder = join(pra.directory, "state/watch/main");
  const name = namesIn(folder, "first-").at(-1) ?? "";
  const text = readFileSync(join(folder, name), "utf8");
  const older = text.replaceAll(
    /"(wallMs|uptimeMs)":([\d.]+)/g,
    (_whole, key: string, value: string) => `"${key}":${Number(value) - minutes * 60_000}`,
  );
  writeFileSync(join(folder, name), older);
}

test("R20 R21 the second watcher tells once that the first is silent, and when it is back; it sees no server and writes nothing", async (context) => {
  const server = await startTestServer({ major: 18 });
  const first = await CommandLine.initialised(server);
  const second = await CommandLine.create();
  const told = await HttpReceiver.start(() => ({ status: 200, body: "ok" }));
  const own = await HttpReceiver.start(() => ({ status: 200, body: "ok" }));
  context.after(async () => {
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await told[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });
  const elsewhere = {
    BACKUP_DIR: first.repository,
    PRA_KEY_FILE: first.keyFile,
    SLACK_WEBHOOK: `${told.origin}/services/T0/B0/hunter2`,
  };
  const here = { SLACK_WEBHOOK: `${own.origin}/services/T0/B0/hunter2` };
  assert.equal((await first.run("backup --full")).code, 0);
  // R18: the network from its side, too.
  const network = { PRA_ISOLATED: new URL(told.origin).host };
  const never = await second.json("watch --from-repository", { ...elsewhere, ...network });
  assert.equal(never.code, 4);
  const open = (never.value["checks"] as Check[]).find(({ id }) => id === "reachability");
  assert.match(open?.summary ?? "", /^127\.0\.0\.1:\d+ /);
  await until("that nobody watches", () => told.received.some(({ body }) => /silent/.test(body)));
  const leaveSign = async (count: number): Promise<void> => {
    const state = join(first.directory, "state/watch/main");
    for (const name of count === 1 ? [] : namesIn(state, "sign-")) {
      rmSync(join(state, name));
    }
    await first.run("status", here);
    const signs = join(first.repository, "signs/main");
    await until("a sign", () => {
      try {
        return namesIn(signs, "0").length === count;
      } catch {
        return false;
      }
    });
  };
  await leaveSign(1);
  const checksOf = (value: Record<string, unknown>): ReadonlyMap<string, Check> =>
    new Map((value["checks"] as Check[]).map((check) => [check.id, check]));
  await server.kill();
  const well = await second.json("watch --from-repository", elsewhere);
  assert.equal(well.code, 0, well.out + well.err);
  assert.match(checksOf(well.value).get("watcher")?.summary ?? "", /gave a sign of life/);
  assert.match(checksOf(well.value).get("clock")?.summary ?? "", /agrees/);
  await until("its resolution", () => told.received.some(({ body }) => /resolved/.test(body)));
  told.received.length = 0;
  age(second, 20);
  const silent = await second.run("watch --from-repository --lang fr", elsewhere);
  assert.equal(silent.code, 4);
  assert.match(silent.out, /✗ premier surveillant +sur .* : aucun signe de vie depuis 20 min/);
  await until("the alert", () => told.received.some(({ body }) => /se tait/.test(body)));
  await second.run("watch --from-repository", elsewhere);
  await server.start();
  await leaveSign(2);
  const back = await second.run("watch --from-repository", elsewhere);
  assert.equal(back.code, 0, back.out);
  await until("the resolution", () => told.received.some(({ body }) => /resolved/.test(body)));
  const said = told.received
    .map(({ body }) => body)
    .filter((body) => /first watcher|premier surv/.test(body));
  assert.deepEqual(
    said.map((body) => /resolved/.test(body)),
    [false, true],
  );
  assert.ok(!said.join("").includes("hunter2"), "L54");
  const loop = second.start("watch --from-repository --every 10", elsewhere);
  let log = "";
  loop.child.stdout?.on("data", (text: string) => (log += text));
  await until("a look of the loop", () => log.includes('"looked"'));
  loop.child.kill("SIGTERM");
  assert.equal((await loop.answer).code, 0);
  const same = await first.json("watch --from-repository", here);
  assert.equal(same.code, 2);
  assert.equal(errorCodeOf(same.value), "CONFIG_WATCH_SAME_HOST");
  const bare = await second.json("watch", elsewhere);
  assert.deepEqual([bare.code, errorCodeOf(bare.value)], [2, "USAGE_MISSING_OPTION"]);
});
