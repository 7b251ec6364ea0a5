/** A month from a ledger on a real disk to files, an archive and a hash. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { PeriodFacts } from "../queries/period/period-facts.ts";
import { environmentIn } from "../../tests/support/environment-in.ts";
import { MailRelay } from "../../tests/support/mail-relay.ts";
import { recordLife } from "../../tests/support/record-life.ts";
import { eventsOfLife, simulateLife } from "../../tests/support/simulated-life.ts";
import { type Adapters, compose } from "./compose.ts";
import { createRepository } from "./create-repository.ts";
import type { Environment } from "./environment.ts";
import { makeMetrics } from "./metrics-report.ts";
import { makePeriodReport, requestedPeriod } from "./period-report.ts";
import { listArchive, showReport } from "./report-operations.ts";
import { openRepository } from "./repository-access.ts";
import { sendReport } from "./send-report.ts";

const { signal } = new AbortController();
const START = Date.UTC(2026, 7, 1);
const DAY = 86_400_000;

/** A repository whose ledger tells of some days from August 2026 on. */
async function livedIn(
  context: TestContext,
  days: number,
): Promise<{
  readonly adapters: Adapters;
  readonly environment: Environment;
  readonly directory: string;
}> {
  const directory = await mkdtemp(join(tmpdir(), "pra-period-"));
  context.after(() => rm(directory, { recursive: true }));
  const environment = environmentIn(directory, {
    BACKUP_DIR: join(directory, "repository"),
    PRA_STATE_DIR: join(directory, "state"),
    PRA_KEY_FILE: join(directory, "key"),
    PRA_TIME_ZONE: "Europe/Paris",
  });
  const real = compose();
  await createRepository(real, environment, { signal, encryption: "on", recoveryKey: "write" });
  const { sealed } = await openRepository(real, environment, { signal });
  const life = simulateLife({ fromMs: START, days, seed: 42 });
  await recordLife(sealed, eventsOfLife(life), { signal });
  const nowMs = life.toMs;
  const clock = { ...real.clock, now: () => nowMs as ReturnType<typeof real.clock.now> };
  return { adapters: { ...real, clock }, environment, directory };
}

test("R31 a month's report is written, archived with its hashes, and says the same when it is made again and from a ledger read anew", async (context) => {
  const { adapters, environment, directory } = await livedIn(context, 90);
  const output = join(directory, "reports");
  const request = { kind: "monthly", period: "2026-09", output, fresh: false, signal } as const;
  const { facts, files, path, archived, ledgerFailure } = await makePeriodReport(
    adapters,
    environment,
    request,
  );
  assert.deepEqual([archived.failure, ledgerFailure], [undefined, undefined]);
  assert.equal(facts.name, "2026-09");
  assert.equal(facts.verdict, "missed");
  const written = JSON.parse(await readFile(`${path}.json`, "utf8")) as PeriodFacts;
  assert.deepEqual(written, facts);
  assert.match(
    await readFile(`${path}.md`, "utf8"),
    /^# Monthly compliance report · main\n\nSeptember 2026/,
  );
  assert.ok((await readdir(output)).every((name) => name.startsWith("monthly-2026-09-")));
  const { reports } = await listArchive(adapters, environment, {
    signal,
    kind: "monthly",
    limit: 5,
  });
  assert.deepEqual(
    reports.map(({ id, state, recorded }) => [
      id,
      state.kind,
      recorded?.verdict,
      recorded?.subject,
    ]),
    [[archived.id, "whole", "missed", "2026-09"]],
  );
  const shown = await showReport(adapters, environment, {
    typed: archived.id ?? "",
    form: "html.fr",
    signal,
  });
  assert.match(shown.bytes.toString(), /<h1>Rapport mensuel de conformité · main<\/h1>/);
  const { bytes } = await showReport(adapters, environment, {
    typed: archived.id ?? "",
    form: "pdf.fr",
    signal,
  });
  assert.deepEqual(bytes, files.get("pdf.fr"));
  assert.deepEqual(await readFile(`${path}.pdf`), files.get("pdf.en"));
  for (const fresh of [false, true]) {
    const again = await makePeriodReport(adapters, environment, { ...request, fresh });
    // A report of now tells of those that were made before it; a month that is over does not.
    assert.deepEqual(again.facts, facts);
  }
});

test("R31 without a name it is the last day, week or month that is over; what has not begun is refused", () => {
  const at = { nowMs: START + 90 * DAY, zone: "Europe/Paris" };
  const named = (kind: "daily" | "weekly" | "monthly", period?: string): string =>
    requestedPeriod({ kind, period }, at).name;
  assert.deepEqual(
    [named("daily"), named("weekly"), named("monthly")],
    ["2026-10-29", "2026-W43", "2026-09"],
  );
  assert.equal(named("monthly", "2026-10"), "2026-10");
  for (const period of ["2026-11", "soon", "2026-10-01"]) {
    assert.throws(() => named("monthly", period), { code: "LEDGER_REPORT_PERIOD" });
  }
});

