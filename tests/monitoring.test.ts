/**
 * What is shipped for Prometheus and Grafana names metrics, labels, checks and jobs that exist, in both languages; and each rule has an example
 * for which it fires and one for which it does not. That they do so is tried with the real promtool, where that is installed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { alertRules } from "../tools/monitoring/alert-rules.ts";
import { dashboardFile } from "../tools/monitoring/dashboard.ts";
import { jobIds } from "../src/app/schedule/job.ts";
import { checkNames } from "../src/core/finding/finding-words.ts";
import { type MetricName, labelsOf, metricNames } from "../src/watch/metrics/metric-registry.ts";

const known: ReadonlySet<string> = new Set(metricNames);

/** What a query names: metrics, and the labels that stand in their braces. */
function namesIn(
  query: string,
): readonly { readonly metric: string; readonly labels: readonly string[] }[] {
  return [...query.matchAll(/\b((?:pra|process)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, metric = "", selector = ""]) => ({
      metric,
      labels: [...selector.matchAll(/(\w+)\s*[=!]~?/g)].map(([, label = ""]) => label),
    }),
  );
}

function assertKnown(query: string, where: string): void {
  const named = namesIn(query);
  assert.ok(named.length > 0, where);
  for (const { metric, labels } of named) {
    assert.ok(known.has(metric), `${where}: ${metric}`);
    for (const label of labels) {
      assert.ok(labelsOf(metric as MetricName).includes(label), `${where}: ${metric}{${label}}`);
    }
  }
}

test("R20 alert rules name metrics and labels that exist, and say what to do in both languages", () => {
  const names = alertRules.map(({ alert }) => alert);
  assert.equal(new Set(names).size, names.length);
  for (const rule of alertRules) {
    const { alert, expr, summary, action, fires, quiet } = rule;
    assertKnown(expr, alert);
    [...fires, ...quiet].forEach(({ name }) => {
      assert.ok(known.has(name), `${alert}: ${name}`);
    });
    assert.ok(summary.en !== summary.fr && /\bpra\b|chronyc/.test(action), alert);
    assert.ok(quiet.length > 0, alert);
  }
});

test("R20 what a rule selects by check or job is a check or a job", () => {
  const values = (label: string): readonly string[] =>
    alertRules.flatMap(({ expr }) =>
      [...expr.matchAll(new RegExp(`${label}[=!]~?"([^"]+)"`, "g"))].flatMap(([, text = ""]) =>
        text.split("|"),
      ),
    );
  assert.ok(values("check").length > 10);
  assert.deepEqual(
    values("check").filter((check) => !Object.hasOwn(checkNames.en, check)),
    [],
  );
  assert.deepEqual(
    values("job").filter((job) => !jobIds.some((id) => id === job)),
    [],
  );
});

test("R30 panels name metrics that exist, fill their rows without overlapping, and have titles in both languages", () => {
  type Place = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  type Panel = {
    readonly id: number;
    readonly title: string;
    readonly gridPos: Place;
    readonly targets?: readonly { readonly expr: string }[];
  };
  const read = (text: string): readonly Panel[] =>
    (JSON.parse(text) as { readonly panels: readonly Panel[] }).panels;
  const [en, fr] = [read(dashboardFile("en")), read(dashboardFile("fr"))];
  const queries = en.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(queries.length > 20);
  queries.forEach((query) => {
    assertKnown(query, "dashboard");
  });
  const cells = new Set<string>();
  for (const { gridPos: at, title } of en) {
    assert.ok(at.x + at.w <= 24, title);
    for (let x = at.x; x < at.x + at.w; x += 1) {
      for (let y = at.y; y < at.y + at.h; y += 1) {
        assert.ok(!cells.has(`${x},${y}`), title);
        cells.add(`${x},${y}`);
      }
    }
  }
  assert.equal(en.length, fr.length);
  assert.equal(new Set(en.map(({ id }) => id)).size, en.length);
  assert.ok(en.every(({ title }, index) => title !== fr[index]?.title || /^Proofs$/.test(title)));
});
