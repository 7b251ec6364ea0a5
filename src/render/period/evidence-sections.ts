/** What a month is evidence of, for auditors: each kind of evidence, the clauses that ask for it, what is missing, and lines to sign. */
import type {
  EvidenceFacts,
  EvidenceRow,
  EvidenceState,
} from "../../queries/period/evidence-facts.ts";
import type { Cell, Section, Tone } from "../report-document.ts";
import { evidenceText } from "./evidence-text.ts";
import { type Teller, plain } from "./teller.ts";

const tones: Readonly<Record<EvidenceState, Tone>> = {
  shown: "good",
  partly: "warning",
  absent: "unknown",
  notNeeded: "plain",
  contrary: "bad",
};

/** In the order of reading. */
export function evidenceSections(facts: EvidenceFacts, told: Teller): readonly Section[] {
  const words = evidenceText[told.language];
  const { heads, titles } = words;
  const state = (of: EvidenceState): Cell => ({ text: words.states[of], tone: tones[of] });
  const name = ({ id }: EvidenceRow): string => words.evidence[id];
  const clauses = facts.clauses.map(({ id, state: stands, evidence }): Cell[] => {
    const [clause, asks] = words.clauses[id];
    const shown = evidence.map((row) => `${name(row)} (${words.states[row.state]})`);
    return [plain(clause), plain(asks), state(stands), plain(shown.join("\n"))];
  });
  const copies = facts.copies.map(({ rule, state: stands }): Cell[] => {
    const [title, why] = words.copies[rule];
    return [plain(title), state(stands), plain(why)];
  });
  const missing = facts.evidence
    .filter((row) => row.state !== "shown" && row.state !== "notNeeded")
    .map((row): Cell[] => [plain(name(row)), state(row.state), plain(words.bring[row.id])]);
  const head = [heads.clause, heads.asks, heads.state, heads.evidence];
  const lacking = { title: titles.missing, head: [heads.evidence, heads.state, heads.bring] };
  return [
    told.table(
      { title: titles.evidence, head: [heads.evidence, heads.state] },
      facts.evidence.map((row) => [plain(name(row)), state(row.state)]),
      words.disclaimer,
    ),
    told.table({ title: titles.clauses, head }, clauses),
    told.table({ title: titles.copies, head: [heads.rule, heads.state, heads.shownBy] }, copies),
    told.table({ ...lacking, none: words.nothingMissing }, missing),
  ];
}

/** Lines to sign on. */
export function signatureSection({ language }: Teller): Section {
  const { titles, signatures, signatureHead, roles } = evidenceText[language];
  return {
    kind: "signatures",
    title: titles.signatures,
    note: signatures,
    head: signatureHead,
    roles,
  };
}
