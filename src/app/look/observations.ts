/**
 * A look in the terms of alerts: one observation a check, or for each thing that a check judges alike, the worst of its findings. Red is ill. What
 * gave no answer in time is ill where the answer itself is what is asked for (a frozen server is down), and unknown elsewhere.
 */
import { isDrError } from "../../core/errors.ts";
import type { CheckId, Finding } from "../../core/finding/finding.ts";
import { wordsOf } from "../../core/finding/finding-words.ts";
import type { CheckReading } from "../../watch/metrics/metric.ts";
import type { Observation } from "../../watch/observation.ts";
import { subjectOf } from "../../watch/subjects.ts";

const answerIsAsked: ReadonlySet<CheckId> = new Set(["server", "repository", "application"]);

const ORDER = { bad: 0, note: 1, good: 2 } as const;
const UNITS = { s: "s", bytes: "bytes", pages: "count", sessions: "count" } as const;

function figureOf({ value, unit }: Finding): Observation["figure"] {
  const known = Object.entries(UNITS).find(([name]) => name === unit)?.[1];
  return typeof value === "number" && known !== undefined ? { value, unit: known } : undefined;
}

/** What fails nowhere, and must reach those who read no page: no fault is mended any more in a version that has ended. */
const toldAll: ReadonlySet<string> = new Set(["version-ended"]);

function healthOf(finding: Finding): Observation["health"] {
  if (finding.state !== "bad") {
    return toldAll.has(finding.fact) ? "ill" : "well";
  }
  if (finding.fact !== "failed") {
    return "ill";
  }
  const { error, id } = finding;
  const late = isDrError(error, "WATCH_LOOK_TIMEOUT") && !answerIsAsked.has(id);
  return late || isDrError(error, "WATCH_PROBE_DEFECT") ? "unknown" : "ill";
}

/** The worst of those that `keyOf` does not tell apart, in the order of the page. */
function worstOf(
  findings: readonly Finding[],
  keyOf: (finding: Finding) => string,
): readonly Finding[] {
  const alike = Map.groupBy(findings, keyOf);
  return [...alike.values()].flatMap((some) =>
    some.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]).slice(0, 1),
  );
}

/** What was found, check by check and thing by thing. Pure. */
export function observationsOf(findings: readonly Finding[]): readonly Observation[] {
  return worstOf(findings, (finding) => `${finding.id} ${subjectOf(finding)}`).map((worst) => {
    const figure = figureOf(worst);
    return {
      rule: worst.id,
      subject: subjectOf(worst),
      health: healthOf(worst),
      words: { en: wordsOf(worst, "en"), fr: wordsOf(worst, "fr") },
      ...(figure === undefined ? {} : { figure }),
    };
  });
}

/** The same for metrics. */
export function checkReadingsOf(findings: readonly Finding[]): readonly CheckReading[] {
  return worstOf(findings, ({ id }) => id).map((worst) => {
    const state = healthOf(worst) === "unknown" ? "unknown" : worst.state;
    return { check: worst.id, state };
  });
}
