/**
 * Each supported major through the whole way under load, judged by the oracle of commits: full and incremental backup while clients
 * commit, the receiver, the server killed, and the copy restored to the end, to an instant and to a position; then a proof.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { formatLsn, parseLsn } from "../../src/core/lsn.ts";
import { supportedMajors } from "../../src/core/pg-version.ts";
import type { Acknowledged } from "../../src/loadtest/acknowledged.ts";
import { type OracleTarget, verifyOracle } from "../../src/loadtest/oracle.ts";
import { startWorkload } from "../../src/loadtest/workload.ts";
import { checkRelations, countBothWays } from "../../src/proof/relation-checks.ts";
import { CommandLine } from "../support/command-line.ts";
import { endReceiver, receive, untilNothingIsMissing } from "../support/long-run.ts";
import { withRestored } from "../support/restored-copy.ts";
import { startTestServer } from "../support/test-server.ts";

const signal = AbortSignal.timeout(1_200_000);
const CLIENTS = 6;

/** Restores, and holds the copy against what clients were told. */
async function judge(
  pra: CommandLine,
  acknowledged: Acknowledged,
  target: { readonly words: string; readonly upTo: OracleTarget },
): Promise<number> {
  return await withRestored(pra, target.words, async ({ socketDirectory: host, port }) => {
    const client = new Client({ host, port, user: "postgres", database: "postgres" });
    await client.connect();
    try {
      const verdict = await verifyOracle(client, acknowledged, { upTo: target.upTo });
      assert.equal(verdict.ok, true, `${target.words}: ${JSON.stringify(verdict)}`);
      const checks = await checkRelations(client);
      assert.equal(checks.amcheck, true);
      assert.deepEqual(checks.findings, []);
      await client.query("VACUUM pra_load.ledger");
      const counts = await countBothWays(client, "pra_load.ledger");
      assert.equal(counts.indexOnly, counts.sequential);
      return verdict.found;
    } finally {
      await client.end();
    }
  });
}

for (const major of supportedMajors) {
  test(`on ${major} what was committed under load is restored to the end, to an instant and to a position, and proved`, async (t) => {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(
      await startTestServer({
        major,
        initdbArguments: ["--data-checksums", "--wal-segsize=4"],
        settings: { max_wal_size: "64MB", min_wal_size: "16MB" },
      }),
    );
    const pra = stack.use(await CommandLine.initialised(server));
    const receiver = await receive(pra);
    const load = stack.use(
      await startWorkload({
        connection: server.clientConfig(),
        clients: CLIENTS,
        pauseMs: 3,
        signal,
      }),
    );
    await load.untilCommits(500, { signal });
    for (const kind of ["full", "incremental", "incremental"]) {
      const { code, out, err } = await pra.run(`backup --${kind}`);
      assert.equal(code, 0, `${out}${err}`);
      await load.untilCommits(load.acknowledged.count + 500, { signal });
    }
    await sleep(100);
    const epochMs = Date.now();
    await sleep(100);
    const lsn = parseLsn(await server.value("SELECT pg_current_wal_flush_lsn()"));
    await sleep(100);
    await load.untilCommits(load.acknowledged.count + 500, { signal });
    await load.stop();
    await untilNothingIsMissing(pra);
    await server.kill();
    await endReceiver(receiver);

    const { acknowledged } = load;
    const found = [];
    for (const target of [
      { words: "--latest", upTo: { kind: "all" as const } },
      {
        words: `--at ${new Date(epochMs).toISOString()}`,
        upTo: { kind: "time" as const, epochMs },
      },
    ]) {
      found.push(await judge(pra, acknowledged, target));
    }
    assert.equal(found[0], acknowledged.count);
    assert.ok((found[1] ?? 0) < acknowledged.count, "the instant lies before the end");
    // A position inside a record is no place to stop: the plan names the next one.
    const plan = await pra.json(`plan --lsn ${formatLsn(lsn)}`);
    if (plan.code === 0) {
      const words = `--lsn ${formatLsn(lsn)}`;
      found.push(await judge(pra, acknowledged, { words, upTo: { kind: "lsn", lsn } }));
    }
    const proof = await pra.json("prove --latest");
    assert.equal(proof.code, 0, proof.out);
    assert.equal(proof.value["verdict"], "proved");
    t.diagnostic(`${acknowledged.count} commits acknowledged; restored: ${found.join(", ")}`);
  });
}
