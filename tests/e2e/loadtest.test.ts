/** The load test as a person runs it, in a small size: to its end with its report, interrupted, with its server killed from outside, and refused. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadTestFacts } from "../../src/queries/load-test-facts.ts";
import { htmlPage } from "../../src/render/html-page.ts";
import { loadTestReport } from "../../src/render/load-test-report.ts";
import { MailRelay } from "../support/mail-relay.ts";
import { type Run, ended, playground, runPra } from "../support/pra-run.ts";

const SMALL = ["--size", "10MB", "--clients", "4", "--seed", "7"];

/** Production's server cannot be reached: a load test must not even try. */
function pra(
  directory: string,
  words: readonly string[],
  lang = "en",
  variables: Readonly<Record<string, string>> = {},
): Run {
  return runPra(directory, words, {
    ...variables,
    PATH: process.env["PATH"],
    PRA_LANG: lang,
    PRA_STATE_DIR: join(directory, "state"),
    PRA_KEY_FILE: join(directory, "main.key"),
    BACKUP_DIR: join(directory, "backups"),
    PG_HOST: "/nowhere",
    PG_PORT: "1",
  });
}

const ASKS =
  'test -S "$PGHOST/.s.PGSQL.$PGPORT" && "$0" -e "fetch(process.argv[1])" "$1" && echo "$PGUSER $PGDATABASE answers"';

