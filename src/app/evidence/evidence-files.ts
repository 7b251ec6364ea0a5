/** Every file of a bundle of evidence but the reports: computed from what was read of the ledger, and signed. docs/evidence.md. */
import { createHash } from "node:crypto";
import type { ArchivedFile } from "../../files/tar-archive.ts";
import type { LedgerSegment } from "../../ledger/segment.ts";
import type { LedgerVerdict } from "../../ledger/verify-ledger.ts";
import { generationsOf } from "../../pipeline/sealing/key-ring.ts";
import { fingerprintOf } from "../../pipeline/sealing/recipient-key.ts";
import { type Population, populationKinds, populationsOf } from "../../queries/population.ts";
import { csvText } from "../../render/csv-text.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { type SlaPeriod, judgeSla, routineSpans } from "../../sla/judge-sla.ts";
import type { SlaCollector } from "../../sla/sla-facts.ts";
import { signedBy } from "../ledger-anchor.ts";
import { clusterValue } from "../sla.ts";
import type { BundleFacts } from "./bundle-texts.ts";
import type { EvidenceProblem } from "./evidence-reports.ts";

/** Which period of which repository. `until`: the last instant that is settled. */
export type PeriodRun = {
  readonly sealed: SealedStore;
  readonly period: SlaPeriod;
  /** By whose clocks its days and weeks are counted. */
  readonly zone: string;
  readonly until: string;
  readonly goesOn: boolean;
};

/** What was read of it. */
export type PeriodRead = {
  readonly verdict: LedgerVerdict;
  readonly segment: LedgerSegment;
  readonly collector: SlaCollector;
};

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

function jsonFile(path: string, value: unknown): ArchivedFile {
  return { path, content: Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`) };
}

/** A file of text. */
export function textFile(path: string, text: string): ArchivedFile {
  return { path, content: Buffer.from(text) };
}

function lineFile(path: string, lines: readonly string[]): ArchivedFile {
  return textFile(path, lines.map((line) => `${line}\n`).join(""));
}

function listFiles(
  name: string,
  columns: readonly string[],
  rows: Population["rows"],
): readonly ArchivedFile[] {
  return [
    textFile(`lists/${name}.csv`, csvText(columns, rows)),
    jsonFile(`lists/${name}.json`, rows),
  ];
}

/** Days and weeks of the period that were to have a backup and a proof, of every cluster. */
function routineRows(collector: SlaCollector, { period, zone }: PeriodRun): Population["rows"] {
  return collector.facts().flatMap((facts) =>
    routineSpans(facts, period, zone).map(({ routine, fromMs, toMs, done }) => ({
      cluster: facts.cluster,
      routine,
      from: iso(fromMs),
      to: iso(toMs),
      done,
    })),
  );
}

const ROUTINE_COLUMNS = ["cluster", "routine", "from", "to", "done"];

/** Files of the period, and the rows of each list. */
export type PeriodFiles = {
  readonly files: readonly ArchivedFile[];
  readonly lists: Readonly<Record<string, number>>;
};

/** Everything that is computed from the period. */
export function periodFiles(
  { segment, verdict, collector }: PeriodRead,
  run: PeriodRun,
  share: number,
): PeriodFiles {
  const { period, zone, goesOn } = run;
  const events = segment.events.map(({ event }) => event);
  const populations = populationsOf(events);
  const routines = routineRows(collector, run);
  const clusters = collector
    .facts()
    .map((facts) => clusterValue(judgeSla(facts, period, { share, zone })));
  const heads = verdict.settledHeads.map(
    ({ writer, sequence, hash }) => `${writer} ${sequence} ${hash}`,
  );
  const { fromMs, toMs, nowMs } = period;
  return {
    files: [
      lineFile(
        "ledger/events.jsonl",
        segment.events.map(({ line }) => line),
      ),
      lineFile("ledger/before.jsonl", segment.before),
      lineFile("ledger/heads.txt", heads.toSorted()),
      ...populations.flatMap(({ name, columns, rows }) => listFiles(name, columns, rows)),
      ...listFiles("routines", ROUTINE_COLUMNS, routines),
      jsonFile("sla.json", {
        from: iso(fromMs),
        to: iso(Math.min(toMs, nowMs)),
        zone,
        goesOn,
        share,
        clusters,
      }),
    ],
    lists: Object.fromEntries(populations.map(({ name, rows }) => [name, rows.length])),
  };
}

/** What the bundle is, and its counts: for programs, and for the page that people read first. */
export function manifestOf(
  { sealed, period, zone, until, goesOn }: PeriodRun,
  found: PeriodRead &
    PeriodFiles & {
      readonly problems: readonly EvidenceProblem[];
      readonly version: string;
      readonly actor: string;
    },
): { readonly manifest: ArchivedFile; readonly facts: BundleFacts } {
  const { ring } = sealed;
  const { fromMs, toMs, nowMs } = period;
  const { segment, lists, problems, version, actor: by } = found;
  const kinds = Map.groupBy(segment.events, ({ event }) => event.kind);
  const about = {
    repositoryId: Buffer.from(ring.repositoryId).toString("hex"),
    from: iso(fromMs),
    to: iso(Math.min(toMs, nowMs)),
    zone,
    madeAt: iso(nowMs),
    by,
    events: segment.events.length,
    writers: new Set(segment.events.map(({ event }) => event.writer)).size,
  };
  const manifest = jsonFile("manifest.json", {
    version: 1,
    program: `pra ${version}`,
    ...about,
    until: goesOn ? null : until,
    generation: ring.generation,
    roots: generationsOf(ring).map(({ generation, rootPublicKey }) => ({
      generation,
      key: Buffer.from(rootPublicKey).toString("hex"),
      fingerprint: fingerprintOf(rootPublicKey),
    })),
    kinds: Object.fromEntries([...kinds].map(([kind, events]) => [kind, events.length])),
    lists,
    listKinds: populationKinds(),
    problems,
  });
  return { manifest, facts: { ...about, root: fingerprintOf(ring.rootPublicKey) } };
}

/** With the checksums of all, and the signature over these. */
export function sealedFiles(
  sealed: SealedStore,
  files: readonly ArchivedFile[],
): readonly ArchivedFile[] {
  const sums = files
    .map(({ path, content }) => `${sha256(content)}  ${path}\n`)
    .toSorted()
    .join("");
  const message = Buffer.from(`PRA evidence v1\n${sums}`);
  return [
    ...files,
    textFile("SHA256SUMS", sums),
    textFile("signature.txt", signedBy(sealed, message)),
  ];
}
