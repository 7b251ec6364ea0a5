/** What a look tells of corrective actions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wordsOf } from "../../core/finding/finding-words.ts";
import { type OpenAction, judgeActions } from "./actions.ts";

const NOW = Date.UTC(2026, 10, 20, 12);
const DAY = 86_400_000;

const action = (difference: Partial<OpenAction>): OpenAction => ({
  id: "3fa2c1d0".padEnd(32, "0"),
  what: "proof",
  escalates: true,
  owner: "Awa",
  dueAtMs: NOW + DAY,
  ...difference,
});

test("R30 S135 what nobody has is ill when it is an escalation, what is overdue in any case, and what is in hand is a note", () => {
  const judged = (...open: readonly OpenAction[]): readonly string[] =>
    judgeActions(open, NOW).map((finding) => `${finding.state} ${finding.fact}`);
  assert.deepEqual(judged(), []);
  assert.deepEqual(judged(action({})), ["note action-open"]);
  assert.deepEqual(judged(action({ owner: "" })), ["bad action-escalated"]);
  assert.deepEqual(judged(action({ owner: "", escalates: false })), ["note action-untaken"]);
  assert.deepEqual(judged(action({ dueAtMs: NOW - 1, escalates: false })), ["bad action-overdue"]);
});

test("R30 each that asks for somebody has its line, so that none hides another; of others one line tells how many", () => {
  const open = [
    action({ owner: "", what: "disk ordered?", escalates: false, dueAtMs: NOW }),
    action({ owner: "", what: "desk cleared?", escalates: false }),
    action({ owner: "", what: "proof", dueAtMs: NOW + DAY }),
    action({ owner: "", what: "backup", dueAtMs: NOW + 2 * DAY }),
    action({ what: "rpo 2026-10", dueAtMs: NOW - DAY }),
    action({ what: "rto 2026-10", owner: "", dueAtMs: NOW - 2 * DAY }),
  ];
  const said = judgeActions(open, NOW).map((finding) => wordsOf(finding, "en"));
  assert.deepEqual(
    said.map(({ summary }) => summary),
    [
      "rto 2026-10 was due on 2026-11-18 (owner: –)",
      "rpo 2026-10 was due on 2026-11-19 (owner: Awa)",
      "nobody has proof, due on 2026-11-21",
      "nobody has backup, due on 2026-11-22",
      "2 that nobody has; first due: disk ordered? on 2026-11-20",
    ],
  );
  const [late] = judgeActions(open, NOW);
  assert.ok(late !== undefined);
  const { summary, hint } = wordsOf(late, "fr");
  assert.match(summary, /^rto 2026-10 était attendue le 2026-11-18 \(responsable : –\)/);
  assert.match(hint, /^pra action close 3fa2c1d0 /);
});
