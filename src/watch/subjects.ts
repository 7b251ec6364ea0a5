/**
 * Rules that judge several things alike, jobs, certificates, hosts: each of these has an alert of its own, so that one that somebody has taken,
 * or that stays ill for weeks, hides no other. Pure.
 */
import type { CheckId, Finding } from "../core/finding/finding.ts";
import type { Track } from "./alert-track.ts";
import type { Observation } from "./observation.ts";

/** `value`: which value of a finding names the thing. `all`: each look names every thing that is ill, so that one it does not name is well. */
type Several = { readonly value: string; readonly all: boolean };

const several: Readonly<Partial<Record<CheckId, Several>>> = {
  schedule: { value: "job", all: true },
  runs: { value: "job", all: true },
  routines: { value: "routine", all: true },
  actions: { value: "what", all: true },
  reachability: { value: "target", all: true },
  // Whose owner does not answer is not named, and not well for that.
  certificate: { value: "where", all: false },
};

function severalOf(rule: string): Several | undefined {
  return Object.entries(several).find(([id]) => id === rule)?.[1];
}

/** What a finding is about; empty where its check knows one thing only, or could not be made at all. */
export function subjectOf(finding: Finding): string {
  const name = severalOf(finding.id)?.value;
  return name === undefined || finding.fact === "failed" ? "" : String(finding.values[name] ?? "");
}

/** Things of rules that were judged, and that are not named any more, are well. */
function isRecovered(
  { rule, subject }: Pick<Track, "rule" | "subject">,
  observations: readonly Observation[],
): boolean {
  const kind = severalOf(rule);
  const seen = observations.filter((observation) => observation.rule === rule);
  return (
    kind !== undefined &&
    seen.some(({ health }) => health !== "unknown") &&
    seen.every((observation) => observation.subject !== subject) &&
    (kind.all || subject === "")
  );
}

const words: Observation["words"] = {
  en: { summary: "nothing is wrong with it any more", hint: "" },
  fr: { summary: "il n'y a plus rien à lui reprocher", hint: "" },
};

/** The observations of one look, with those of what was ill before and is not any more. */
export function withRecovered(
  observations: readonly Observation[],
  tracks: readonly Pick<Track, "rule" | "subject">[],
): readonly Observation[] {
  const recovered = tracks
    .filter((track) => isRecovered(track, observations))
    .map(({ rule, subject }): Observation => ({ rule, subject, health: "well", words }));
  return [...observations, ...recovered];
}
