/**
 * What a month is evidence of, clause by clause, and of what it is none. Pure. It never says that somebody complies with a clause: only whether what
 * the clause asks to be shown is shown here, in part, or not at all.
 */
import type { PeriodFacts } from "./period-facts.ts";

/** What auditors ask to see. */
export const evidenceIds = [
  "policy",
  "runs",
  "integrity",
  "restores",
  "objectives",
  "failover",
  "actions",
  "audit",
  "retention",
  "separation",
  "plan",
  "alerting",
  "people",
  "disposal",
] as const;

/** One of them. */
export type EvidenceId = (typeof evidenceIds)[number];

/** `notNeeded`: all was met, so that nothing asks for it. `contrary`: what was found speaks against it. */
export type EvidenceState = "shown" | "partly" | "absent" | "notNeeded" | "contrary";

/** One kind of evidence in the period. */
export type EvidenceRow = { readonly id: EvidenceId; readonly state: EvidenceState };

/** The clauses that are told. */
export const clauseIds = [
  "iso22301-8.2",
  "iso22301-8.4",
  "iso22301-8.5",
  "iso22301-9.1",
  "iso22301-10.1",
  "iso27001-A.8.13",
  "iso27001-A.5.30",
  "soc2-A1.2",
  "soc2-A1.3",
  "dora-11",
  "dora-12.1",
  "dora-12.2",
  "dora-12.3",
  "dora-12.6",
  "dora-12.7",
  "nis2-4.1",
  "nis2-4.2.2",
  "nis2-4.2.3",
  "nis2-4.2.6",
  "nis2-4.3",
] as const;

/** One of them. */
export type ClauseId = (typeof clauseIds)[number];

/** What each asks to be shown. */
export const clauseEvidence: Readonly<Record<ClauseId, readonly EvidenceId[]>> = {
  "iso22301-8.2": ["objectives"],
  "iso22301-8.4": ["plan"],
  "iso22301-8.5": ["restores", "failover", "people"],
  "iso22301-9.1": ["objectives", "runs", "actions"],
  "iso22301-10.1": ["actions"],
  "iso27001-A.8.13": ["policy", "runs", "integrity", "restores"],
  "iso27001-A.5.30": ["objectives", "restores", "failover"],
  "soc2-A1.2": ["policy", "runs", "integrity", "alerting", "audit"],
  "soc2-A1.3": ["restores", "integrity", "failover", "actions"],
  "dora-11": ["plan", "failover", "people", "alerting"],
  "dora-12.1": ["policy"],
  "dora-12.2": ["restores"],
  "dora-12.3": ["separation"],
  "dora-12.6": ["objectives"],
  "dora-12.7": ["integrity", "restores"],
  "nis2-4.1": ["plan", "failover"],
  "nis2-4.2.2": ["policy", "runs", "retention", "separation", "audit"],
  "nis2-4.2.3": ["integrity"],
  "nis2-4.2.6": ["restores", "actions"],
  "nis2-4.3": ["plan", "people"],
};

/** One clause in the period. */
export type ClauseRow = {
  readonly id: ClauseId;
  readonly state: EvidenceState;
  readonly evidence: readonly EvidenceRow[];
};

/** Three copies, two media, one off site, one that cannot be changed, no error. */
export const copyRules = ["copies", "media", "offSite", "immutable", "errors"] as const;

/** One of the five. */
export type CopyRule = (typeof copyRules)[number];

/** All of it. */
export type EvidenceFacts = {
  readonly evidence: readonly EvidenceRow[];
  readonly clauses: readonly ClauseRow[];
  readonly copies: readonly { readonly rule: CopyRule; readonly state: EvidenceState }[];
};

type Judge = (facts: PeriodFacts) => EvidenceState;

function ofTwo(one: boolean, other: boolean): EvidenceState {
  return one && other ? "shown" : one || other ? "partly" : "absent";
}

function done(facts: PeriodFacts, routine: string): boolean {
  return facts.custody.done.rows.some((row) => row.routine === routine);
}

