/**
 * Damaged pages: those that the server met when it read them, and those that the newest backup had to keep. That there are none is said
 * only where both were asked: an alert about them must not end because one of the two was out of reach.
 */
import { type Finding, found } from "../../core/finding/finding.ts";
import type { PageFailures } from "../../postgres/server-health.ts";

/** What both say; undefined: not asked. `newest` null: there is no backup. */
export type KnownPages = {
  readonly failures: readonly PageFailures[] | undefined;
  readonly newest: { readonly id: string; readonly corruptPages: number } | null | undefined;
};

/** Judges both. `nowMs` is the server's clock. */
export function judgePages({ failures, newest }: KnownPages, nowMs: number): readonly Finding[] {
  const counted = (failures ?? []).map(({ database, count, lastMs }) => {
    const ageMs = Math.max(0, nowMs - (lastMs ?? nowMs));
    const figure = { value: count, unit: "pages" };
    return found("corruption", "bad", "pages-counted", { database, count, ageMs }, figure);
  });
  const stored = newest?.corruptPages ?? 0;
  if (stored > 0) {
    const values = { id: newest?.id ?? "", count: stored };
    const figure = { value: stored, unit: "pages" };
    counted.push(found("corruption", "bad", "pages-stored", values, figure));
  }
  const isWhole = counted.length === 0 && failures !== undefined && newest !== undefined;
  return isWhole ? [found("corruption", "good", "pages-sound")] : counted;
}
