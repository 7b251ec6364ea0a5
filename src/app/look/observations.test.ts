/** How findings become observations. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DrError } from "../../core/errors.ts";
import { failed, found } from "../../core/finding/finding.ts";
import { observationsOf } from "./observations.ts";

const late = new DrError("WATCH_LOOK_TIMEOUT", { seconds: 1.5 });

test("R20 a check is as ill as its worst finding, and says that one, in both languages", () => {
  const [seen, ...more] = observationsOf([
    found("corruption", "good", "pages-sound"),
    found("corruption", "bad", "pages-stored", { id: "x", count: 3 }, { value: 3, unit: "pages" }),
    found("corruption", "note", "pages-sound"),
  ]);
  assert.deepEqual(more, []);
  assert.equal(seen?.health, "ill");
  assert.deepEqual(seen?.figure, { value: 3, unit: "count" });
  assert.match(seen?.words.en.summary ?? "", /holds 3 damaged pages/);
  assert.match(seen?.words.fr.summary ?? "", /contient 3 pages abîmées/);
});

test("R20 no answer is ill of who is asked to answer, and unknown of what is asked", () => {
  const healths = observationsOf([
    failed("server", late),
    failed("application", late),
    failed("repository", late),
    failed("proof", late),
    failed("exposure", late),
    failed("corruption", late),
    failed("certificate", late),
    failed("gaps", new DrError("WATCH_PROBE_DEFECT", { reason: "x is undefined" })),
    found("version-end", "note", "version-ended", { major: 14, until: "2026-11-12" }),
    found("version-end", "note", "version-ending", { major: 15, until: "2027-11-11" }),
    failed("slots", new DrError("PG_CONNECTION_LOST", { where: "w", reason: "r" })),
  ]).map(({ rule, health }) => `${rule} ${health}`);
  assert.deepEqual(healths, [
    "server ill",
    "application ill",
    "repository ill",
    "proof unknown",
    "exposure unknown",
    "corruption unknown",
    "certificate unknown",
    "gaps unknown",
    "version-end ill",
    "slots ill",
  ]);
});

test("R21 each job that failed, and each certificate, is an observation of its own", () => {
  const failure = (job: string) =>
    found("runs", "bad", "run-failed", { job, ageMs: 0, exit: "1", step: "s" });
  const certificate = (where: string, state: "bad" | "good") =>
    found("certificate", state, "certificate-ending", { where, leftMs: 1 });
  const told = observationsOf([
    failure("expire"),
    failure("load-test"),
    certificate("db:5432", "good"),
    certificate("app:443", "bad"),
  ]).map(({ rule, subject, health }) => `${rule} ${subject} ${health}`);
  assert.deepEqual(told, [
    "runs expire ill",
    "runs load-test ill",
    "certificate db:5432 well",
    "certificate app:443 ill",
  ]);
});
