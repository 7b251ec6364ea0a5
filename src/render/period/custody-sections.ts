/** Incidents, routines, custody of the data, earlier periods and the policy in force. */
import type { Tally } from "../../queries/period/custody-facts.ts";
import type { PeriodFacts } from "../../queries/period/period-facts.ts";
import { type Cell, type Section, semicolonOf } from "../report-document.ts";
import { type Teller, plain } from "./teller.ts";

/** Names of a tally that are told; the others are counted, and named in the JSON. */
const NAMES_SHOWN = 8;

function tallyText(tally: Tally, told: Teller): Cell {
  const shown = tally
    .slice(0, NAMES_SHOWN)
    .map(({ name, count }) => `${name} ${told.number(count)}`);
  const left = tally.length - NAMES_SHOWN;
  const more = left > 0 ? [told.words.moreNames(told.number(left))] : [];
  return plain(tally.length === 0 ? "–" : [...shown, ...more].join(", "));
}

/** Gaps, lost slots, conflicts, damage, changes of keys. */
export function incidentSection({ custody }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { incidents } = custody;
  const isRoutine = new Set(["keys", "wentLive"]);
  const rows = incidents.rows.map(({ at, kind, detail }): Cell[] => [
    plain(told.at(at)),
    { text: words.incidentKinds[kind], tone: isRoutine.has(kind) ? "plain" : "bad" },
    plain(detail),
  ]);
  const head = [words.at, words.what, words.detail];
  return told.table(
    { title: words.incidents, head, none: words.noIncidents, total: incidents.total },
    rows,
  );
}

/** What was due and not done, and what people said they did. */
export function routineSections(
  { routines, custody }: PeriodFacts,
  told: Teller,
): readonly Section[] {
  const { words } = told;
  const name = (routine: string): Cell => ({
    text: words.routineNames[routine] ?? routine,
    tone: "bad",
  });
  const rows = [
    ...routines.missed.map(({ routine, from, to }): Cell[] => [
      name(routine),
      plain(told.at(from)),
      plain(told.at(to)),
    ]),
    ...routines.undone.map(({ routine, dueAt }): Cell[] => [
      name(routine),
      plain(told.at(dueAt)),
      plain("–"),
    ]),
  ];
  const none = routines.verdict === "notDemonstrated" ? words.nothingDue : words.noMissed;
  const { missedRunAlerts } = routines;
  const note = missedRunAlerts === 0 ? undefined : words.missedRuns(told.number(missedRunAlerts));
  const head = [words.routine, words.from, words.to];
  const { done } = custody;
  const words_ = done.rows.map(({ at, routine, by, note: said }) => [
    plain(told.at(at)),
    plain(words.routineNames[routine] ?? routine),
    plain(by),
    plain(said),
  ]);
  return [
    told.table({ title: words.routines, head, none }, rows, note),
    ...(done.total === 0
      ? []
      : [
          told.table(
            {
              title: words.done,
              head: [words.at, words.routine, words.by, words.note],
              total: done.total,
            },
            words_,
          ),
        ]),
  ];
}

/** What is to be put right, by whom, until when. */
export function actionSection({ actions }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { action } = words;
  const rows = actions.list.rows.map((one): Cell[] => [
    plain(told.at(one.openedAt)),
    plain(
      [words.actionControls[one.control], one.subject, one.title]
        .filter((part) => part !== "")
        .join(", "),
    ),
    {
      text: one.owner === "" ? words.nobody : one.owner,
      tone: one.owner === "" ? "warning" : "plain",
    },
    plain(told.at(one.dueAt)),
    one.closedAt !== null
      ? { text: `${action.closed} ${told.at(one.closedAt)}`, tone: "good" }
      : one.isOverdue
        ? { text: action.overdue, tone: "bad" }
        : { text: action.open, tone: "warning" },
    plain(one.why),
  ]);
  const head = [words.at, action.what, action.owner, action.due, action.state, action.why];
  const about = { title: words.actions, head, none: words.noActions, total: actions.list.total };
  return told.table(about, rows);
}

