import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { sampleMessage, sampleTools } from "../../tests/support/sample-messages.ts";
import { CommandNotifier } from "./command.ts";

const signal = new AbortController().signal;

function programIn(context: TestContext, lines: string, timeoutMs = 5000) {
  const folder = mkdtempSync("/tmp/pra-command-");
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  const program = join(folder, "tell us");
  writeFileSync(program, `#!/bin/sh\n${lines.replaceAll("FOLDER", `"${folder}"`)}\n`);
  chmodSync(program, 0o755);
  const notifier = new CommandNotifier(
    { program, home: folder, timeoutMs },
    sampleTools(["hunter22"]),
  );
  return { folder, program, notifier };
}

test("R10 a program gets the message as JSON on its input, no argument and a bare environment", async (context) => {
  const { folder, notifier } = programIn(
    context,
    'cat > FOLDER/got; echo "$# $(env | cut -d= -f1 | sort | tr "\\n" " ")" > FOLDER/env; echo ticket 7',
  );
  assert.deepEqual(await notifier.deliver(sampleMessage("fr"), { signal }), {
    state: "accepted",
    said: "ticket 7",
  });
  const got = JSON.parse(readFileSync(join(folder, "got"), "utf8")) as Record<string, unknown>;
  assert.equal(got["headline"], sampleMessage("fr").headline);
  assert.match(
    readFileSync(join(folder, "env"), "utf8"),
    /^0 HOME LC_ALL (?:OLDPWD )?PATH PWD (?:SHLVL )?(?:_ )?\n$/,
  );
});

test("R10 exit code 75 means later, any other refused with the last words, secrets hidden", async (context) => {
  const ends = [75, 1].map((code) => programIn(context, `echo pw hunter22 >&2; exit ${code}`));
  const outcomes = await Promise.all(
    ends.map(({ notifier }) => notifier.deliver(sampleMessage(), { signal })),
  );
  assert.deepEqual(outcomes, [
    { state: "later", said: "exit code 75: pw ***", afterMs: undefined },
    { state: "refused", said: "exit code 1: pw ***" },
  ]);
});

test("R21 a program that hangs is ended with its children and tried later; one that ignores SIGTERM, too", async (context) => {
  const { folder, notifier } = programIn(
    context,
    "trap '' TERM; (sleep 4; touch FOLDER/late) & sleep 4",
    300,
  );
  const outcome = await notifier.deliver(sampleMessage(), { signal });
  assert.deepEqual(outcome, {
    state: "later",
    said: "not done within 300 ms, ended",
    afterMs: undefined,
  });
  await wait(2500);
  assert.ok(!existsSync(join(folder, "late")));
});

test("R10 a program that is not there is refused with the setting; one that reads nothing is none the worse", async (context) => {
  const { notifier } = programIn(context, "exec <&-; exit 0");
  const alerts = Array.from({ length: 2000 }, () => sampleMessage().alerts[0]).filter(
    (one) => one !== undefined,
  );
  assert.equal(
    (await notifier.deliver(sampleMessage("en", { alerts }), { signal })).state,
    "accepted",
  );
  const absent = new CommandNotifier({ program: "/nowhere/tell", home: "/" }, sampleTools());
  assert.deepEqual(await absent.deliver(sampleMessage("fr"), { signal }), {
    state: "refused",
    said: "le programme ne peut pas être lancé : ENOENT (voir PRA_ALERT_COMMAND)",
  });
});

test("R10 an aborted command is gone when the attempt rejects", async (context) => {
  const { notifier } = programIn(context, "exec sleep 60");
  const stop = new AbortController();
  const delivery = notifier.deliver(sampleMessage(), { signal: stop.signal });
  setTimeout(() => {
    stop.abort(new Error("enough"));
  }, 200);
  await assert.rejects(delivery, /enough/);
});
