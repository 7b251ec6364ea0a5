/** Reports in the repository: they are shown as they were made, and one that was edited, replaced or removed is named. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { present } from "../../src/core/assert.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";
import { MailRelay } from "../support/mail-relay.ts";
import { startTestServer } from "../support/test-server.ts";

type Shown = Readonly<Record<string, unknown>>;

function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

async function reportsOf(
  pra: CommandLine,
): Promise<{ readonly code: number | null; readonly reports: readonly Shown[] }> {
  const { code, value } = await pra.json("report list");
  return { code, reports: value["reports"] as readonly Shown[] };
}

async function pathOf(pra: CommandLine, id: string): Promise<string> {
  const names = await readdir(pra.repository, { recursive: true });
  const name = names.find((one) => one.endsWith(id) && one.startsWith("reports/"));
  return join(pra.repository, present(name, "the report lies in the repository"));
}

test("R31 a proof's report is archived as it was made, shown with the hash that the ledger holds, and named when it was changed or removed", async () => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  assert.equal((await pra.run("backup --full")).code, 0);
  assert.match((await pra.run("report list --lang fr")).out, /Aucun rapport n'est encore archivé/);
  const killed = await pra.run("prove", { PRA_FAILPOINT: "report.put:kill" });
  assert.equal(killed.code, null);
  assert.deepEqual((await reportsOf(pra)).reports, [], "nothing half lies there");
  await using relay = await MailRelay.start({ noStartTls: true });
  const proved = await pra.json("prove --send", {
    ALERT_EMAIL: "direction@example.org",
    PRA_MAIL_FROM: "pra@example.org",
    PRA_SMTP_URL: `smtp://127.0.0.1:${relay.port}`,
  });
  assert.equal(proved.code, 0, proved.out);
  const id = String(proved.value["reportId"]);

  const { code, reports } = await reportsOf(pra);
  assert.deepEqual([code, reports.length], [0, 1]);
  const only = present(reports[0], "a report is listed");
  assert.deepEqual(
    [only["id"], only["kind"], only["verdict"], only["subject"], only["state"]],
    [id, "proof", "proved", proved.value["backup"], "whole"],
  );
  const hashes = new Map(
    (only["files"] as readonly Shown[]).map((file) => [file["name"], file["sha256"]]),
  );
  assert.deepEqual(
    [...hashes.keys()],
    ["json", "md.en", "md.fr", "html.en", "html.fr", "pdf.en", "pdf.fr"],
  );
  assert.equal((proved.value["sent"] as readonly Shown[])[0]?.["state"], "accepted");
  const [mail, ...more] = relay.received.map((one) => one.mail);
  assert.match(mail?.subject ?? "", /Restore proof · main/);
  const [attached] = mail?.attachments ?? [];
  assert.equal(sha256(present(attached?.content, "attached")), hashes.get("pdf.en"));
  assert.deepEqual(more, []);
  const onDisk = await readFile(String(proved.value["report"]));
  assert.equal(sha256(onDisk), hashes.get("html.en"), "the file beside the state is the same");
  const page = join(pra.directory, "preuve.html");
  const shown = await pra.run(
    `report show ${id.slice(0, 16)} --format html --lang fr --output ${page}`,
  );
  assert.equal(shown.code, 0, shown.err);
  assert.equal(sha256(await readFile(page)), hashes.get("html.fr"));
  const again = await pra.json(`report show ${id} --output ${page}`);
  assert.equal(errorCodeOf(again.value), "LEDGER_REPORT_FILE");
  const text = await pra.json(`report show ${id} --format json`);
  assert.equal(sha256(String(text.value["text"])), hashes.get("json"));
  assert.match((await pra.run(`report show ${id}`)).out, /^# Restore proof · main/);
  assert.equal(errorCodeOf((await pra.json("report show ffff")).value), "LEDGER_REPORT_UNKNOWN");
  assert.equal((await pra.run("verify --deep")).code, 0, "it is an object like others");

  const unrecorded = await pra.run("prove", { PRA_FAILPOINT: "report.record:kill" });
  assert.equal(unrecorded.code, null);
  const two = await reportsOf(pra);
  assert.equal(two.code, 5);
  const [second] = two.reports;
  assert.equal(second?.["state"], "unrecorded");
  const warned = await pra.run(`report show ${String(second?.["id"])}`);
  assert.equal(warned.code, 5);
  assert.match(warned.err, /no event of the ledger names it/);

  const path = await pathOf(pra, id);
  const content = await readFile(path);
  const edited = Buffer.from(content);
  edited[edited.length - 30] = (edited[edited.length - 30] ?? 0) ^ 1;
  await rm(path);
  await writeFile(path, edited);
  const altered = await reportsOf(pra);
  assert.deepEqual([altered.code, altered.reports[1]?.["state"]], [4, "altered"]);
  assert.equal(errorCodeOf((await pra.json(`report show ${id}`)).value), "LEDGER_REPORT_ALTERED");
  await rm(path);
  const missing = await pra.run("report list");
  assert.equal(missing.code, 4);
  assert.match(missing.out, new RegExp(`✗ ${id} is recorded, and missing from the repository`));
  assert.equal(errorCodeOf((await pra.json(`report show ${id}`)).value), "LEDGER_REPORT_MISSING");
  await writeFile(path, content);
  assert.ok((await stat(path)).size > 1000);
  assert.equal((await reportsOf(pra)).code, 5, "whole again, beside the one that no event names");

  const today = new Date().toISOString().slice(0, 10);
  const folder = join(pra.directory, "rapports");
  const day = await pra.json(`report daily --period ${today} --output ${folder}`, {
    PRA_TIME_ZONE: "UTC",
  });
  assert.equal(day.code, 0, day.err);
  assert.deepEqual([day.value["verdict"], day.value["goesOn"]], ["notDemonstrated", true]);
  const pdf = await readFile(`${String(day.value["path"])}.pdf`);
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  const told = await pra.run(`report daily --period ${today} --lang fr --send`, {
    PRA_TIME_ZONE: "UTC",
  });
  assert.equal(told.code, 5, "nobody reads mail here");
  assert.match(
    told.out,
    /Rapport quotidien · main[^]*Preuves réussies +3 sur 3 \(100 %\) +✓ atteint/,
  );
  const wrong = await pra.json("report monthly --period 2026-13");
  assert.deepEqual([wrong.code, errorCodeOf(wrong.value)], [2, "LEDGER_REPORT_PERIOD"]);
  const metrics = await pra.run(`docs metrics --output ${folder}`);
  assert.equal(metrics.code, 0, metrics.err);
  assert.match(
    await readFile(join(folder, "METRICS.md"), "utf8"),
    /\| S135 \| RPO below its objective/,
  );
});