/** Who touched what. */
export function custodySection({ custody }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { accesses, exports, deletions, holds, verifications, channels, messages } = custody;
  const names = words.custodyFacts;
  const pair = (first: number, second: number): Cell =>
    plain(words.pair(told.number(first), told.number(second)));
  return {
    kind: "facts",
    title: words.custody,
    facts: [
      [names.accesses, plain(told.number(accesses.total))],
      [names.byWhat, tallyText(accesses.byWhat, told)],
      [names.byWhom, tallyText(accesses.byWhom, told)],
      [names.exports, plain(told.number(exports.total))],
      [
        names.deletions,
        plain(
          words.deleted(
            told.number(deletions.backups),
            told.number(deletions.objects),
            told.bytes(deletions.bytes),
          ),
        ),
      ],
      [names.holds, pair(holds.set, holds.released)],
      [
        names.verified,
        plain(
          words.verified(
            told.number(verifications.runs),
            told.number(verifications.objects),
            told.bytes(verifications.bytes),
          ),
        ),
      ],
      [names.anchors, plain(told.number(custody.anchors))],
      [names.reports, plain(told.number(custody.reports))],
      [names.keys, plain(told.number(custody.keyChecks))],
      [names.channels, pair(channels.tested, channels.confirmed)],
      [names.messages, pair(messages.delivered, messages.refused)],
      [names.silences, plain(told.number(custody.silences))],
    ],
  };
}

/** Beside earlier periods. */
export function trendSection({ trend }: PeriodFacts, told: Teller): Section {
  return trendTable(trend, told.words.trend, told);
}

/** Periods, a line each. */
export function trendTable(trend: PeriodFacts["trend"], title: string, told: Teller): Section {
  const { words } = told;
  const share = (value: number | null): Cell =>
    plain(value === null ? "–" : told.percent(value, 1));
  const rows = trend.map((row): Cell[] => [
    plain(row.name),
    told.verdict(row.verdict),
    share(row.withinShare),
    share(row.unknownShare),
    plain(told.duration(row.worstExposureSeconds)),
    plain(told.duration(row.worstRtoSeconds)),
    plain(`${told.number(row.backups.good)}/${told.number(row.backups.tried)}`),
    plain(`${told.number(row.proofs.good)}/${told.number(row.proofs.tried)}`),
  ]);
  const { figures } = words;
  const head = [
    words.period,
    words.verdict,
    words.withinHead,
    words.unknownHead,
    figures.worst,
    figures.rto,
    words.backups,
    words.proofs,
  ];
  return told.table({ title, head, none: words.noTrend }, rows);
}

/** What is promised, for how long it is kept, and what runs by itself. */
export function policySection({ policy, objectives }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const share = told.percent(policy.share, 1);
  const promise = (of: { readonly rpoSeconds: number; readonly rtoSeconds: number }): string =>
    words.objective(told.duration(of.rpoSeconds), told.duration(of.rtoSeconds), share);
  const recorded = objectives.map((one, index) =>
    index === 0 ? promise(one) : words.since(told.at(one.from), promise(one)),
  );
  const { encrypted, schedule } = policy;
  const sealed = encrypted === null ? "unknown" : encrypted ? "yes" : "no";
  const jobs = schedule.map(({ job, pattern }) => `${job}: ${pattern}`);
  return {
    kind: "facts",
    title: words.policy,
    facts: [
      [
        words.policyFacts.recorded,
        plain(
          recorded.length === 0 ? words.noObjective : recorded.join(semicolonOf(told.language)),
        ),
      ],
      [words.policyFacts.objectives, plain(promise(policy))],
      [words.policyFacts.retention, plain(words.retention(told.number(policy.retentionDays)))],
      [
        words.policyFacts.encryption,
        { text: words.encrypted[sealed], tone: encrypted === true ? "good" : "unknown" },
      ],
      [words.policyFacts.schedule, plain(jobs.length === 0 ? words.noSchedule : jobs.join(" · "))],
    ],
  };
}
