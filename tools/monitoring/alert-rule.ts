/**
 * What an alert rule for Prometheus is here, and how the rules and their tests are written as files. Each rule brings two examples, in series
 * as they are scraped: one for which it fires, one for which it does not. `promtool test rules` tries both, so that no rule is shipped that
 * nobody has seen fire.
 */
import { stringify } from "yaml";

import type { Language } from "../../src/core/language.ts";

/** One series as it is scraped, minute by minute in promtool's notation: `5`, `0+60x10`, `_x5` for nothing. */
export type Series = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly values: string;
};

/** One rule. `expr` names metrics; the label `cluster` is on all of them. */
export type AlertRule = {
  readonly alert: string;
  readonly severity: "critical" | "warning";
  readonly expr: string;
  /** For how long it must hold, in minutes. */
  readonly forMinutes: number;
  readonly summary: Readonly<Record<Language, string>>;
  /** The next command. */
  readonly action: string;
  readonly fires: readonly Series[];
  readonly quiet: readonly Series[];
  /** When the examples are looked at, in minutes; and what the firing one shows in place of `$value` and of labels. */
  readonly atMinutes?: number;
  readonly shown?: {
    readonly value?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
};

/** Seconds of a day. */
export const DAY = 86_400;
/** Bytes. */
export const GIB = 1024 ** 3;

/** For queries. */
export function seconds(ms: number): number {
  return ms / 1000;
}

/** A series of one value, for as long as a test lasts. */
export function steady(name: string, value: number, labels?: Series["labels"]): Series {
  return { name, values: `${value}+0x2000`, ...(labels === undefined ? {} : { labels }) };
}

const HEAD = (what: string): string =>
  `# ${what} Made by "npm run docs" from the registry of metrics; docs/metrics.md says how to use it.\n`;

function minutes(count: number): string {
  return `${count}m`;
}

/** `monitoring/prometheus-rules.yml`. */
export function rulesFile(rules: readonly AlertRule[]): string {
  const groups = [
    {
      name: "pra",
      rules: rules.map(({ alert, severity, expr, forMinutes, summary, action }) => ({
        alert,
        expr,
        ...(forMinutes === 0 ? {} : { for: minutes(forMinutes) }),
        labels: { severity },
        annotations: { summary: summary.en, summary_fr: summary.fr, action },
      })),
    },
  ];
  return `${HEAD("Alert rules for Prometheus.")}${stringify({ groups }, { lineWidth: 0 })}`;
}

function seriesText({ name, labels = {} }: Series, cluster: string): string {
  const all = name.startsWith("pra_") ? { cluster, ...labels } : labels;
  const pairs = Object.entries(all).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(",")}}`;
}

function shownText(template: string, rule: AlertRule, labels: Readonly<Record<string, string>>): string {
  return template
    .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_whole, name: string) => labels[name] ?? "")
    .replace(/\{\{ \$value[^}]*\}\}/g, rule.shown?.value ?? "");
}

/** `monitoring/prometheus-rules.test.yml`: for each rule one world in which it fires, and one in which it keeps quiet. */
export function rulesTestFile(rules: readonly AlertRule[]): string {
  const cluster = "main";
  const tests = rules.flatMap((rule) => {
    const { alert, severity, summary, action, fires, quiet } = rule;
    const at = rule.atMinutes ?? rule.forMinutes + 5;
    const found = { ...(alert === "PraSilent" ? {} : { cluster }), ...rule.shown?.labels };
    const expected = {
      exp_labels: { severity, ...found },
      exp_annotations: {
        summary: shownText(summary.en, rule, found),
        summary_fr: shownText(summary.fr, rule, found),
        action: shownText(action, rule, found),
      },
    };
    const world = (series: readonly Series[], alerts: readonly object[]): object => ({
      interval: "1m",
      input_series: series.map((one) => ({
        series: seriesText(one, cluster),
        values: one.values,
      })),
      alert_rule_test: [{ eval_time: minutes(at), alertname: alert, exp_alerts: alerts }],
    });
    return [world(fires, [expected]), world(quiet, [])];
  });
  const content = { rule_files: ["prometheus-rules.yml"], evaluation_interval: "1m", tests };
  return `${HEAD("Tests of the alert rules, for promtool test rules.")}${stringify(content, { lineWidth: 0 })}`;
}