test("R31 the monthly report of a busy year, with its pages and PDFs in both languages, takes less than three seconds of a processor", async (context) => {
  const { adapters, environment } = await livedIn(context, 365);
  const request = {
    kind: "monthly",
    period: "2027-06",
    output: undefined,
    fresh: false,
    signal,
  } as const;
  // What the ledger says is read by whoever watches, all along.
  await makePeriodReport(adapters, environment, request);
  const before = process.cpuUsage();
  const { facts } = await makePeriodReport(adapters, environment, request);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  assert.equal(facts.trend.length, 6);
  assert.ok(seconds < 3, `${seconds.toFixed(2)} s`);
  context.diagnostic(`${seconds.toFixed(2)} s`);
});

test("R31 a report that is sent arrives by mail with its PDF, once; a relay that is away gets it later, and a file that was changed stays behind", async (context) => {
  const { adapters, environment: plain, directory } = await livedIn(context, 60);
  await using relay = await MailRelay.start({ noStartTls: true });
  const at = (port: number): Environment =>
    environmentIn(directory, {
      ...Object.fromEntries(Array.from(plain.settings, ([name, { value }]) => [name, value])),
      ALERT_EMAIL: "direction@example.org",
      PRA_MAIL_FROM: "pra@example.org",
      PRA_SMTP_URL: `smtp://127.0.0.1:${port}`,
    });
  const request = {
    kind: "monthly",
    period: "2026-08",
    output: undefined,
    fresh: false,
    signal,
  } as const;
  const made = await makePeriodReport(adapters, at(relay.port), request);
  const sendable = { ...made, reportId: made.archived.id };
  assert.deepEqual(
    await sendReport(adapters, plain, { made: sendable, signal }),
    [],
    "nobody reads mail there",
  );
  const closed = await sendReport(adapters, at(1), { made: sendable, signal });
  assert.deepEqual(
    closed.map(({ route, state }) => [route, state]),
    [["email direction@example.org", "waiting"]],
  );
  const again = await sendReport(adapters, at(relay.port), { made: sendable, signal });
  assert.equal(again.length, 1);
  await adapters.clock.sleep(50, { signal });
  const { deliverDue } = await import("./watch/deliver.ts");
  await deliverDue(adapters, at(relay.port), { signal, lifeMs: 120_000 });
  assert.equal(relay.received.length, 2, "both that were asked for, each once");
  for (const { mail } of relay.received) {
    assert.match(
      mail.subject ?? "",
      /^Objectives missed: Monthly compliance report · main, August 2026/,
    );
    const [file, ...more] = mail.attachments;
    assert.deepEqual(
      [file?.filename, file?.contentType, more.length],
      ["pra-main-monthly-2026-08.pdf", "application/pdf", 0],
    );
    assert.deepEqual(file?.content, made.files.get("pdf.en"));
    assert.match(mail.text ?? "", /What is not met[^]*pra report show [0-9a-f]{16}/);
  }
  const folder = join(directory, "state", "reports");
  const later = await sendReport(adapters, at(1), { made: sendable, signal });
  assert.equal(later[0]?.state, "waiting");
  for (const name of (await readdir(folder)).filter((one) => one.endsWith(".en.pdf"))) {
    await rm(join(folder, name));
    await writeFile(join(folder, name), "something else");
  }
  await deliverDue(adapters, at(relay.port), { signal, lifeMs: 120_000 });
  assert.deepEqual(relay.received.at(-1)?.mail.attachments, []);
});

test("R30 R32 METRICS is made anew from the ledger in place of the one before, archived each time, and says how old the last one was", async (context) => {
  const { adapters, environment, directory } = await livedIn(context, 60);
  const output = join(directory, "www");
  const first = await makeMetrics(adapters, environment, { output, fresh: false, signal });
  assert.deepEqual([first.archived.failure, first.ledgerFailure], [undefined, undefined]);
  const item = (facts: typeof first.facts, number: number): string | undefined =>
    facts.items.find((one) => one.item === number)?.state;
  assert.equal(item(first.facts, 132), "notDemonstrated");
  const html = await readFile(join(output, "METRICS.html"), "utf8");
  assert.match(html, /<h1>Metrics · main<\/h1>/);
  assert.equal(html.match(/<svg [^>]*role="img"/g)?.length, 3);
  assert.deepEqual((await readdir(output)).toSorted(), [
    "METRICS.html",
    "METRICS.json",
    "METRICS.md",
    "METRICS.pdf",
  ]);
  await makeMetrics(adapters, environment, { output, fresh: false, signal });
  const { reports } = await listArchive(adapters, environment, {
    signal,
    kind: "metrics",
    limit: 5,
  });
  assert.equal(reports.length, 2);
  assert.ok(reports.every(({ state }) => state.kind === "whole"));
});
