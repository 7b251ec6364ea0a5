/**
 * Metrics as a file for node_exporter's textfile collector, which reads every `*.prom` of a directory at any moment: so the file is replaced
 * at once, and is whole whenever it is read. It is readable by all, as the collector is another account; metrics hold no secret. It is
 * replaced every few minutes, so it is the one file that a rename may overwrite.
 */
import { chmod, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failpoint } from "../../core/failpoint.ts";
import { withFileErrors } from "../../files/file-error.ts";
import { removeFile, writeAll } from "../../files/write-durably.ts";
import { metricsText } from "../../watch/metrics/exposition.ts";
import type { Scrape } from "../../watch/metrics/metric.ts";

/** Aborted or failed: the file is the one before, and nothing else is left. @throws DrError `STORE_IO`, `STORE_DISK_FULL`. */
export async function writeTextfile(
  path: string,
  scrape: Scrape,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  // The collector passes over what does not end in .prom.
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
  const temporary = join(dirname(path), `.pra-${random}.tmp`);
  const content = Buffer.from(metricsText(scrape, "text"));
  await withFileErrors({ group: "STORE", operation: "write", path, signal }, async () => {
    try {
      failpoint("metrics.write");
      {
        await using handle = await open(temporary, "wx", 0o644);
        await writeAll(handle, [content], signal);
        await handle.sync();
      }
      // Whatever the umask.
      await chmod(temporary, 0o644);
      failpoint("metrics.rename");
      await rename(temporary, path);
    } catch (error) {
      await removeFile(temporary);
      throw error;
    }
  });
}
