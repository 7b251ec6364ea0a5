/**
 * Metrics as a file for node_exporter's textfile collector, which reads every `*.prom` of a directory at any moment: so the file is replaced
 * at once, and is whole whenever it is read. It is readable by all, as the collector is another account; metrics hold no secret. It is
 * replaced every few minutes, so it is the one file that a rename may overwrite.
 */
import { failpoint } from "../../core/failpoint.ts";
import { metricsText } from "../../watch/metrics/exposition.ts";
import type { Scrape } from "../../watch/metrics/metric.ts";
import { replaceFile } from "../replace-file.ts";

/** Aborted or failed: the file is the one before, and nothing else is left. @throws DrError `STORE_IO`, `STORE_DISK_FULL`. */
export async function writeTextfile(
  path: string,
  scrape: Scrape,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  const content = Buffer.from(metricsText(scrape, "text"));
  // The collector passes over what does not end in .prom: what is in the making.
  await replaceFile(path, content, {
    signal,
    mode: 0o644,
    write: () => {
      failpoint("metrics.write");
    },
    rename: () => {
      failpoint("metrics.rename");
    },
  });
}
