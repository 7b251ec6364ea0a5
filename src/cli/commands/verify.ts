/** `pra verify`: what is damaged, and which backups that takes down. Exit 4 when anything is. */
import { availableParallelism } from "node:os";

import type { Command } from "commander";

import type { VerifyIncarnationReport, VerifyReport } from "../../app/verify-operation.ts";
import { errorText } from "../../core/errors.ts";
import { verifyWorkersMax } from "../../core/limits.ts";
import { formatLsn } from "../../core/lsn.ts";
import { factLines } from "../fact-lines.ts";
import { formatBytes, formatDuration, formatNumber } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { verifyText } from "../text/verify-text.ts";

/** Lines of a list that people get; machines get all. */
const LINES_SHOWN_MAX = 20;

type Options = { readonly deep?: boolean; readonly backup?: string };

function sumOf(
  report: VerifyReport,
  value: (incarnation: VerifyIncarnationReport) => number,
): number {
  return report.incarnations.reduce((sum, incarnation) => sum + value(incarnation), 0);
}

function shown(lines: readonly string[], all: number, frame: Frame): string[] {
  const text = verifyText[frame.language];
  const first = lines.slice(0, LINES_SHOWN_MAX);
  const rest = all - first.length;
  return rest > 0 ? [...first, `  ${text.more(formatNumber(rest, frame.language))}`] : first;
}

function factsOf(report: VerifyReport, frame: Frame): string[] {
  const { language } = frame;
  const text = verifyText[language];
  const number = (value: (each: VerifyIncarnationReport) => number): string =>
    formatNumber(sumOf(report, value), language);
  const bytes = (value: (each: VerifyIncarnationReport) => number): string =>
    formatBytes(sumOf(report, value), language);
  const left = sumOf(report, (each) => each.unreferenced.objects);
  return factLines([
    [
      text.backups,
      text.backupsFacts(
        number((each) => each.backups.length),
        sumOf(report, (each) => each.fencedRoots),
      ),
    ],
    ...(sumOf(report, (each) => each.dumps.length) === 0
      ? []
      : ([[text.dumps, number((each) => each.dumps.length)]] as const)),
    [
      text.objects,
      text.objectsFacts(
        number((each) => each.packs),
        number((each) => each.maps),
      ),
    ],
    ...(report.deep
      ? ([
          [
            text.checked,
            text.checkedFacts(
              number((each) => each.frames),
              number((each) => each.blocks),
              bytes((each) => each.readBytes + each.wal.readBytes),
            ),
          ],
        ] as const)
      : []),
    [
      text.wal,
      text.walFacts(
        number((each) => each.wal.segments),
        number((each) => each.wal.parts),
        sumOf(report, (each) => each.wal.tornParts),
      ),
    ],
    ...(left === 0
      ? []
      : ([
          [
            text.leftovers,
            text.leftoversFacts(
              number((each) => each.unreferenced.objects),
              bytes((each) => each.unreferenced.bytes),
            ),
          ],
        ] as const)),
  ]);
}

function listLines(report: VerifyReport, frame: Frame): string[] {
  const text = verifyText[frame.language];
  const holes = report.incarnations.flatMap(({ wal }) =>
    wal.holes.map((hole) =>
      text.hole(formatLsn(hole.fromLsn), formatLsn(hole.toLsn), hole.timeline),
    ),
  );
  const conflicts = report.incarnations.flatMap(({ wal }) => wal.conflicts);
  const unknown = report.documents?.unknown ?? [];
  const list = (title: string, lines: readonly string[], all: number): string[] =>
    all === 0
      ? []
      : [
          "",
          `${title}:`,
          ...shown(
            lines.map((line) => `  ${line}`),
            all,
            frame,
          ),
        ];
  return [
    ...list(text.holes, holes, holes.length),
    ...list(text.conflicts, conflicts, conflicts.length),
    ...list(text.unknown, unknown, report.documents?.unknownTotal ?? 0),
  ];
}

