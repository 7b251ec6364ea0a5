import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import fc from "fast-check";

import { isDrError } from "../../core/errors.ts";
import {
  type LinePlace,
  cronEscaped,
  findBlock,
  foreignBackups,
  jobCommand,
  jobLine,
  withBlock,
  withoutBlock,
} from "./cron-lines.ts";
import { type Job, loadTestPattern } from "./job.ts";

const place: LinePlace = {
  cluster: "main",
  programDirectory: "/srv/pra",
  logDirectory: "/var/lib/pra/schedule/main/logs",
  commonWords: ["--env-file", "/srv/pra/.env"],
};
const backup: Job = {
  id: "backup",
  pattern: "17 * * * *",
  program: "backup.sh",
  words: ["--env-file", "/srv/pra/.env"],
};
const proof: Job = { id: "proof", pattern: "4 5 * * *", program: "pra", words: ["prove"] };

/** What cron's do_command.c makes of the command: a backslash goes before `%` alone, a bare `%` ends it. */
function asCronReads(command: string): string {
  let read = "";
  let escaped = false;
  for (const character of command) {
    if (escaped) {
      read = character === "%" ? `${read.slice(0, -1)}%` : read + character;
      escaped = false;
    } else if (character === "%") {
      break;
    } else {
      read += character;
      escaped = character === "\\";
    }
  }
  return read;
}

test("R19 S65 S66 S86 S87 the lines name backup.sh and status.sh as a person would type them", () => {
  assert.equal(
    jobLine(backup, place),
    "17 * * * * PRA_JOB=backup '/srv/pra/backup.sh' --env-file /srv/pra/.env >> '/var/lib/pra/schedule/main/logs/backup.log' 2>&1",
  );
  assert.equal(
    jobLine(proof, place),
    "4 5 * * * '/srv/pra/pra' schedule run proof -- '/srv/pra/pra' prove >> '/var/lib/pra/schedule/main/logs/proof.log' 2>&1",
  );
});

test("R23 cron, which knows no last Thursday, starts the load test each week, with the word by which all but the last do nothing", () => {
  const job: Job = { id: "load-test", pattern: loadTestPattern, program: "loadtest.sh", words: [] };
  assert.equal(
    jobLine(job, place),
    "0 21 * * 4 PRA_JOB=load-test PRA_WHEN=last-of-month '/srv/pra/loadtest.sh' >> '/var/lib/pra/schedule/main/logs/load-test.log' 2>&1",
  );
});

