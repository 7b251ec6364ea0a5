/** What a person should know of a plan before anything is restored, the same for every command that restores. */
import { formatLsn } from "../core/lsn.ts";
import type { RestorePlan } from "../restore/plan-result.ts";
import type { Frame } from "./frame.ts";
import { restoreText } from "./text/restore-text.ts";

/** `2027-01-31 23:59 UTC` of an instant. */
function minute(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

/** What is to be heeded, a line each. */
export function noticeLines({ notices }: RestorePlan, frame: Frame): string[] {
  const text = restoreText[frame.language];
  return notices.map((notice) => {
    switch (notice.kind) {
      case "ends-at-hole":
        return text.endsAtHole(formatLsn(notice.hole.fromLsn), formatLsn(notice.hole.toLsn));
      case "unread":
        return text.unread;
      case "name-again":
        return text.nameAgain(formatLsn(notice.lsn));
      case "proof-not-good":
        return text.doubts[notice.doubt.kind](minute(notice.doubt.time));
      case "proofs-unread":
        return text.proofsUnread(notice.parts);
      case "history-missing":
        return text.historyMissing(notice.timeline);
    }
  });
}

/** Newer backups that are known not to come back whole, a line each. */
export function damagedLines({ reason }: RestorePlan, frame: Frame): string[] {
  const text = restoreText[frame.language];
  return reason.damaged.map(({ backup, doubt }) => text.damaged(backup, minute(doubt.time)));
}

/** Both, beside the progress of a command that goes on. */
export function notePlan(plan: RestorePlan, frame: Frame): void {
  const damaged = damagedLines(plan, frame).map((line) => `! ${line}`);
  [...damaged, ...noticeLines(plan, frame)].forEach((line) => {
    frame.note(line);
  });
}
