/**
 * Reads the page a server complains about out of its WARNING. The server words warnings in its own
 * language and sends no fields for file and block, so the path is recognised by its shape, which no
 * translation changes, and the block as the first number after it.
 *
 * Follows sendFile and read_file_data_into_buffer in src/backend/backup/basebackup.c of PostgreSQL: up to
 * 16 the block counts from the start of the file, from 17 on from the start of the relation.
 */
import type { ServerMessage } from "../postgres/server-message.ts";
import type { ChecksumWarning } from "./backup-source.ts";

/** RELSEG_SIZE of every packaged server: 1 GiB of 8 KiB blocks. */
export const defaultSegmentBlocks = 131_072;

const pattern =
  /(?:^|[^\w])(?:\.\/)?((?:pg_tblspc\/(\d+)\/)?((?:PG_\d+_\d+\/\d+|base\/\d+|global)\/\d+(?:_(?:fsm|vm|init))?(?:\.(\d+))?))(?![\w.])(.*)$/su;

/** The warning's page, or undefined when it is about something else. */
export function checksumWarningOf(
  message: ServerMessage,
  options: { readonly segmentBlocks: number },
): ChecksumWarning | undefined {
  if (message.severity !== "WARNING") {
    return undefined;
  }
  const match = pattern.exec(message.text);
  if (match === null) {
    return undefined;
  }
  const [, , tablespace, path = "", segment, rest = ""] = match;
  const perBlock = /checksum verification failed in file/.test(message.text)
    ? true
    : /[0-9A-F]{1,4}[^0-9A-F]+[0-9A-F]{1,4}\D*$/.test(rest) && /\d/.test(rest);
  const number = perBlock ? /\d+/.exec(rest)?.[0] : undefined;
  const firstBlock = Number(segment ?? "0") * options.segmentBlocks;
  const block = number === undefined ? undefined : Number(number);
  return {
    tablespaceOid: Number(tablespace ?? "0"),
    path,
    blockInFile:
      block === undefined || firstBlock === 0 || block < firstBlock ? block : block - firstBlock,
    text: message.text,
  };
}
