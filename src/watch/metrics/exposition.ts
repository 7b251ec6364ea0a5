/**
 * Metrics as text. Two formats: OpenMetrics 1.0, which Prometheus asks for first, and Prometheus's own text format 0.0.4, which everything
 * reads; node_exporter's textfile collector reads that one alone. They differ in a counter's and an info's family name, in `# UNIT` and in
 * the closing `# EOF`. No sample has a timestamp: when it was looked is a metric of its own, and a textfile must not have any.
 *
 * Follows https://prometheus.io/docs/specs/om/open_metrics_spec/ and https://prometheus.io/docs/instrumenting/exposition_formats/.
 */
import type { MetricEntry, Sample, Scrape } from "./metric.ts";
import { labelsOf, metricNames, metricRegistry, type MetricName } from "./metric-registry.ts";

/** How they are written. */
export type MetricFormat = "openmetrics" | "text";

/** What HTTP calls each. */
export const metricContentTypes: Readonly<Record<MetricFormat, string>> = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  text: "text/plain; version=0.0.4; charset=utf-8",
};

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) {
    return String(value);
  }
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function familyOf(name: MetricName, kind: MetricEntry["kind"], format: MetricFormat): string {
  const suffix = { gauge: "", counter: "_total", info: "_info" }[kind];
  return format === "text" ? name : name.slice(0, name.length - suffix.length);
}

function headLines(name: MetricName, format: MetricFormat): readonly string[] {
  const { kind, help } = metricRegistry[name];
  const family = familyOf(name, kind, format);
  const isText = format === "text";
  const unit = /_(seconds|bytes)$/.exec(family)?.[1];
  // The text format has no type for an info, and does not escape quotes in a help.
  const type = isText && kind === "info" ? "gauge" : kind;
  const words = isText ? help.en.replaceAll("\\", "\\\\") : escaped(help.en);
  return [
    `# HELP ${family} ${words}`,
    `# TYPE ${family} ${type}`,
    ...(isText || unit === undefined ? [] : [`# UNIT ${family} ${unit}`]),
  ];
}

function sampleLine(name: MetricName, { labels = {}, value }: Sample, cluster: string): string {
  const all: Readonly<Record<string, string>> = { cluster, ...labels };
  const pairs = labelsOf(name).map((label) => `${label}="${escaped(all[label] ?? "")}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}`;
}

/** Everything that is known, as one text that ends with a line's end. */
export function metricsText(scrape: Scrape, format: MetricFormat): string {
  const lines = metricNames.flatMap((name) => {
    const samples = metricRegistry[name].read(scrape);
    return samples.length === 0
      ? []
      : [
          ...headLines(name, format),
          ...samples.map((sample) => sampleLine(name, sample, scrape.cluster)),
        ];
  });
  return `${[...lines, ...(format === "openmetrics" ? ["# EOF"] : [])].join("\n")}\n`;
}

/** How much a client that sends `accept` wants a type, from 0 to 1; undefined: it does not name it. */
function wishFor(accept: string, type: string): number | undefined {
  const range = accept
    .toLowerCase()
    .split(",")
    .map((one) => one.split(";").map((part) => part.trim()))
    .find(([name]) => name === type);
  if (range === undefined) {
    return undefined;
  }
  const weight = range.find((parameter) => parameter.startsWith("q="));
  return weight === undefined ? 1 : Number(weight.slice(2));
}

/** What a client is answered with: OpenMetrics only where it is asked for by name, and not less than plain text. */
export function formatFor(accept = ""): MetricFormat {
  const wish = wishFor(accept, "application/openmetrics-text") ?? 0;
  return wish > 0 && wish >= (wishFor(accept, "text/plain") ?? 0) ? "openmetrics" : "text";
}
