/**
 * What a metric is, and what it is read from. A metric whose source is unknown has no samples: nothing is told as zero for want of an
 * answer, and where the absence itself matters, a metric ending in `_known` says 0.
 */
import type { CheckId } from "../../core/finding/finding.ts";
import type { Language } from "../../core/language.ts";
import type { Track } from "../alert-track.ts";
import type { Readings } from "../readings.ts";

/** What a look asks: the server alone, every few seconds, or everything. */
export type LookScope = "server" | "everything";

/** One look's frame. */
export type LookReading = {
  readonly scope: LookScope;
  readonly atMs: number;
  readonly durationMs: number;
  /** Everybody who was asked answered in time. */
  readonly complete: boolean;
};

/** What a check said; `unknown`: its answer did not come in time, and nothing follows from that. */
export type CheckReading = {
  readonly check: CheckId;
  readonly state: "good" | "note" | "bad" | "unknown";
};

/** The process that serves the metrics, where it goes on living. */
export type ProcessReading = {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly startedAtMs: number;
  readonly openFiles: number | undefined;
  readonly looks: Readonly<Record<LookScope, number>>;
};

/** Everything that metrics are read from. */
export type Scrape = {
  readonly cluster: string;
  readonly version: string;
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
  readonly freeBytesMin: number;
  readonly looks: readonly LookReading[];
  readonly checks: readonly CheckReading[];
  readonly readings: Readings;
  /** Undefined: the memory of alerts could not be asked. */
  readonly alerts: { readonly open: readonly Track[]; readonly waiting: number } | undefined;
  readonly process: ProcessReading | undefined;
};

/** One value, with its labels beside `cluster`. */
export type Sample = {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
};

/** One entry of the registry. */
export type MetricEntry = {
  /** `info`: always 1, and its labels say it. */
  readonly kind: "gauge" | "counter" | "info";
  /** Labels beside `cluster`. */
  readonly labels?: readonly string[];
  readonly help: Readonly<Record<Language, string>>;
  read(scrape: Scrape): readonly Sample[];
};

/** Entries by the names under which they are asked for. */
export type MetricEntries = Readonly<Record<string, MetricEntry>>;

/** One sample, or none where nothing is known. */
export function sampleOf(
  value: number | undefined,
  labels?: Readonly<Record<string, string>>,
): readonly Sample[] {
  return value === undefined ? [] : [labels === undefined ? { value } : { value, labels }];
}

/** 1 or 0; none where nothing is known. */
export function flagOf(
  value: boolean | undefined,
  labels?: Readonly<Record<string, string>>,
): readonly Sample[] {
  return sampleOf(value === undefined ? undefined : Number(value), labels);
}

/** An instant as Prometheus has it. */
export function instantOf(
  atMs: number | undefined,
  labels?: Readonly<Record<string, string>>,
): readonly Sample[] {
  return sampleOf(atMs === undefined ? undefined : atMs / 1000, labels);
}

/** 1 while that check stands, 0 when it failed; none where it was not judged. */
export function checkFlag(scrape: Scrape, check: CheckId): readonly Sample[] {
  const state = scrape.checks.find((one) => one.check === check)?.state;
  return flagOf(state === undefined || state === "unknown" ? undefined : state !== "bad");
}
