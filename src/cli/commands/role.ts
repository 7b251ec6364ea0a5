/** `pra role sql`: what the role of the backups needs, printed as SQL that can be piped into psql, or run. */
import { type Command, Option } from "commander";

import type { RoleAnswer } from "../../app/role-sql.ts";
import { DrError } from "../../core/errors.ts";
import { type SupportedMajor, supportedMajors } from "../../core/pg-version.ts";
import type { RoleUse } from "../../postgres/role-statements.ts";
import type { Frame } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { roleText } from "../text/role-text.ts";
import { wholeNumber } from "../whole-number.ts";

type Options = {
  readonly role?: string;
  readonly for?: ReadonlySet<RoleUse>;
  readonly major?: number;
  readonly apply?: true;
  readonly as?: string;
};

const COMMAND = "pra role sql";

const USES: readonly RoleUse[] = ["stream", "dumps", "restores", "local"];

function parseUses(typed: string): ReadonlySet<RoleUse> {
  const names = typed.split(",").map((name) => name.trim());
  const uses = USES.filter((use) => names.includes(use));
  if (uses.length !== new Set(names).size) {
    throw new DrError("USAGE_VALUE", { name: "--for", value: typed, command: COMMAND });
  }
  return new Set(uses);
}

/** In psql's words: an identifier in double quotes. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A script for psql: everything that is no statement is a comment. A line break in a name would end one. */
function renderScript(answer: RoleAnswer, frame: Frame): string {
  const text = roleText[frame.language];
  const { role, where, major, majorSeen, database, uses, statements } = answer;
  const comment = (line: string): string => `-- ${line.replaceAll(/[\r\n]+/g, " ")}`;
  const lines = [
    comment(text.title(role, where, major)),
    ...(majorSeen ? [] : [comment(text.assumed(major))]),
    ...uses.map((use) => comment(`  ${text.uses[use]}`)),
    comment(text.noBackupPrivilege),
    comment(text.runIn(database)),
  ];
  for (const [index, { what, sql }] of statements.entries()) {
    if (statements[index - 1]?.what !== what) {
      lines.push("", comment(text.why[what]));
    }
    lines.push(sql);
  }
  const kinds = uses.includes("stream") ? ["replication", "all"] : ["all"];
  return [
    ...lines,
    "",
    comment(text.password),
    comment(`\\password ${quoted(role)}`),
    "",
    comment(text.access),
    ...kinds.map((kind) =>
      comment(`hostssl ${kind.padEnd(11)} ${quoted(role)} <address>/32 scram-sha-256`),
    ),
  ].join("\n");
}

function renderApplied(answer: RoleAnswer, frame: Frame): string {
  const text = roleText[frame.language];
  const { role, where, statements, passwordSet } = answer;
  return [
    text.applied(role, where),
    ...statements.flatMap(({ what, sql }) => (what === "create" ? [] : [`  ${sql}`])),
    passwordSet ? text.passwordSet : text.passwordUnset(quoted(role)),
    text.next,
  ].join("\n");
}

async function sql(options: Options, frame: Frame): Promise<void> {
  const { apply, as } = options;
  if (apply === true && as === undefined) {
    throw new DrError("USAGE_MISSING_OPTION", { option: "--as <superuser>", command: COMMAND });
  }
  const { compose } = await import("../../app/compose.ts");
  const { roleSql } = await import("../../app/role-sql.ts");
  const answer = await roleSql(compose(), frame.environment(), {
    role: options.role,
    uses: options.for,
    major: supportedMajors.find((major): major is SupportedMajor => major === options.major),
    applyAs: apply === true ? as : undefined,
    signal: frame.signal,
  });
  frame.result(
    {
      role: answer.role,
      server: answer.where,
      database: answer.database,
      major: answer.major,
      uses: [...answer.uses],
      statements: answer.statements.map((one) => one.sql),
      applied: answer.applied,
      passwordSet: answer.passwordSet,
    },
    () => (answer.applied ? renderApplied(answer, frame) : renderScript(answer, frame)),
  );
}

/** Registers the group. */
export function registerRole(program: Command, frame: Frame): void {
  const text = roleText[frame.language];
  const group = defineGroup(program, frame.language, "role", text.groupSummary);
  const [min, max] = [Math.min(...supportedMajors), Math.max(...supportedMajors)];
  const major = wholeNumber({ name: "--major", command: COMMAND, min, max });
  defineCommand(group, frame.language, "sql", text.sql)
    .addOption(new Option("--role <name>", text.optionRole))
    .addOption(new Option("--for <uses>", text.optionFor).argParser(parseUses))
    .addOption(new Option("--major <n>", text.optionMajor).argParser(major))
    .addOption(new Option("--apply", text.optionApply))
    .addOption(new Option("--as <superuser>", text.optionAs))
    .action((options: Options) => sql(options, frame));
}
