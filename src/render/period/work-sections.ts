/** What was done in a period: times to recover, backups, proofs, tests, restores, alerts. */
import type { PeriodFacts } from "../../queries/period/period-facts.ts";
import type { Cell, Section, Tone } from "../report-document.ts";
import { type RuleName, type Teller, plain } from "./teller.ts";

/** Findings and messages are told up to here; the ledger has the whole. */
const QUOTED_MAX = 160;
const ID_SHOWN = 12;

function quoted(text: string | null): Cell {
  const line = text ?? "–";
  return plain(line.length > QUOTED_MAX ? `${line.slice(0, QUOTED_MAX)}…` : line);
}

function shortId(id: string): Cell {
  return { text: id.slice(0, ID_SHOWN), code: true };
}

function outcome(ok: boolean, told: Teller): Cell {
  const { result2 } = told.words;
  return ok ? { text: result2.ok, tone: "good" } : { text: result2.failed, tone: "bad" };
}

/** Every measured time to recover. */
export function rtoSection({ rto }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { prediction } = rto;
  const rows = rto.list.rows.map(({ at, source, seconds, objectiveSeconds, met }) => [
    plain(told.at(at)),
    plain(words.rtoSources[source]),
    {
      text: told.duration(seconds),
      tone: met === null ? "unknown" : met ? "good" : "bad",
    } as const,
    plain(told.duration(objectiveSeconds)),
  ]);
  const notes =
    prediction === null
      ? []
      : [
          words.foretold(
            told.duration(prediction.seconds),
            told.duration(prediction.fromSeconds),
            told.duration(prediction.toSeconds),
            told.number(prediction.proofs),
          ),
          ...(prediction.checked === 0
            ? []
            : [words.cameTrue(told.number(prediction.within), told.number(prediction.checked))]),
        ];
  const head = [words.at, words.what, words.seconds, words.against];
  const about = { title: words.rto, head, none: words.rtoNone, total: rto.list.total };
  return told.table(about, rows, notes.length === 0 ? undefined : notes.join(" "));
}

/** Backups and dumps, with each that failed. */
export function backupSections({ work }: PeriodFacts, told: Teller): readonly Section[] {
  const { words } = told;
  const { backups, dumps } = work;
  const { newest } = backups;
  const took =
    backups.longestSeconds === null
      ? "–"
      : words.backup.took(
          told.duration(backups.medianSeconds),
          told.duration(backups.longestSeconds),
        );
  const tone: Tone =
    backups.tried === 0 ? "unknown" : backups.good < backups.tried ? "bad" : "good";
  const failures = (title: string, of: typeof backups.failures): readonly Section[] =>
    of.total === 0
      ? []
      : [
          told.table(
            { title, head: [words.at, words.code, words.message], total: of.total },
            of.rows.map(({ at, code, message }) => [
              plain(told.at(at)),
              { text: code, code: true },
              quoted(message),
            ]),
          ),
        ];
  return [
    {
      kind: "facts",
      title: words.backups,
      facts: [
        [words.result, { text: told.rate(backups), tone }],
        [
          words.backup.kinds,
          plain(words.pair(told.number(backups.full), told.number(backups.incremental))),
        ],
        [words.backup.stored, plain(told.bytes(backups.storedBytes))],
        [words.backup.times, plain(took)],
        [
          words.backup.newest,
          plain(
            newest === null
              ? words.nothing
              : words.backup.newestAt(told.at(newest.at), told.bytes(newest.clusterBytes)),
          ),
        ],
        ...(backups.corruptPages === 0
          ? []
          : ([
              [words.backup.corrupt, { text: told.number(backups.corruptPages), tone: "bad" }],
            ] as const)),
        ...(dumps.tried === 0 ? [] : ([[words.controls.dumps, plain(told.rate(dumps))]] as const)),
      ],
    },
    ...failures(words.failures, backups.failures),
    ...failures(words.dumpFailures, dumps.failures),
  ];
}

/** Every proof. */
export function proofSection({ work }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const tones = { proven: "good", failed: "bad", unfit: "warning" } as const;
  const rows = work.proofs.list.rows.map((proof): Cell[] => [
    plain(told.at(proof.at)),
    { text: words.proofVerdicts[proof.verdict], tone: tones[proof.verdict] },
    shortId(proof.backup),
    plain(words.targets[proof.target as keyof typeof words.targets]),
    plain(proof.levels.map(({ level, ok }) => `${level}${ok ? "" : "✗"}`).join(" ")),
    plain(told.duration(proof.rpoSeconds)),
    plain(told.duration(proof.rtoSeconds)),
    quoted(proof.finding),
  ]);
  const { backup, target, levels, rpo, rto, finding } = words.proof;
  const head = [words.at, words.verdict, backup, target, levels, rpo, rto, finding];
  const about = { title: words.proofs, head, none: words.noProofs, total: work.proofs.list.total };
  return told.table(about, rows);
}

