/**
 * The small messages of a server, read into values: errors and notices, rows of text, command tags. The
 * texts of errors come in the server's language, so nothing here or above may branch on them: `sqlstate`
 * and `routine` are never translated.
 *
 * Follows section 53.7 "Message Formats" and 53.8 "Error and Notice Message Fields" of PostgreSQL's
 * documentation.
 */

/** An ErrorResponse or NoticeResponse. */
export type ServerMessage = {
  /** ERROR, FATAL, PANIC, WARNING, NOTICE, INFO, LOG, DEBUG: never translated. */
  readonly severity: string;
  readonly sqlstate: string;
  readonly text: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** The C function that reported it. */
  readonly routine: string | undefined;
};

/** A row's values in text form; null is SQL's NULL. */
export type TextRow = readonly (string | null)[];

/** Reads the body of an ErrorResponse or NoticeResponse. Missing fields become empty text. */
export function parseServerMessage(body: Buffer): ServerMessage {
  const fields = new Map<string, string>();
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const end = body.indexOf(0, at + 1);
    const stop = end < 0 ? body.length : end;
    fields.set(String.fromCharCode(body[at] ?? 0), body.toString("utf8", at + 1, stop));
    at = stop + 1;
  }
  return {
    severity: fields.get("V") ?? fields.get("S") ?? "",
    sqlstate: fields.get("C") ?? "",
    text: fields.get("M") ?? "",
    detail: fields.get("D"),
    hint: fields.get("H"),
    routine: fields.get("R"),
  };
}

/** Reads the body of a DataRow whose columns are in text format. Undefined when it is malformed. */
export function parseDataRow(body: Buffer): TextRow | undefined {
  if (body.length < 2) {
    return undefined;
  }
  const count = body.readUInt16BE(0);
  const row: (string | null)[] = [];
  let at = 2;
  for (let column = 0; column < count; column++) {
    if (at + 4 > body.length) {
      return undefined;
    }
    const length = body.readInt32BE(at);
    at += 4;
    if (length === -1) {
      row.push(null);
      continue;
    }
    if (length < 0 || at + length > body.length) {
      return undefined;
    }
    row.push(body.toString("utf8", at, at + length));
    at += length;
  }
  return at === body.length ? row : undefined;
}

/** Text up to the first NUL; the tag of a CommandComplete. */
export function parseCommandTag(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString("utf8", 0, end < 0 ? body.length : end);
}