/** An application that is well from when its command has started it. */
async function application(): Promise<AsyncDisposable & { readonly url: string }> {
  let started = false;
  const server = createServer((request, response) => {
    started ||= request.url === "/start";
    response.writeHead(started ? 200 : 503).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function untilSaid(run: Run, pattern: RegExp): Promise<void> {
  for (let tries = 0; !pattern.test(run.err()); tries += 1) {
    assert.ok(tries < 2400 && run.child.exitCode === null, run.err());
    await sleep(50);
  }
}

async function untilNoProcess(directory: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const found: string[] = [];
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (Number(pid) !== process.pid && command.includes(directory)) {
        found.push(command.replaceAll("\0", " "));
      }
    }
    if (found.length === 0) {
      return;
    }
    assert.ok(tries < 200, found.join("\n"));
    await sleep(100);
  }
}

/** By their ending, byte for byte. */
async function reportsOf(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const folder = join(directory, "state", "reports");
  const names = (await readdir(folder)).toSorted();
  const read = names.map(
    async (name) => [name.slice(name.indexOf(".")), await readFile(join(folder, name))] as const,
  );
  return new Map(await Promise.all(read));
}

test("R6 R31 a load test passes with zero commits lost, writes its report in both languages, puts its hash into the ledger and mails it", async () => {
  await using ground = await playground();
  const init = pra(ground.path, ["init"]);
  assert.equal(await ended(init), 0, init.err());
  // An application that needs its database, its role and the restored server's address, and answers at its own from then on.
  await using shop = await application();
  const command = ["/bin/sh", "-c", ASKS, process.execPath, `${shop.url}/start`];
  await writeFile(
    join(ground.path, "pra.yaml"),
    `proof:\n  application:\n    command: ${JSON.stringify(command)}\n    database: orders\n    user: shop\n`,
  );
  await using relay = await MailRelay.start({ noStartTls: true });
  const run = pra(ground.path, ["loadtest", "--duration", "10s", "--send", ...SMALL], "en", {
    APP_HEALTH_URL: `${shop.url}/health`,
    ALERT_EMAIL: "direction@example.org",
    PRA_MAIL_FROM: "pra@example.org",
    PRA_SMTP_URL: `smtp://127.0.0.1:${relay.port}`,
    // Of somebody else's server: nothing of the test may take them.
    PGSSLMODE: "require",
    PGSSLNEGOTIATION: "direct",
    PGOPTIONS: "-c default_transaction_read_only=on",
  });
  const code = await ended(run);
  const reports = await reportsOf(ground.path);
  const facts = JSON.parse(String(reports.get(".json"))) as LoadTestFacts;
  // A machine under load may miss the one test that is about speed, and nothing else.
  const slow = facts.tests.find(({ name }) => name === "slowdown")?.outcome !== "pass";
  assert.equal(code, slow ? 4 : 0, run.err() + run.out());
  assert.equal(facts.ok, !slow);
  assert.ok(facts.tests.every(({ name, outcome }) => outcome === "pass" || name === "slowdown"));
  assert.ok(facts.acknowledged > 0);
  assert.equal(facts.rpo.seconds, 0);
  assert.ok(facts.rto.met === true && (facts.rto.seconds ?? 0) > 0);
  assert.equal(facts.backups[0]?.kind, "full");
  assert.equal(facts.application?.output, "shop orders answers\n");
  const asked = JSON.stringify(facts.health);
  assert.match(asked, /"before":"status","after":\{"kind":"well","attempts":1,/);
  assert.equal(facts.tests.find(({ name }) => name === "restored")?.figures["untilApplication"], 1);
  assert.ok((facts.slowdown.streaming?.rate.count ?? 0) > 0, "a round was measured");
  assert.match(run.out(), /No acknowledged commit is lost +✓ PASS +0 of/);
  assert.match(run.out(), /RTO measured .*✓ MET: the objective is/);
  const ledger = pra(ground.path, ["ledger", "list", "--kind", "loadTestFinished", "--json"]);
  assert.equal(await ended(ledger), 0, ledger.err());
  assert.deepEqual([...reports.keys()].toSorted(), [".en.pdf", ".html", ".json", ".md", ".pdf"]);
  assert.match(run.out(), /Sent: email direction@example\.org/);
  const [mail, ...more] = relay.received.map((one) => one.mail);
  assert.match(mail?.subject ?? "", /Load test · main/);
  assert.deepEqual(mail?.attachments[0]?.content, reports.get(".pdf"));
  assert.deepEqual(more, []);
  for (const content of reports.values()) {
    assert.ok(ledger.out().includes(createHash("sha256").update(content).digest("hex")));
  }
  const whole = /No acknowledged commit is lost[\s\S]*<svg/;
  assert.match(String(reports.get(".html")), whole);
  const program = "PRA";
  const french = htmlPage(loadTestReport(facts, { language: "fr", program }));
  assert.match(french, /<html lang="fr">[\s\S]*Aucune validation confirmée[\s\S]*<svg/);
  const sha256 = createHash("sha256").update(french).digest("hex");
  assert.ok(ledger.out().includes(sha256), "the French page is archived too");
  assert.ok(
    !(await readdir(ground.path)).some((name) => name.startsWith("pra-loadtest-")),
    "nothing stays but the report",
  );
  await untilNoProcess(ground.path);
});

test("R6 an interrupt ends a load test within ten seconds, with a report that says so", async () => {
  await using ground = await playground();
  const run = pra(ground.path, ["loadtest", "--duration", "10m", ...SMALL], "fr");
  await untilSaid(run, /Charge sur le serveur seul/);
  await untilSaid(run, /[1-9]\d* validations · reste/);
  run.child.kill("SIGINT");
  const beganMs = performance.now();
  assert.equal(await ended(run), 130);
  assert.ok(performance.now() - beganMs < 10_000);
  assert.match(run.out(), /! INTERROMPU/);
  const facts = JSON.parse(String((await reportsOf(ground.path)).get(".json"))) as LoadTestFacts;
  assert.equal(facts.ending, "interrupted");
  assert.equal(facts.ok, false);
  assert.deepEqual(facts.rto, { seconds: null, objectiveSeconds: 1800, met: null });
  assert.deepEqual(await readdir(ground.path), ["state"]);
  await untilNoProcess(ground.path);
});

test("R6 a server that somebody else kills is reported as lost, and nothing that was not come to is passed", async () => {
  await using ground = await playground();
  const run = pra(ground.path, ["loadtest", "--duration", "10m", ...SMALL]);
  await untilSaid(run, /Load on the server alone/);
  const folder = (await readdir(ground.path)).find((name) => name.startsWith("pra-loadtest-"));
  const pidFile = join(ground.path, folder ?? "", "production", "postmaster.pid");
  process.kill(Number((await readFile(pidFile, "utf8")).split("\n")[0]), "SIGKILL");
  assert.equal(await ended(run), 4, run.err() + run.out());
  assert.match(run.err(), /went away by itself/);
  assert.match(run.out(), /✗ SERVER LOST/);
  const facts = JSON.parse(String((await reportsOf(ground.path)).get(".json"))) as LoadTestFacts;
  assert.equal(facts.ending, "serverLost");
  assert.ok(facts.tests.every(({ outcome }) => outcome !== "pass"));
  await untilNoProcess(ground.path);
});

test("R6 a disk that fills under the load ends it with a report that says so, and with nothing left on it", async () => {
  await using ground = await playground();
  const run = pra(ground.path, ["loadtest", "--duration", "10m", ...SMALL]);
  await untilSaid(run, /Making the server/);
  const folder = (await readdir(ground.path)).find((name) => name.startsWith("pra-loadtest-"));
  await symlink("/dev/full", join(ground.path, folder ?? "", "acknowledged.txt"));
  assert.equal(await ended(run), 1, run.err() + run.out());
  assert.match(run.out(), /no space left to write .*acknowledged\.txt/);
  const facts = JSON.parse(String((await reportsOf(ground.path)).get(".json"))) as LoadTestFacts;
  assert.equal(facts.ending, "failed");
  assert.equal(facts.failure?.code, "RESTORE_DISK_FULL");
  assert.ok(facts.acknowledged > 0);
  assert.deepEqual(await readdir(ground.path), ["state"]);
  await untilNoProcess(ground.path);
});

test("R6 a disk that is too small and words that are no values are refused before anything begins", async () => {
  await using ground = await playground();
  const huge = pra(ground.path, ["loadtest", "--size", "99GB", "--duration", "24h"]);
  assert.equal(await ended(huge), 2);
  assert.match(huge.err(), /the load test needs \d+ MiB/);
  for (const [option, value] of [
    ["--duration", "5"],
    ["--duration", "2s"],
    ["--size", "much"],
    ["--clients", "65"],
  ] as const) {
    const wrong = pra(ground.path, ["loadtest", option, value]);
    assert.equal(await ended(wrong), 2);
    assert.ok(wrong.err().includes(`"${value}" is not a value for ${option}`), wrong.err());
  }
  const variables = { PRA_FAILPOINT: "files.lock-create:error" };
  const locked = pra(ground.path, ["loadtest", "--duration", "10s", ...SMALL], "en", variables);
  assert.equal(await ended(locked), 1, locked.err());
  assert.match(locked.err(), /lock of .*pra-loadtest-.* failed/);
  assert.deepEqual(await readdir(ground.path), []);
});
