/**
 * The server's `backup_manifest` after we changed a file (`pg_control` is restored with a poisoned checkpoint, a moved
 * tablespace changes `tablespace_map`): the entry and the manifest's own checksum are made again. Other entries stay
 * byte for byte.
 *
 * Follows "Backup Manifest Format" of PostgreSQL's documentation and src/backend/backup/backup_manifest.c: one file
 * a line, the manifest's SHA-256 over everything before its own line.
 */
import { createHash } from "node:crypto";
import { crc32c } from "../core/crc32c.ts";

function checksumOf(algorithm: string, content: Uint8Array): string | undefined {
  switch (algorithm) {
    case "CRC32C": {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(crc32c(content));
      return bytes.toString("hex");
    }
    case "SHA224":
    case "SHA256":
    case "SHA384":
    case "SHA512":
      return createHash(algorithm.toLowerCase()).update(content).digest("hex");
    default:
      return undefined;
  }
}

/** The line of one entry, changed; undefined when it cannot be. */
function changedLine(line: string, content: Uint8Array): string | undefined {
  const algorithm = /"Checksum-Algorithm": "(\w+)"/.exec(line)?.[1];
  const sized = line.replace(/"Size": \d+/, `"Size": ${content.length}`);
  if (algorithm === undefined) {
    return sized;
  }
  const checksum = checksumOf(algorithm, content);
  return checksum === undefined
    ? undefined
    : sized.replace(/"Checksum": "[0-9a-f]+"/, `"Checksum": "${checksum}"`);
}

/** Bytes of the manifest, and what they become. */
type Change = { readonly start: number; readonly end: number; readonly line: Buffer };

function changeOf(manifest: Buffer, name: string, content: Uint8Array): Change | undefined {
  const start = manifest.indexOf(`"Path": "${name}"`, 0, "latin1");
  const end = manifest.indexOf("\n", start);
  if (start < 0 || end < 0) {
    return undefined;
  }
  const line = changedLine(manifest.toString("latin1", start, end), content);
  return line === undefined ? undefined : { start, end, line: Buffer.from(line, "latin1") };
}

/**
 * The manifest with the entries of changed files made for their content, in pieces that are views of `manifest` for the most part: it
 * has 150 bytes a file, 150 MB for a million. Answers undefined when it is not laid out as PostgreSQL
 * lays it out: then the restored directory goes without one.
 */
export function manifestWith(
  manifest: Buffer,
  changed: ReadonlyMap<string, Uint8Array>,
): readonly Buffer[] | undefined {
  const own = manifest.lastIndexOf(`"Manifest-Checksum"`);
  if (own < 0) {
    return undefined;
  }
  const changes: Change[] = [];
  for (const [name, content] of changed) {
    const change = changeOf(manifest, name, content);
    if (change === undefined || change.end > own) {
      return undefined;
    }
    changes.push(change);
  }
  changes.sort((a, b) => a.start - b.start);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, line } of changes) {
    pieces.push(manifest.subarray(at, start), line);
    at = end;
  }
  pieces.push(manifest.subarray(at, own));
  const hash = createHash("sha256");
  pieces.forEach((piece) => hash.update(piece));
  pieces.push(Buffer.from(`"Manifest-Checksum": "${hash.digest("hex")}"}\n`));
  return pieces;
}
