/**
 * Every metric, once. What is served, `docs/metrics.md`, the alert rules and the Grafana dashboards are made from it, so that no rule and no
 * panel can name what does not exist. A name is a promise: it is not changed, and its meaning is not either.
 */
import { lookMetrics, processMetrics } from "./look-metrics.ts";
import type { MetricEntry } from "./metric.ts";
import { protectionMetrics } from "./protection-metrics.ts";
import { serverMetrics } from "./server-metrics.ts";

const registry = { ...lookMetrics, ...protectionMetrics, ...serverMetrics, ...processMetrics };

/** The name of a metric, as queries have it. */
export type MetricName = keyof typeof registry;

/** Every metric by name. */
export const metricRegistry: Readonly<Record<MetricName, MetricEntry>> = registry;

/** Every name, in the order of the page. */
export const metricNames = Object.keys(registry) as readonly MetricName[];

/** Metrics of `pra` have the label `cluster`; those of a process belong to no cluster. */
export function labelsOf(name: MetricName): readonly string[] {
  const { labels = [] } = metricRegistry[name];
  return name.startsWith("pra_") ? ["cluster", ...labels] : labels;
}
