/**
 * Days, ISO weeks, months and years, in UTC, for keeping the newest backup of each of the last ones that have one. A period
 * without a backup counts for nothing, so that an outage gives up no older period.
 */

/** How long a period lasts. */
export type PeriodRule = "daily" | "weekly" | "monthly" | "yearly";

/** In the order in which they are told. */
export const periodRules: readonly PeriodRule[] = ["daily", "weekly", "monthly", "yearly"];

const DAY_MS = 86_400_000;

/** ISO 8601: weeks begin on Monday, and belong to the year in which their Thursday lies. */
function isoWeekOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  // 1 January 1970 was a Thursday.
  const thursday = day + 3 - ((((day + 3) % 7) + 7) % 7);
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0, 1) / DAY_MS) / 7) + 1;
  return `${String(year).padStart(4, "0")}-W${String(week).padStart(2, "0")}`;
}

/** The period of an instant: `2026-11-22`, `2026-W47`, `2026-11`, `2026`. */
export function periodOf(rule: PeriodRule, ms: number): string {
  const date = new Date(ms).toISOString();
  switch (rule) {
    case "daily":
      return date.slice(0, 10);
    case "weekly":
      return isoWeekOf(ms);
    case "monthly":
      return date.slice(0, 7);
    case "yearly":
      return date.slice(0, 4);
  }
}