function damageLines(report: VerifyReport, frame: Frame): string[] {
  const { language } = frame;
  const text = verifyText[language];
  if (report.ok) {
    return [];
  }
  const lines = report.damage.map(({ object, error, backups }) => {
    const down = backups.length === 0 ? text.takesDownNone : text.takesDown(backups.join(", "));
    return `  ✗ ${object}\n      ${error.code}: ${errorText(error, language).message}\n      → ${down}`;
  });
  return ["", text.damage, ...shown(lines, report.damagedObjects, frame)];
}

function renderVerify(report: VerifyReport, frame: Frame): string {
  const { language } = frame;
  const text = verifyText[language];
  const duration = formatDuration(report.durationMs, language);
  const number = (value: number): string => formatNumber(value, language);
  return [
    report.ok
      ? text.good(report.deep, duration)
      : text.bad(number(report.damagedObjects), number(report.backupsDown.size), duration),
    ...factsOf(report, frame),
    ...listLines(report, frame),
    ...damageLines(report, frame),
    ...(report.ok && !report.deep ? ["", text.quickAdvice] : []),
  ].join("\n");
}

function incarnationJson(report: VerifyReport, each: VerifyIncarnationReport): JsonValue {
  const { place, backups, dumps, fencedRoots, maps, packs, frames, blocks, unreferenced, wal } =
    each;
  const { holes, ...ofWal } = wal;
  return {
    cluster: place.cluster,
    incarnation: place.incarnation,
    dumps: dumps.map(({ id, startedAt, databases }) => ({
      id,
      startedAt,
      databases: [...databases],
      ok: !report.backupsDown.has(id),
    })),
    backups: backups.map(({ id, kind, startedAt }) => ({
      id,
      kind,
      startedAt,
      ok: !report.backupsDown.has(id),
    })),
    fencedBackups: fencedRoots,
    maps,
    packs,
    frames,
    blocks,
    readBytes: each.readBytes,
    unreferenced,
    wal: {
      ...ofWal,
      holes: holes.map(({ timeline, fromLsn, toLsn }) => ({
        timeline,
        from: formatLsn(fromLsn),
        to: formatLsn(toLsn),
      })),
    },
  };
}

function jsonOf(report: VerifyReport, frame: Frame): JsonValue {
  const { ok, deep, location, durationMs, documents } = report;
  return {
    ok,
    deep,
    location,
    durationMs,
    damagedObjects: report.damagedObjects,
    backupsDown: [...report.backupsDown],
    damage: report.damage.map(({ object, error, faults, backups }) => ({
      object,
      code: error.code,
      message: errorText(error, frame.language).message,
      faults,
      backups,
    })),
    incarnations: report.incarnations.map((each) => incarnationJson(report, each)),
    ledgerEvents: report.ledgerEvents,
    objects: documents?.objects ?? null,
    bytes: documents?.bytes ?? null,
    unknownObjects: documents?.unknown ?? null,
  };
}

async function verify(options: Options, frame: Frame): Promise<void> {
  const text = verifyText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { runVerify } = await import("../../app/verify-operation.ts");
  const report = await runVerify(compose(), frame.environment(), {
    deep: options.deep === true,
    backup: options.backup,
    workers: Math.min(verifyWorkersMax, availableParallelism()),
    onProgress: (step, done, all) => {
      const detail = all === 0 ? {} : { detail: `${done}/${all}` };
      frame.progress.update({ phase: text.steps[step], ...detail });
    },
    signal: frame.signal,
  });
  frame.result(jsonOf(report, frame), () => renderVerify(report, frame));
  if (!report.ok) {
    frame.conclude({ kind: "problems" });
  } else if (report.ledgerFailure !== undefined) {
    frame.conclude({ kind: "warnings" });
  }
}

/** Registers the command. */
export function registerVerify(program: Command, frame: Frame): void {
  const text = verifyText[frame.language];
  defineCommand(program, frame.language, "verify", text)
    .option("--deep", text.optionDeep)
    .option("--backup <id>", text.optionBackup)
    .action((options: Options) => verify(options, frame));
}
