/** `pra list`: backups, windows, gaps. Exit 4 when a backup is damaged. */
import type { Command } from "commander";

import type { ListedIncarnation, RepositoryList } from "../../app/list.ts";
import { errorText } from "../../core/errors.ts";
import { formatLsn } from "../../core/lsn.ts";
import type { Windows } from "../../restore/window.ts";
import { formatBytes } from "../../core/format.ts";
import type { Frame, JsonValue } from "../frame.ts";
import { defineCommand } from "../program.ts";
import { recordedLook } from "../recorded-look.ts";
import { dumpLines, dumpsJson, holdJson } from "../dump-lines.ts";
import { displayWidth } from "../display-width.ts";
import { type Column, formatTable } from "../table.ts";
import { listText } from "../text/list-text.ts";
import { restoreText } from "../text/restore-text.ts";

type InstantShown = Windows["windows"][number]["from"];
type ToJson = (windows: Windows) => { readonly windows: JsonValue; readonly gaps: JsonValue };

/** Ids whole, and a word of a note. */
const FULL_TABLE_COLUMNS = 110;
/** The milliseconds at which a backup began, and a quarter of its random digits. */
const SHORT_ID_DIGITS = 17;
/** Timeline, stop and size: what a list says of these in a narrow terminal is in `--json`. */
const DROPPED: readonly number[] = [4, 3, 5];

/** The table, without columns that do not fit. */
function fittedTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widthMax: number | undefined,
): string {
  let kept = columns.map((_column, index) => index);
  for (const dropped of [undefined, ...DROPPED]) {
    kept = kept.filter((index) => index !== dropped);
    const table = formatTable(
      columns.filter((_column, index) => kept.includes(index)),
      rows.map((row) => row.filter((_cell, index) => kept.includes(index))),
    );
    const width = Math.max(...table.split("\n").map(displayWidth));
    if (widthMax === undefined || width <= widthMax || dropped === DROPPED.at(-1)) {
      return table;
    }
  }
  return formatTable(columns, rows);
}

