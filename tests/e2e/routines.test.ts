/** Routines that people do: planned, due, missed with an alert, and recorded by name. Nothing is asked of a server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeInstalled } from "../../src/app/schedule/schedule-files.ts";
import { CommandLine, errorCodeOf } from "../support/command-line.ts";

type Shown = readonly {
  readonly id: string;
  readonly state: string;
  readonly last: { readonly by: string | null } | null;
}[];

test("R23 a monthly review and an exercise that nobody recorded are missed and alerted, until a named person says that they were done", async (context) => {
  const pra = await CommandLine.create();
  context.after(() => pra[Symbol.asyncDispose]());
  assert.equal((await pra.run("init")).code, 0);
  const since = new Date(Date.now() - 200 * 86_400_000).toISOString();
  const directory = join(pra.directory, "state");
  const job = {
    id: "backup",
    pattern: "17 * * * *",
    program: "backup.sh",
    words: [],
    since,
  } as const;
  await writeInstalled(
    { stateDirectory: directory, cluster: "main" },
    {
      version: 1,
      kind: "daemon",
      service: null,
      installedAt: since,
      programDirectory: pra.directory,
      commonWords: [],
      logDirectory: join(pra.directory, "logs"),
      account: "tester",
      fullEveryHour: false,
      loadTest: true,
      rotationFile: null,
      jobs: [{ ...job, words: [...job.words] }],
    },
    { signal: new AbortController().signal },
  );
  // Until the ledger has been read, nothing is known to be missed.
  const shown = async (): Promise<Shown> =>
    (await pra.json("schedule show")).value["routines"] as Shown;
  const unread = await shown();
  assert.ok(unread.every(({ state }) => state !== "missed"));
  const wrong = await pra.startWith(["schedule", "done", "backup", "--by", "Me", "--json"]).answer;
  assert.deepEqual(
    [wrong.code, errorCodeOf(JSON.parse(wrong.out) as Record<string, unknown>)],
    [2, "WATCH_ROUTINE_UNKNOWN"],
  );
  await pra.run("alert deliver --sign");
  const exercise = (await shown()).find(({ id }) => id === "failover-exercise");
  assert.equal(exercise?.last, null);
  const words = ["schedule", "done", "failover-exercise", "--by", "Awa Diop"];
  if (exercise.state === "missed") {
    const status = await pra.run("status", { LANG: "fr_FR.UTF-8" });
    assert.match(
      status.out,
      /✗ routines +failover-exercise était à faire le .*\n +→ pra schedule done failover-exercise --by NAME/,
    );
    assert.match((await pra.run("schedule missed")).out, /✗ failover exercise: was due/);
    assert.match((await pra.run("alert list")).out, /a routine was not done|routines/);
  }
  const done = await pra.startWith([...words, "--note", "24 min"]).answer;
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /^Recorded: failover exercise, done by Awa Diop\.\nThe next one is due /);
  const after = (await shown()).find(({ id }) => id === "failover-exercise");
  assert.deepEqual([after?.state, after?.last?.by], ["done", "Awa Diop"]);
  const table = await pra.run("schedule show", { LANG: "fr_FR.UTF-8" });
  assert.match(table.out, /exercice de bascule .* ✓ Awa Diop/);
  assert.match((await pra.json("ledger list --kind routineDone")).out, /24 min/);
});
