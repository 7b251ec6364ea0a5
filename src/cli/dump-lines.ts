/** Dumps in a list: what each holds, and when it was taken. */
import { errorText } from "../core/errors.ts";
import { formatBytes } from "../core/format.ts";
import type { DumpEntry } from "../repository/dump-catalogue.ts";
import type { HoldDocument } from "../repository/holds.ts";
import type { Frame, JsonValue } from "./frame.ts";
import { formatTable } from "./table.ts";
import { listText } from "./text/list-text.ts";

/** Databases named in a line; more are counted. */
const NAMES_SHOWN_MAX = 4;

type Holds = ReadonlyMap<string, HoldDocument>;

/** The dumps of one incarnation; nothing when there are none. */
export function dumpLines(dumps: readonly DumpEntry[], holds: Holds, frame: Frame): string[] {
  const { language } = frame;
  const text = listText[language];
  const rows = dumps.flatMap((entry) => {
    if (entry.state !== "dump") {
      return [];
    }
    const { id, startedAt, totals, databases, note } = entry.dump;
    const names = databases.map(({ name }) => name);
    const more = names.length - NAMES_SHOWN_MAX;
    const shown = names.slice(0, NAMES_SHOWN_MAX).join(", ");
    const hold = holds.get(id);
    return [
      [
        id,
        startedAt.slice(0, 16).replace("T", " "),
        formatBytes(totals.storedBytes, language),
        `${shown}${more > 0 ? ` (+${more})` : ""}`,
        [...(hold?.state === "held" ? [text.held(hold.reason)] : []), note].join(" "),
      ],
    ];
  });
  const damaged = dumps.flatMap((entry) =>
    entry.state === "damaged"
      ? [text.damaged(entry.id, errorText(entry.error, language).message)]
      : [],
  );
  if (rows.length + damaged.length === 0) {
    return [];
  }
  const { columns } = text;
  const table = formatTable(
    [
      { heading: columns.id },
      { heading: columns.started },
      { heading: columns.stored, align: "right" },
      { heading: text.databases },
      { heading: columns.note },
    ],
    rows,
  );
  return ["", text.dumps, ...(rows.length === 0 ? [] : table.split("\n")), ...damaged];
}

/** A hold in JSON; null when nothing is held. */
export function holdJson(hold: HoldDocument | undefined): JsonValue {
  return hold?.state === "held"
    ? { reason: hold.reason, until: hold.until, actor: hold.actor, at: hold.at }
    : null;
}

/** The same for machines. */
export function dumpsJson(dumps: readonly DumpEntry[], holds: Holds): JsonValue {
  return dumps.flatMap((entry): JsonValue[] => {
    switch (entry.state) {
      case "dump": {
        const { id, startedAt, finishedAt, note, totals, databases, globals } = entry.dump;
        const names = databases.map(({ name, snapshotAt, snapshotLsn }) => ({
          name,
          snapshotAt,
          snapshotLsn,
        }));
        const state = { id, state: "good", startedAt, finishedAt, note, ...totals };
        const hold = holdJson(holds.get(id));
        return [{ ...state, hold, globals: globals !== null, databases: names }];
      }
      case "damaged": {
        const { code, message } = entry.error;
        return [{ id: entry.id, state: "damaged", error: { code, message } }];
      }
      case "fenced":
        return [];
    }
  });
}
