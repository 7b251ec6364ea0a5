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

/**
 * The manifest with the entry of `name` made for `content`. Answers undefined when it is not laid out as PostgreSQL
 * lays it out: then the restored directory goes without one.
 */
export function manifestWith(
  manifest: Uint8Array,
  name: string,
  content: Uint8Array,
): Buffer | undefined {
  const text = Buffer.from(manifest).toString("latin1");
  const entry = text.indexOf(`"Path": "${name}"`);
  const own = text.lastIndexOf(`"Manifest-Checksum"`);
  if (entry < 0 || own < 0) {
    return undefined;
  }
  const end = text.indexOf("\n", entry);
  const line = text.slice(entry, end);
  const algorithm = /"Checksum-Algorithm": "(\w+)"/.exec(line)?.[1];
  const checksum = algorithm === undefined ? undefined : checksumOf(algorithm, content);
  if (algorithm !== undefined && checksum === undefined) {
    return undefined;
  }
  const sized = line.replace(/"Size": \d+/, `"Size": ${content.length}`);
  const changed =
    checksum === undefined
      ? sized
      : sized.replace(/"Checksum": "[0-9a-f]+"/, `"Checksum": "${checksum}"`);
  const head = Buffer.from(`${text.slice(0, entry)}${changed}${text.slice(end, own)}`, "latin1");
  const digest = createHash("sha256").update(head).digest("hex");
  return Buffer.concat([head, Buffer.from(`"Manifest-Checksum": "${digest}"}\n`)]);
}
