/**
 * An archive for tests that are not about WAL: `archive_command` copies segments into a directory, from which a restore's
 * `pg_wal` is laid. Copying a live `pg_wal` instead would race with its recycling.
 */
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type TestServer, testBinaries, testDirectory } from "./test-server.ts";

const WAIT_MS = 20_000;

/** A directory of archived segments. */
export class WalArchive implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<WalArchive> {
    const { account } = await testBinaries(18);
    return new WalArchive(await testDirectory(account));
  }

  /** For the server whose WAL is archived here. */
  get settings(): Readonly<Record<string, string>> {
    const at = `${this.directory}/%f`;
    return { archive_mode: "on", archive_command: `cp "%p" "${at}.tmp" && mv "${at}.tmp" "${at}"` };
  }

  /** Waits until everything the server has written is archived. */
  async catchUp(server: TestServer): Promise<void> {
    // A record of ours, so that the switch has something to switch from.
    await server.query("SELECT pg_logical_emit_message(false, 'archive', 'all')");
    const last = await server.value("SELECT pg_walfile_name(pg_switch_wal())");
    for (let waited = 0; waited < WAIT_MS; waited += 50) {
      const names = await readdir(this.directory);
      if (names.includes(last)) {
        return;
      }
      await sleep(50);
    }
    throw new Error(`${last} was not archived within ${WAIT_MS} ms`);
  }

  /** Lays everything archived into a restored `pg_wal`; answers how many. */
  async lay(directory: string): Promise<number> {
    await mkdir(directory, { recursive: true });
    const names = (await readdir(this.directory)).filter((name) => !name.endsWith(".tmp"));
    for (const name of names) {
      await copyFile(join(this.directory, name), join(directory, name));
    }
    return names.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
