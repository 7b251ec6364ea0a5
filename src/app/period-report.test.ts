/** A month from a ledger on a real disk to files, an archive and a hash. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { PeriodFacts } from "../queries/period/period-facts.ts";
import { environmentIn } from "../../tests/support/environment-in.ts";
import { recordLife } from "../../tests/support/record-life.ts";
import { eventsOfLife, simulateLife } from "../../tests/support/simulated-life.ts";
import { type Adapters, compose } from "./compose.ts";
import { createRepository } from "./create-repository.ts";
import type { Environment } from "./environment.ts";
import { makePeriodReport, requestedPeriod } from "./period-report.ts";
import { listArchive, showReport } from "./report-operations.ts";
import { openRepository } from "./repository-access.ts";

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