test("R19 whatever a path holds, cron and the shell read it back: quotes, %, backslashes, $, spaces", () => {
  const folder = mkdtempSync("/tmp/pra-cron-lines-");
  try {
    const character = fc.constantFrom("%", "\\", "'", '"', "$", " ", "`", "é", "a", "*", "!", "#");
    const name = fc.string({ unit: character, minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 3 }), (directory, words) => {
        const programDirectory = join(folder, `x${directory}`);
        mkdirSync(programDirectory, { recursive: true });
        const script = join(programDirectory, "backup.sh");
        writeFileSync(script, `#!/bin/sh\nprintf '%s\\0' "$PRA_JOB" "$0" "$@"\n`);
        chmodSync(script, 0o755);
        const odd = { ...place, programDirectory, logDirectory: programDirectory };
        const line = jobLine({ ...backup, words }, odd);
        const command = Buffer.from(line, "latin1").toString("utf8").slice("17 * * * * ".length);
        execFileSync("/bin/sh", ["-c", asCronReads(command)], { cwd: "/", env: {} });
        const log = readFileSync(join(programDirectory, "backup.log"), "utf8");
        assert.deepEqual(log.split("\0").slice(0, -1), ["backup", script, ...words]);
        rmSync(programDirectory, { recursive: true });
      }),
      { numRuns: 60 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("R19 a backslash right before % survives, which cron would else take away", () => {
  for (const command of ["'a\\%b'", "'a%b'", "'a\\\\%%b'", "plain"]) {
    const read = asCronReads(cronEscaped(command));
    assert.equal(read.replaceAll("''", ""), command);
  }
});

test("R19 a path with a line break, and a line that cron would refuse as too long, are refused", () => {
  const code = (change: Partial<LinePlace>): unknown => {
    try {
      return jobLine(backup, { ...place, ...change });
    } catch (error) {
      return isDrError(error) ? error.code : error;
    }
  };
  assert.equal(code({ programDirectory: "/srv/a\nb" }), "CONFIG_SCHEDULE_PATH");
  assert.equal(code({ programDirectory: `/${"x".repeat(900)}` }), "CONFIG_SCHEDULE_LONG");
});

test("R19 other lines of a crontab stay byte for byte, whatever they hold, and installing twice changes nothing", () => {
  const line = fc.string({
    unit: fc.constantFrom("a", "#", " ", "\r", "\t", "é", "\xff", "%", "="),
  });
  fc.assert(
    fc.property(fc.array(line), fc.array(line), fc.boolean(), (above, below, ends) => {
      const before = Buffer.from([...above, ...below].join("\n") + (ends ? "\n" : "")).toString(
        "latin1",
      );
      const once = withBlock(before, [backup, proof], place);
      assert.equal(withBlock(once, [backup, proof], place), once);
      const joint = before === "" || before.endsWith("\n") ? "" : "\n";
      assert.equal(withoutBlock(once, "main"), before + joint);
      assert.ok(once.startsWith(before));
    }),
  );
});

test("R19 a block is replaced where it stands, also after an editor gave it CRLF; another cluster's is left alone", () => {
  const other = withBlock("", [proof], { ...place, cluster: "other" });
  const once = withBlock(`1 1 * * * above\r\n${other}`, [backup], place);
  const edited = `${once.replaceAll("\n", "\r\n")}2 2 * * * below\n`;
  const again = withBlock(edited, [proof], place);
  assert.match(again, /^1 1 \* \* \* above\r/);
  assert.match(again, /2 2 \* \* \* below\n$/);
  assert.deepEqual(findBlock(again, "main")?.lines, [jobLine(proof, place)]);
  assert.equal(findBlock(again, "main")?.directory, "/srv/pra");
  assert.notEqual(findBlock(again, "other"), undefined);
});

test("R19 a mark that is missing or there twice is refused with CONFIG_CRONTAB_MARKS", () => {
  const once = withBlock("", [backup], place);
  for (const broken of [
    once + once,
    once.replace(/# END.*\n/, ""),
    once.replace(/# BEGIN.*\n/, ""),
  ]) {
    assert.throws(
      () => findBlock(broken, "main"),
      (error) => isDrError(error, "CONFIG_CRONTAB_MARKS"),
    );
  }
});

test("R19 below a shell that reads other words, ours is set and theirs given back", () => {
  const lines = withBlock("SHELL=/usr/bin/fish\n", [backup], place).split("\n");
  assert.deepEqual(
    lines.filter((line) => line.startsWith("SHELL")),
    ["SHELL=/usr/bin/fish", "SHELL=/bin/sh", "SHELL=/usr/bin/fish"],
  );
  assert.equal(withBlock("SHELL=/bin/bash\n", [backup], place).match(/SHELL/g)?.length, 1);
});

test("R19 a line of somebody's own that takes backups is found, with --full told apart", () => {
  const crontab = [
    "# 0 * * * * /srv/pra/backup.sh --full",
    "0 * * * * cd /srv/pra && ./backup.sh --full",
    "30 2 * * * /srv/pra/pra backup",
    "0 3 * * * tar czf /backup.tgz /home",
    "",
  ].join("\n");
  assert.deepEqual(foreignBackups(withBlock(crontab, [backup], place), "main"), [
    { line: "0 * * * * cd /srv/pra && ./backup.sh --full", full: true },
    { line: "30 2 * * * /srv/pra/pra backup", full: false },
  ]);
});

test("R19 a command has no word that dash does not know", () => {
  assert.doesNotMatch(jobCommand(backup, place), /\bsource\b|\[\[|&>/);
});
