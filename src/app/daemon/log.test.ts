/** The daemon's log: what a line is, and where it goes when its file is moved, full or gone. */
import assert from "node:assert/strict";
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DrError } from "../../core/errors.ts";
import { configureFailpoints } from "../../core/failpoint.ts";
import { configureFailpointsFrom } from "../../files/failpoint-effects.ts";
import type { Environment } from "../environment.ts";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { DaemonLog, failureFields, formatLine } from "./log.ts";

type Place = {
  readonly log: DaemonLog;
  readonly said: string[];
  readonly folder: string;
  readonly path: string;
  readonly environment: (more?: Readonly<Record<string, string>>) => Environment;
};

configureFailpointsFrom(process.env);

const effects = { kill: (): never => assert.fail("nothing is killed here") };

function placeIn(context: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), "pra-log-"));
  const said: string[] = [];
  const log = new DaemonLog({
    write: (line) => said.push(line),
    isTerminal: false,
    now: () => 0,
  });
  context.after(() => {
    log[Symbol.dispose]();
    configureFailpointsFrom(process.env);
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "logs", "daemon.log");
  const environment = (more: Readonly<Record<string, string>> = {}): Environment =>
    environmentIn(folder, { PRA_LOG_FILE: path, ...more });
  return { log, said, folder, path, environment };
}

const line = { time: "1970-01-01T00:00:00.000Z", level: "warn", event: "said" } as const;

test("a line of the log is one line, whatever is said, for machines and for people", () => {
  const text = 'a "line"\nand\u001b[31m another\u2028';
  const json = formatLine(line, { text, count: 3 }, "json");
  assert.match(json, /^[^\n]*\n$/);
  assert.deepEqual(JSON.parse(json), { ...line, text, count: 3 });
  const words = formatLine(line, { text, count: 3, code: "PG_X" }, "text");
  assert.match(words, /^1970\S+ warn {2}said text="[^\p{Cc}]*" count=3 code=PG_X\n$/u);
});

test("an error is told by its code, and a defect with the place where it happened", () => {
  const known = failureFields(new DrError("WATCH_LOOK_TIMEOUT", { seconds: 2 }));
  assert.deepEqual(known, { code: "WATCH_LOOK_TIMEOUT", text: "no answer within 2 s" });
  const { code, text, stack } = failureFields(new TypeError("x is undefined"));
  assert.deepEqual([code, text], ["defect", "x is undefined"]);
  assert.match(String(stack), /TypeError: x is undefined\n.*log\.test\.ts/);
});

test("L54 what the configuration keeps secret is in no line, also where somebody else says it", (context) => {
  const { log, path, environment } = placeIn(context);
  log.use(
    environment({
      PG_PASSWORD: "hunter2hunter2",
      SLACK_WEBHOOK: "https://x.example/T0/B0/tokentokentoken",
    }),
  );
  log.log("info", "receiver-says", {
    text: "password hunter2hunter2 at https://x.example/T0/B0/tokentokentoken",
  });
  assert.ok(!/hunter2|tokentoken/.test(readFileSync(path, "utf8")));
});

test("the files are for their owner alone, never larger and never more than they may be, and none is lost meanwhile", (context) => {
  const { log, folder, path, environment } = placeIn(context);
  log.use(environment({ PRA_LOG_MB: "1", PRA_LOG_FILES: "3" }));
  const text = "x".repeat(100_000);
  for (let count = 0; count < 60; count += 1) {
    log.log("info", "said", { count, text });
  }
  const names = readdirSync(join(folder, "logs")).toSorted();
  assert.deepEqual(names, ["daemon.log", "daemon.log.1", "daemon.log.2"]);
  const counts = names.toReversed().flatMap((name) => {
    const { size, mode } = statSync(join(folder, "logs", name));
    assert.ok(size <= 1_000_000, `${name}: ${size}`);
    assert.equal(mode & 0o777, 0o600);
    const lines = readFileSync(join(folder, "logs", name), "utf8")
      .trim()
      .split("\n");
    return lines.map((each) => (JSON.parse(each) as { count: number }).count);
  });
  const from = 60 - counts.length;
  assert.deepEqual(
    counts,
    counts.map((_count, index) => from + index),
  );
  chmodSync(path, 0o644);
  log.reopen();
  log.log("info", "said");
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("a file that logrotate moved away is left at the next line", (context) => {
  const { log, path, environment } = placeIn(context);
  log.use(environment());
  log.log("info", "before");
  renameSync(path, `${path}.moved`);
  log.log("info", "after");
  assert.match(readFileSync(`${path}.moved`, "utf8"), /before/);
  assert.match(readFileSync(path, "utf8"), /^[^\n]*after[^\n]*\n$/);
});

test("R20 a disk that takes nothing costs the file its lines and nobody else anything; they go to standard output, and how many is told", (context) => {
  const { log, said, path, environment } = placeIn(context);
  log.use(environment());
  configureFailpoints({ failpoints: "daemon.log-write:enospc", effects });
  log.log("info", "first");
  log.log("info", "second");
  assert.deepEqual(
    said.map((each) => (JSON.parse(each) as { event: string }).event),
    ["log-unwritable", "first", "second"],
  );
  configureFailpointsFrom(process.env);
  log.log("info", "third");
  assert.match(readFileSync(path, "utf8"), /third[^\n]*\n[^\n]*log-writable[^\n]*"astray":2\}\n$/);
});

test("a log that cannot be is refused with its reason, and a link leads nowhere", (context) => {
  const { log, folder, environment } = placeIn(context);
  const link = join(folder, "link.log");
  symlinkSync("/etc/passwd", link);
  for (const [path, reason] of [
    [link, "ELOOP"],
    [folder, "EISDIR"],
    ["/proc/nothing/daemon.log", "ENOENT"],
  ] as const) {
    assert.throws(
      () => {
        log.use(environment({ PRA_LOG_FILE: path }));
      },
      { code: "CONFIG_LOG_FILE", details: { path, reason } },
    );
  }
});
