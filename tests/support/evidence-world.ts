/** A repository whose ledger has forty days of two clusters in it, and bundles of evidence made of it. Nothing is asked of a server. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { archiveReport } from "../../src/app/archive-report.ts";
import { type Adapters, compose } from "../../src/app/compose.ts";
import { createRepository } from "../../src/app/create-repository.ts";
import type { Environment } from "../../src/app/environment.ts";
import { type MadeEvidence, exportEvidence } from "../../src/app/evidence/export-evidence.ts";
import { LedgerRecorder } from "../../src/app/ledger-recorder.ts";
import { openRepository } from "../../src/app/repository-access.ts";
import type { Clock } from "../../src/core/clock.ts";
import { msOf } from "../../src/core/units.ts";
import type { EventContent } from "../../src/ledger/event-kinds.ts";
import { TarReader } from "../../src/postgres/tar-reader.ts";
import type { ReportDocument } from "../../src/render/report-document.ts";
import type { SealedStore } from "../../src/repository/sealed-store.ts";
import { environmentIn } from "./environment-in.ts";

const { signal } = new AbortController();
const DAY = 86_400_000;
const HOUR = 3_600_000;
const ID = "0".repeat(32);

/** Files of a bundle by their names in it. */
export type BundleFiles = ReadonlyMap<string, Buffer>;

/** The site. */
export type EvidenceWorld = {
  readonly directory: string;
  readonly environment: Environment;
  readonly adapters: Adapters;
  readonly sealed: SealedStore;
  /** The present; forty days before it the ledger begins. */
  readonly nowMs: number;
  /** Records at an instant, as one process. */
  record(atMs: number, ...contents: readonly EventContent[]): Promise<void>;
  export(name: string, from: number, to: number): Promise<MadeEvidence>;
};

