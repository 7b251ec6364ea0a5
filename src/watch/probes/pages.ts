/** Damaged pages: those that the server met when it read them, and those that the newest backup had to keep. */
import { type Finding, found } from "../../core/finding/finding.ts";
import type { PageFailures } from "../../postgres/server-health.ts";

/** What the server counted since its statistics began, by database. */
export function judgePageFailures(
  failures: readonly PageFailures[],
  nowMs: number,
): readonly Finding[] {
  return failures.map(({ database, count, lastMs }) =>
    found(
      "corruption",
      "bad",
      "pages-counted",
      { database, count, ageMs: Math.max(0, nowMs - (lastMs ?? nowMs)) },
      { value: count, unit: "pages" },
    ),
  );
}

/** What the newest backup holds. */
export function judgeStoredPages(
  newest: { readonly id: string; readonly corruptPages: number } | undefined,
): readonly Finding[] {
  return newest === undefined || newest.corruptPages === 0
    ? []
    : [
        found(
          "corruption",
          "bad",
          "pages-stored",
          { id: newest.id, count: newest.corruptPages },
          { value: newest.corruptPages, unit: "pages" },
        ),
      ];
}