/** How each is known from the ledger; what no event tells is absent, however well it may be kept elsewhere. */
const judges: Readonly<Record<EvidenceId, Judge>> = {
  policy: ({ policy, objectives }) => ofTwo(policy.schedule.length > 0, objectives.length > 0),
  runs: ({ work }) => (work.backups.tried > 0 ? "shown" : "absent"),
  integrity: ({ custody, work }) => {
    const { runs, damaged } = custody.verifications;
    return damaged > 0 ? "contrary" : ofTwo(runs > 0, work.proofs.proven > 0);
  },
  // A proof that could not be made restored nothing.
  restores: ({ work: { proofs, restoreTests } }) =>
    proofs.tried - proofs.unfit + restoreTests.tried > 0 ? "shown" : "absent",
  objectives: ({ exposure, rto }) =>
    ofTwo(exposure.verdict !== "notDemonstrated", rto.measured > 0),
  // A person's word, without the times of its steps.
  failover: (facts) => (done(facts, "failover-exercise") ? "partly" : "absent"),
  // Of what is overdue, that it was closed is just what is not shown.
  actions: ({ actions, verdict }) =>
    actions.overdueAtEnd > 0
      ? "partly"
      : actions.list.total > 0
        ? "shown"
        : verdict === "met"
          ? "notNeeded"
          : "absent",
  // The ledger is chained in any case; that its end was not cut shows an anchor that lies elsewhere.
  audit: ({ custody, firstRecordAt }) =>
    firstRecordAt === null ? "absent" : custody.anchors > 0 ? "shown" : "partly",
  retention: ({ custody }) =>
    custody.deletions.runs > 0 || custody.holds.set > 0 ? "partly" : "absent",
  separation: () => "absent",
  plan: () => "absent",
  alerting: ({ custody }) => ofTwo(custody.messages.delivered > 0, custody.channels.confirmed > 0),
  people: ({ custody }) => (custody.done.total > 0 ? "partly" : "absent"),
  disposal: ({ work }) => {
    const { tried, kept } = work.restoreTests;
    return tried + work.proofs.tried - work.proofs.unfit === 0 || kept > 0 ? "absent" : "partly";
  },
};

function joined(states: readonly EvidenceState[]): EvidenceState {
  const needed = states.filter((state) => state !== "notNeeded");
  if (needed.includes("contrary")) {
    return "contrary";
  }
  return needed.length === 0
    ? "notNeeded"
    : needed.every((state) => state === "shown")
      ? "shown"
      : needed.every((state) => state === "absent")
        ? "absent"
        : "partly";
}

function copiesOf({ work, custody }: PeriodFacts): EvidenceFacts["copies"] {
  const { proofs, backups } = work;
  const { runs, damaged } = custody.verifications;
  const wrong = damaged > 0 || proofs.failed > 0;
  return [
    // The server and the repository are two; of a third nothing is recorded.
    { rule: "copies", state: backups.good > 0 ? "partly" : "absent" },
    { rule: "media", state: "absent" },
    { rule: "offSite", state: "absent" },
    { rule: "immutable", state: "absent" },
    { rule: "errors", state: wrong ? "contrary" : ofTwo(runs > 0, proofs.proven > 0) },
  ];
}

/** Of a period, for an auditor. */
export function evidenceFacts(facts: PeriodFacts): EvidenceFacts {
  const evidence = evidenceIds.map((id) => ({ id, state: judges[id](facts) }));
  const clauses = clauseIds.map((id): ClauseRow => {
    const asked = evidence.filter((row) => clauseEvidence[id].includes(row.id));
    return { id, state: joined(asked.map(({ state }) => state)), evidence: asked };
  });
  return { evidence, clauses, copies: copiesOf(facts) };
}

/** A period as it is reported; shorter ones than months are evidence of nothing by themselves. */
export type ReportedPeriod = PeriodFacts & { readonly evidence: EvidenceFacts | null };

/** With what it is evidence of. */
export function withEvidence(facts: PeriodFacts): ReportedPeriod {
  return { ...facts, evidence: facts.kind === "monthly" ? evidenceFacts(facts) : null };
}