function minute(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

function tableOf(listed: ListedIncarnation, list: RepositoryList, frame: Frame): string[] {
  const { language } = frame;
  const text = listText[language];
  const { columns } = text;
  // Least needed last: what does not fit goes, and an id may be typed by its beginning.
  const narrow = frame.columns !== undefined && frame.columns < FULL_TABLE_COLUMNS;
  const rows = listed.backups.flatMap(({ root }) => {
    if (root === undefined) {
      return [];
    }
    const proof = list.proofs.get(root.id);
    const damage = root.corruptPages.length;
    const hold = list.holds.get(root.id);
    return [
      [
        narrow ? root.id.slice(0, SHORT_ID_DIGITS) : root.id,
        text.kinds[root.kind],
        minute(root.startedAt),
        String(root.timeline),
        formatLsn(root.stopLsn),
        formatBytes(root.totals.storedBytes, language),
        proof === undefined ? text.notProven : text.proofs[proof.verdict],
        [
          ...(damage > 0 ? [text.corrupt(damage)] : []),
          ...(hold?.state === "held" ? [text.held(hold.reason)] : []),
          root.note,
        ].join(" "),
      ],
    ];
  });
  const table = fittedTable(
    [
      { heading: columns.id },
      { heading: columns.kind },
      { heading: columns.started },
      { heading: columns.timeline, align: "right" },
      { heading: columns.stop, align: "right" },
      { heading: columns.stored, align: "right" },
      { heading: columns.proof },
      { heading: columns.note },
    ],
    rows,
    frame.columns,
  );
  return rows.length === 0 ? [text.noBackups] : table.split("\n");
}

function damagedLines(
  listed: ListedIncarnation,
  { doubts }: RepositoryList,
  frame: Frame,
): string[] {
  const text = listText[frame.language];
  return listed.backups.flatMap((backup) => {
    if (backup.state === "readable") {
      const { id } = backup.root;
      return doubts.get(id)?.kind === "damaged" ? [text.provedDamaged(id)] : [];
    }
    const { error } = backup;
    const reason = errorText(error, frame.language).message;
    return [text.damaged(backup.id, reason)];
  });
}

/** The windows and gaps of one incarnation. */
function windowLines(
  { windows: { windows, gaps }, givenUp, windowsError }: ListedIncarnation,
  frame: Frame,
  show: (instant: InstantShown) => string,
): string[] {
  const text = listText[frame.language];
  if (windowsError !== undefined) {
    return [text.windowsFailed(errorText(windowsError, frame.language).message)];
  }
  return [
    ...(windows.length === 0 ? [text.noWindow] : [text.windows]),
    ...windows.map(
      (window) =>
        `  ${text.windowLine(window.timeline, show(window.from), show(window.to), window.backups)}`,
    ),
    ...gaps.map(({ timeline, fromLsn, toLsn, cause }) =>
      text.gap(timeline, formatLsn(fromLsn), formatLsn(toLsn), cause),
    ),
    ...(gaps.length === 0 ? [] : [`  ${text.gapAdvice}`]),
    ...givenUp.map(({ timeline, fromLsn, toLsn }) =>
      text.givenUp(timeline, formatLsn(fromLsn), formatLsn(toLsn)),
    ),
  ];
}

function renderList(
  list: RepositoryList,
  frame: Frame,
  show: (instant: InstantShown) => string,
): string {
  const text = listText[frame.language];
  const shown = list.incarnations.filter(({ backups, dumps }) => backups.length + dumps.length > 0);
  if (shown.length === 0) {
    return text.empty;
  }
  const clusters = shown
    .map((listed) =>
      [
        text.cluster(listed.cluster, listed.systemId),
        ...tableOf(listed, list, frame),
        ...damagedLines(listed, list, frame),
        ...dumpLines(listed.dumps, list.holds, frame),
        "",
        ...windowLines(listed, frame, show),
      ].join("\n"),
    )
    .join("\n\n");
  const parts = list.proofsUnread.length;
  return parts === 0
    ? clusters
    : `${clusters}\n\n${restoreText[frame.language].proofsUnread(parts)}`;
}

function backupsJson(listed: ListedIncarnation, list: RepositoryList): JsonValue {
  return listed.backups.map((backup) => {
    if (backup.state === "damaged") {
      const { code, message } = backup.error;
      return { id: backup.id, state: "damaged", error: { code, message } };
    }
    const { root } = backup;
    const proof = list.proofs.get(root.id);
    return {
      id: root.id,
      state: "good",
      kind: root.kind,
      parent: root.parent,
      timeline: root.timeline,
      startedAt: root.startedAt,
      finishedAt: root.finishedAt,
      startLsn: formatLsn(root.startLsn),
      stopLsn: formatLsn(root.stopLsn),
      clusterBytes: root.totals.clusterBytes,
      storedBytes: root.totals.storedBytes,
      corruptPages: root.corruptPages.length,
      note: root.note,
      hold: holdJson(list.holds.get(root.id)),
      lastProof: proof === undefined ? null : { ...proof, failedLevels: [...proof.failedLevels] },
    };
  });
}

function givenUpJson(givenUp: ListedIncarnation["givenUp"]): JsonValue {
  return givenUp.map(({ timeline, fromLsn, toLsn }) => ({
    timeline,
    from: formatLsn(fromLsn),
    to: formatLsn(toLsn),
  }));
}

function jsonOf(list: RepositoryList, windowsJson: ToJson): JsonValue {
  return {
    location: list.location,
    proofsUnread: list.proofsUnread.map(({ code, message }) => ({ code, message })),
    clusters: list.incarnations.map((listed) => ({
      name: listed.cluster,
      systemId: listed.systemId,
      incarnation: listed.place.incarnation,
      backups: backupsJson(listed, list),
      dumps: dumpsJson(listed.dumps, list.holds),
      ...windowsJson(listed.windows),
      givenUpWal: givenUpJson(listed.givenUp),
      windowsError: listed.windowsError?.code ?? null,
    })),
  };
}

/** Registers the command. */
export function registerList(program: Command, frame: Frame): void {
  const text = listText[frame.language];
  defineCommand(program, frame.language, "list", text.list).action(async () => {
    const { listRepository, showInstant, windowsToJson } = await import("../../app/list.ts");
    const list = await recordedLook(frame, "list", frame.environment(), (adapters, environment) =>
      listRepository(adapters, environment, { signal: frame.signal }),
    );
    frame.result(jsonOf(list, windowsToJson), () => renderList(list, frame, showInstant));
    const damaged = list.incarnations.some(
      ({ backups, dumps, windowsError }) =>
        windowsError !== undefined ||
        dumps.some(({ state }) => state === "damaged") ||
        backups.some(({ state }) => state === "damaged"),
    );
    if (damaged) {
      frame.conclude({ kind: "problems" });
    } else if (list.proofsUnread.length > 0) {
      frame.conclude({ kind: "warnings" });
    }
  });
}
