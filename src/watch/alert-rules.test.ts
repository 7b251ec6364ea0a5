/** The register of rules as a whole. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { alertRuleOf, registeredRuleIds } from "./alert-rules.ts";
import { knownRuleIds, verdictOf } from "./rule-verdicts.ts";

const known = new Set<string>(knownRuleIds);

test("R20 every rule names rules that exist, and none explains itself", () => {
  const reach = (id: string, path: readonly string[]): void => {
    assert.ok(!path.includes(id), `${[...path, id].join(" → ")}`);
    for (const need of alertRuleOf(id).needs) {
      reach(need, [...path, id]);
    }
  };
  for (const id of registeredRuleIds) {
    assert.ok(known.has(id), id);
    const { needs, provedBy } = alertRuleOf(id);
    assert.deepEqual(
      [...needs, ...provedBy].filter((other) => !known.has(other)),
      [],
      id,
    );
    reach(id, []);
  }
});

test("R20 the checks without a rule of their own are warnings that can wait: configuration, not loss", () => {
  const without = knownRuleIds.filter((id) => !registeredRuleIds.includes(id));
  assert.deepEqual(without.toSorted(), [
    "archiving",
    "backup-folder",
    "channels",
    "checksums",
    "database-url",
    "env-file",
    "env-mode",
    "first-week",
    "git-history",
    "gitignore",
    "leases",
    "password",
    "place",
    "reading",
    "restore-place",
    "scripts",
    "senders",
    "settings",
    "slot-limit",
    "synchronous",
    "unknown-settings",
    "version",
    "visible-settings",
  ]);
  for (const id of without) {
    assert.equal(alertRuleOf(id).severity, "warning");
  }
});

test("R21 a dead server, repository, slot and a missing run are told at the first look, because cron looks every five minutes only", () => {
  for (const id of ["server", "repository", "slots", "gaps", "jobs", "schedule", "channel"]) {
    assert.equal(alertRuleOf(id).openAfterMs, 0, id);
  }
  for (const id of registeredRuleIds) {
    const { severity, openAfterMs, remindEveryMs } = alertRuleOf(id);
    assert.ok(severity === "warning" || openAfterMs <= 120_000, id);
    assert.ok(remindEveryMs >= 3_600_000, id);
  }
});

test("R21 what is wrong is said in a few words in both languages", () => {
  for (const rule of knownRuleIds) {
    for (const language of ["en", "fr"] as const) {
      const text = verdictOf({ rule, subject: "", blind: false }, language);
      assert.ok(text.length > 0 && text.length <= 32, text);
    }
  }
  assert.equal(
    verdictOf({ rule: "jobs", subject: "daily", blind: true }, "fr"),
    "impossible à juger : jobs (daily)",
  );
});
