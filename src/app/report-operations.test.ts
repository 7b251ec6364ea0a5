/** Reports that were archived long ago, by a process that has written much since. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Language } from "../core/language.ts";
import type { ReportDocument } from "../render/report-document.ts";
import { environmentIn } from "../../tests/support/environment-in.ts";
import { archiveReport } from "./archive-report.ts";
import { compose } from "./compose.ts";
import { createRepository } from "./create-repository.ts";
import { LedgerRecorder } from "./ledger-recorder.ts";
import { listArchive } from "./report-operations.ts";
import { openRepository } from "./repository-access.ts";

const { signal } = new AbortController();
/** More than one page of a listing, and than a search for the newest word reads of one process. */
const EVENTS_SINCE = 1100;

test("R31 a report whose event lies behind a thousand others of the same process is known as recorded", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "pra-reports-"));
  context.after(() => rm(directory, { recursive: true }));
  const environment = environmentIn(directory, {
    BACKUP_DIR: join(directory, "repository"),
    PRA_STATE_DIR: join(directory, "state"),
    PRA_KEY_FILE: join(directory, "key"),
  });
  const adapters = compose();
  await createRepository(adapters, environment, { signal, encryption: "on", recoveryKey: "write" });
  const { sealed } = await openRepository(adapters, environment, { signal });
  const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: "test" });
  const document = (language: Language): ReportDocument => ({
    language,
    title: "A report",
    subtitle: "of long ago",
    verdict: { tone: "good", text: "passed", detail: "" },
    figures: [],
    sections: [],
    footer: [],
  });
  const about = { cluster: "main", kind: "proof", model: 1, startedAt: "2026-08-01T00:00:00.000Z" };
  const documents = { en: document("en"), fr: document("fr") };
  const report = { ...about, subject: "a backup", verdict: "proved", documents, data: {} };
  const archived = await archiveReport(sealed, ledger, report);
  for (let event = 0; event < EVENTS_SINCE; event += 1) {
    const data = { what: "list", cluster: "main", object: "", repeats: 0 };
    await ledger.record({ kind: "accessed", data });
  }
  assert.deepEqual([archived.failure, ledger.failure], [undefined, undefined]);
  const { reports } = await listArchive(adapters, environment, {
    signal,
    kind: undefined,
    limit: 1,
  });
  assert.deepEqual(
    reports.map(({ id, state }) => [id, state.kind]),
    [[archived.id, "whole"]],
  );
});
