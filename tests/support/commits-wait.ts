/** Makes commits wait for a standby that does not answer, for sure: they do so only from when the checkpointer has read the setting. */
import { setTimeout as pause } from "node:timers/promises";
import type { TestServer } from "./test-server.ts";

const WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/** Sets `synchronous_standby_names`, goes on committing until a commit waits, and ends its wait. */
export async function makeCommitsWait(server: TestServer, names: string): Promise<void> {
  await server.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
  await server.query("SELECT pg_reload_conf()");
  let goesOn = true;
  const commits = async (): Promise<void> => {
    for (let number = 0; goesOn; number += 1) {
      await server.query(`CREATE TABLE commits_wait_${number} ()`);
    }
  };
  const committing = commits().finally(() => {
    goesOn = false;
  });
  while (goesOn && (await server.query(`SELECT ${WAITING}`)).rows.length === 0) {
    await pause(5);
  }
  goesOn = false;
  await server.query(`SELECT pg_cancel_backend(pid) ${WAITING}`);
  await committing;
}