function clockAt(now: () => number): Clock {
  const { clock } = compose();
  return {
    now: () => msOf(now()),
    monotonic: () => clock.monotonic(),
    sleep: (durationMs, call) => clock.sleep(durationMs, call),
  };
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

function backup(cluster: string, atMs: number, ok: boolean): EventContent {
  const place = { cluster, incarnation: `${"0".repeat(16)}-${ID}` };
  const startedAt = iso(atMs);
  return ok
    ? {
        kind: "backupFinished",
        data: {
          ...place,
          backup: ID,
          kind: "full",
          parent: null,
          label: "=1+1",
          startedAt,
          finishedAt: startedAt,
          timeline: 1,
          startLsn: "0/1",
          stopLsn: "0/2",
          clusterBytes: 1e9,
          readBytes: 1e9,
          storedBytes: 1e8,
          newBlocks: 7,
          totalBlocks: 9,
          corruptPages: 0,
        },
      }
    : {
        kind: "backupFailed",
        data: { ...place, backup: null, startedAt, code: "X", message: 'said "no",\nthen died' },
      };
}

/** That a proof came to an end. */
export function proof(
  cluster: string,
  proven: boolean,
  findings: readonly string[] = ["l'été"],
): EventContent {
  return {
    kind: "proofFinished",
    data: {
      cluster,
      incarnation: `${"0".repeat(16)}-${ID}`,
      backup: ID,
      target: { kind: "latest", value: null, timeline: null },
      verdict: proven ? "proven" : "failed",
      reached: null,
      levels: [{ level: 1, ok: proven, durationMs: 0.5, findings: [...findings] }],
      serverVersion: null,
      rpoSeconds: 12.25,
      rtoSeconds: 600,
      predictedMs: null,
    },
  };
}

const accessed = (object: string | null): EventContent => ({
  kind: "accessed",
  data: { what: "restore", cluster: "main", object, repeats: 0 },
});

function looks(fromMs: number): EventContent {
  const slot = { exposureSeconds: 60, backupAgeSeconds: 1, proofAgeSeconds: null, state: "good" };
  return {
    kind: "looksSampled",
    data: {
      cluster: "main",
      host: "b",
      from: iso(fromMs),
      objectives: { rpoSeconds: 3600, rtoSeconds: 1800 },
      looks: 12,
      slots: Array.from({ length: 12 }, (_, index) =>
        index === 3 ? null : { ...slot, state: "good" as const },
      ),
    },
  };
}

function page(language: "en" | "fr"): ReportDocument {
  const verdict = { tone: "good" as const, text: "proved", detail: "" };
  return { language, title: "A", subtitle: "b", verdict, figures: [], sections: [], footer: [] };
}

/** What happened: each day a backup but one, each week a proof, one process that lives long, one whose clock was set back, one that was quiet since. */
async function live(world: EvidenceWorld): Promise<void> {
  const startMs = Math.floor(world.nowMs / DAY) * DAY - 40 * DAY;
  await world.record(startMs + HOUR, {
    kind: "wentLive",
    data: { cluster: "main", by: "Awa", note: "", at: iso(startMs), again: false },
  });
  for (let day = 0; day < 39; day += 1) {
    const atMs = startMs + day * DAY + 2 * HOUR;
    const clusters = day % 2 === 0 ? ["main", "web"] : ["main"];
    if (day !== 17 && day !== 33) {
      await world.record(
        atMs,
        ...clusters.map((cluster) => backup(cluster, atMs, day % 13 !== 5)),
        looks(atMs),
      );
    }
    if (day % 7 === 3 && day !== 24) {
      await world.record(atMs + HOUR, proof("main", day !== 10), accessed("é;\"'"));
    }
  }
}

/** Makes it. */
export async function evidenceWorld(context: TestContext): Promise<EvidenceWorld> {
  const directory = await mkdtemp(join(tmpdir(), "pra-evidence-"));
  context.after(() => rm(directory, { recursive: true }));
  const envFile = join(directory, "settings");
  await writeFile(envFile, "", { mode: 0o600 });
  const environment = environmentIn(
    directory,
    {
      BACKUP_DIR: join(directory, "repository"),
      PRA_STATE_DIR: join(directory, "state"),
      PRA_KEY_FILE: join(directory, "key"),
      PRA_TIME_ZONE: "Europe/Paris",
    },
    { checkoutDirectory: fileURLToPath(new URL("../..", import.meta.url)), envFile },
  );
  const real = compose();
  await createRepository(real, environment, { signal, encryption: "on", recoveryKey: "write" });
  const { sealed } = await openRepository(real, environment, { signal });
  const nowMs = real.clock.now();
  const world: EvidenceWorld = {
    directory,
    environment,
    adapters: real,
    sealed,
    nowMs,
    record: async (atMs, ...contents) => {
      let time = atMs;
      const clock = clockAt(() => (time += 1000));
      const adapters = { ...real, clock };
      const opened = await openRepository(adapters, environment, { signal });
      const ledger = new LedgerRecorder(adapters, opened.sealed, {
        environment,
        reason: "=HYPERLINK(1)",
      });
      for (const content of contents) {
        await ledger.record(content);
      }
    },
    export: async (name, from, to) =>
      await exportEvidence(real, environment, {
        typed: { from: iso(from), to: iso(to), month: undefined },
        output: join(directory, name),
        onEvents: () => undefined,
        signal,
      }),
  };
  await live(world);
  await longLived(world);
  return world;
}

/** A process that writes for days, and one of whom the clock is set back in the middle. */
async function longLived(world: EvidenceWorld): Promise<void> {
  const { nowMs, environment, adapters: real } = world;
  for (const back of [false, true]) {
    let atMs = nowMs - 20 * DAY;
    const adapters = { ...real, clock: clockAt(() => atMs) };
    const { sealed } = await openRepository(adapters, environment, { signal });
    const ledger = new LedgerRecorder(adapters, sealed, { environment, reason: "daemon" });
    for (let step = 0; step < 12; step += 1) {
      await ledger.record(accessed(String(step)));
      atMs += back && step === 5 ? -3 * DAY : 1.5 * DAY;
    }
    if (!back) {
      await archive(world, sealed, ledger);
    }
  }
}

async function archive(
  { nowMs }: EvidenceWorld,
  sealed: SealedStore,
  ledger: LedgerRecorder,
): Promise<void> {
  for (const kind of ["proof", "loadtest"]) {
    await archiveReport(sealed, ledger, {
      cluster: "main",
      kind,
      model: 1,
      startedAt: iso(nowMs - 2 * DAY),
      subject: "a",
      verdict: "proved",
      documents: { en: page("en"), fr: page("fr") },
      data: { kind },
    });
  }
}

/** The files in an archive, without its folder. */
export async function readBundle(path: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let parts: Buffer[] = [];
  let name = "";
  const taker = {
    beginEntry: ({ path: full }: { readonly path: string }): void => {
      name = full.split("/").slice(1).join("/");
      parts = [];
    },
    data: (view: Uint8Array): void => void parts.push(Buffer.from(view)),
    endEntry: (): void => void files.set(name, Buffer.concat(parts)),
  };
  const reader = new TarReader(taker, { archive: path, endBlocksRequired: true });
  reader.push(await readFile(path));
  reader.end();
  return files;
}
