/** A tar archive of small files, to be handed over: ustar headers as POSIX has them, which every tar reads. Pure. */
import { assert } from "../core/assert.ts";

/** One file in it. */
export type ArchivedFile = { readonly path: string; readonly content: Uint8Array };

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const SIZE_MAX = 0o77777777777;

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

function headerOf({ path, content }: ArchivedFile, modifiedAtSeconds: number): Buffer {
  const name = Buffer.from(path);
  assert(name.length <= NAME_BYTES, "a name in an archive has at most 100 bytes");
  assert(content.length <= SIZE_MAX, "a file in an archive has at most 8 GiB");
  const header = Buffer.alloc(BLOCK_BYTES);
  name.copy(header);
  const fields = [
    octal(0o644, 7),
    octal(0, 7),
    octal(0, 7),
    octal(content.length, 11),
    octal(modifiedAtSeconds, 11),
    // The checksum counts as blanks while it is computed.
    " ".repeat(8),
    "0",
  ];
  header.write(fields.join(""), NAME_BYTES, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** The archive in pieces. */
export function tarArchive(
  files: readonly ArchivedFile[],
  about: { readonly modifiedAtSeconds: number },
): readonly Uint8Array[] {
  const parts = files.flatMap((file) => {
    const padding = (BLOCK_BYTES - (file.content.length % BLOCK_BYTES)) % BLOCK_BYTES;
    return [headerOf(file, about.modifiedAtSeconds), file.content, Buffer.alloc(padding)];
  });
  return [...parts, Buffer.alloc(2 * BLOCK_BYTES)];
}
