/**
 * What is different between what was dumped and what was restored. Both were counted by the same statements, so every difference is one of
 * the data or of the place: a lost row is a problem; another version of an extension, or an owner that this server does not have, is
 * something to know. Pure.
 */
import { restoreDbFindingsMax } from "../core/limits.ts";
import type { Census } from "../repository/dump-document.ts";

/** What was found. */
export type RestoreFinding = {
  readonly kind:
    | "tableMissing"
    | "rows"
    | "objects"
    | "sequence"
    | "extensionMissing"
    | "extensionVersion"
    | "owners"
    | "ownersLeftOut"
    | "rolesMade"
    | "largeObjects"
    | "constraintInvalid"
    | "indexInvalid"
    | "nothingRecorded"
    | "empty"
    | "application";
  readonly severity: "problem" | "note";
  readonly what: string;
  readonly recorded: string;
  readonly found: string;
};

function finding(
  kind: RestoreFinding["kind"],
  of: Partial<Pick<RestoreFinding, "severity" | "what" | "recorded" | "found">>,
): RestoreFinding {
  return { kind, severity: "problem", what: "", recorded: "", found: "", ...of };
}

/** A finding that no comparison brought. */
export function noteOf(kind: RestoreFinding["kind"], what: string): RestoreFinding {
  return finding(kind, { severity: "note", what });
}

/** A problem that no comparison brought. */
export function problemOf(kind: RestoreFinding["kind"], what: string): RestoreFinding {
  return finding(kind, { what });
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}

function* tables(recorded: Census, found: Census): Generator<RestoreFinding> {
  const rows = new Map(found.tables.map((table) => [nameOf(table), table.rows]));
  for (const table of recorded.tables) {
    const what = nameOf(table);
    const now = rows.get(what);
    if (now === undefined) {
      yield finding("tableMissing", { what });
    } else if (now !== table.rows) {
      yield finding("rows", { what, recorded: String(table.rows), found: String(now) });
    }
  }
}

function* counts(recorded: Census, found: Census): Generator<RestoreFinding> {
  const kinds = new Set([...Object.keys(recorded.objects), ...Object.keys(found.objects)]);
  for (const what of [...kinds].toSorted()) {
    const [before, now] = [recorded.objects[what] ?? 0, found.objects[what] ?? 0];
    if (before !== now) {
      yield finding("objects", { what, recorded: String(before), found: String(now) });
    }
  }
  if (recorded.largeObjects !== found.largeObjects) {
    const [before, now] = [String(recorded.largeObjects), String(found.largeObjects)];
    yield finding("largeObjects", { recorded: before, found: now });
  }
}

/** The dump reads a sequence after it was counted, so it may stand further on, never behind. */
function* sequences(recorded: Census, found: Census): Generator<RestoreFinding> {
  const values = new Map(found.sequences.map((each) => [nameOf(each), each.lastValue]));
  for (const sequence of recorded.sequences) {
    const what = nameOf(sequence);
    const { lastValue: before, ascending } = sequence;
    const now = values.get(what) ?? null;
    const behind =
      before !== null &&
      (now === null || (ascending ? BigInt(now) < BigInt(before) : BigInt(now) > BigInt(before)));
    if (behind) {
      yield finding("sequence", { what, recorded: before, found: now ?? "–" });
    }
  }
}

function* extensions(recorded: Census, found: Census): Generator<RestoreFinding> {
  const versions = new Map(found.extensions.map(({ name, version }) => [name, version]));
  for (const { name: what, version } of recorded.extensions) {
    const now = versions.get(what);
    if (now === undefined) {
      yield finding("extensionMissing", { what });
    } else if (now !== version) {
      const versionsOf = { recorded: version, found: now };
      yield finding("extensionVersion", { severity: "note", what, ...versionsOf });
    }
  }
}

function* owners(recorded: Census, found: Census): Generator<RestoreFinding> {
  for (const [what, before] of Object.entries(recorded.owners)) {
    const now = found.owners[what] ?? 0;
    if (now !== before) {
      yield finding("owners", { what, recorded: String(before), found: String(now) });
    }
  }
}

function* invalid(recorded: Census, found: Census): Generator<RestoreFinding> {
  const known = new Set(recorded.invalidConstraints);
  for (const what of found.invalidConstraints.filter((name) => !known.has(name))) {
    yield finding("constraintInvalid", { what });
  }
  for (const what of found.invalidIndexes) {
    yield finding("indexInvalid", { what });
  }
}

/** Every difference, at most `restoreDbFindingsMax`. `ownersKept`: whether objects were given to their owners. */
export function compareCensus(
  recorded: Census,
  found: Census,
  options: { readonly ownersKept: boolean },
): readonly RestoreFinding[] {
  const all = [
    ...tables(recorded, found),
    ...counts(recorded, found),
    ...sequences(recorded, found),
    ...extensions(recorded, found),
    ...(options.ownersKept ? owners(recorded, found) : []),
    ...invalid(recorded, found),
  ];
  return all.slice(0, restoreDbFindingsMax);
}