function restoreTestSection({ work }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { list } = work.restoreTests;
  const answer = (answered: boolean | null): string =>
    answered === null ? words.answers.unasked : answered ? words.answers.yes : words.answers.no;
  const rows = list.rows.map((test): Cell[] => [
    plain(told.at(test.at)),
    outcome(test.ok, told),
    { text: test.database, code: true },
    /^[0-9a-f]{32}$/.test(test.source) ? shortId(test.source) : quoted(test.source),
    plain(told.duration(test.seconds)),
    plain(test.tables === null ? "–" : told.number(test.tables)),
    plain(test.rows === null ? "–" : told.number(test.rows)),
    plain(answer(test.answered)),
  ]);
  const head = [
    words.at,
    words.result,
    words.database,
    words.sourceHead,
    words.seconds,
    words.tables,
    words.rows,
    words.application,
  ];
  return told.table({ title: words.restoreTests, head, total: list.total }, rows);
}

function loadTestSection({ work }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { list } = work.loadTests;
  const rows = list.rows.map((test): Cell[] => [
    plain(told.at(test.at)),
    outcome(test.ok, told),
    plain(words.endings[test.ending as keyof typeof words.endings]),
    plain(`${told.number(test.passed)}/${told.number(test.tests)}`),
    plain(told.number(test.acknowledged)),
    plain(told.duration(test.rpoSeconds)),
    plain(told.duration(test.rtoSeconds)),
  ]);
  const head = [
    words.at,
    words.result,
    words.ending,
    words.tests,
    words.acknowledged,
    words.proof.rpo,
    words.proof.rto,
  ];
  return told.table({ title: words.loadTests, head, total: list.total }, rows);
}

function restoreSection({ work }: PeriodFacts, told: Teller): Section {
  const { words } = told;
  const { restores } = work;
  const rows = restores.rows.map((one): Cell[] => [
    plain(told.at(one.at)),
    outcome(one.ok, told),
    plain(one.by),
    shortId(one.backup),
    plain(one.host),
    plain(told.duration(one.seconds)),
    quoted(one.detail),
  ]);
  const head = [
    words.at,
    words.result,
    words.by,
    words.proof.backup,
    words.host,
    words.seconds,
    words.detail,
  ];
  return told.table({ title: words.restores, head, total: restores.total }, rows);
}

/** Tests and restores, those that there were. */
export function testSections(facts: PeriodFacts, told: Teller): readonly Section[] {
  const { restoreTests, loadTests, restores } = facts.work;
  return [
    ...(restoreTests.tried === 0 ? [] : [restoreTestSection(facts, told)]),
    ...(loadTests.tried === 0 ? [] : [loadTestSection(facts, told)]),
    ...(restores.total === 0 ? [] : [restoreSection(facts, told)]),
  ];
}

/** Every alert that was open in the period. */
export function alertSection({ alerts }: PeriodFacts, told: Teller, ruleName: RuleName): Section {
  const { words } = told;
  const rows = alerts.list.rows.map((alert): Cell[] => [
    {
      text: words.severity[alert.severity],
      tone: alert.resolvedAt !== null ? "plain" : alert.severity === "critical" ? "bad" : "warning",
    },
    plain(ruleName(alert.rule, alert.subject, told.language)),
    plain(told.at(alert.openedAt)),
    plain(
      alert.resolvedAt === null
        ? words.stillOpen
        : `${told.at(alert.resolvedAt)}${alert.how === "forgotten" ? ` (${words.forgotten})` : ""}`,
    ),
    plain(told.duration(alert.lastedSeconds)),
    plain(alert.acknowledgedBy ?? "–"),
  ]);
  const { medianSecondsToResolve: resolve, medianSecondsToAcknowledge: acknowledge } = alerts;
  const notes = [
    ...(resolve === null
      ? []
      : [words.alertsEnded(told.number(alerts.resolved), told.duration(resolve))]),
    ...(acknowledge === null
      ? []
      : [words.alertsTaken(told.number(alerts.acknowledged), told.duration(acknowledge))]),
  ];
  const note = notes.length === 0 ? undefined : notes.join(" ");
  const head = [
    words.severityHead,
    words.alert,
    words.opened,
    words.ended,
    words.lasted,
    words.takenBy,
  ];
  const about = { title: words.alerts, head, none: words.noAlerts, total: alerts.list.total };
  return told.table(about, rows, note);
}
