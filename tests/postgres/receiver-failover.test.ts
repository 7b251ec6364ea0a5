/** A receiver whose server is replaced by a standby that had received less: the timeline's end is kept, and the new one is followed. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { present } from "../../src/core/assert.ts";
import { formatLsn } from "../../src/core/lsn.ts";
import { timelineOf } from "../../src/core/wal-name.ts";
import { ServiceAddress } from "../support/service-address.ts";
import {
  type TestServer,
  startStandby,
  startTestServer,
  testDirectory,
} from "../support/test-server.ts";
import { WalLab, eventually, flushLsn, settingsOf, signal } from "../support/wal-lab.ts";

const SETTINGS = { wal_keep_size: "128MB" };

async function promote(standby: TestServer): Promise<void> {
  await standby.query("SELECT pg_promote(true, 60)");
}

for (const major of [18, 15, 14] as const) {
  test(`L13 on ${major} a receiver that holds more than the promoted standby got goes on with the new timeline`, async () => {
    await using stack = new AsyncDisposableStack();
    const primary = stack.use(await startTestServer({ major, settings: SETTINGS }));
    const directory = await testDirectory(primary.account);
    stack.defer(() => rm(directory, { recursive: true, force: true }));
    const address = stack.use(await ServiceAddress.in(directory, primary));
    const standby = stack.use(await startStandby(primary, { settings: SETTINGS }));
    const lab = stack.use(await WalLab.open(primary));
    const receiver = stack.use(lab.receive(primary, { settings: settingsOf(address) }));
    await primary.query("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id");
    const common = await flushLsn(primary);
    await eventually(
      async () =>
        (await standby.value(`SELECT pg_last_wal_replay_lsn() >= '${formatLsn(common)}'`)) ===
          "true" || undefined,
      "the standby's replay",
    );
    await standby.stop();
    // Enough for a segment that is published and one that is not.
    await primary.query("INSERT INTO t SELECT generate_series(1, 300000)");
    const lost = await flushLsn(primary);
    await receiver.untilDurable(lost, { signal });
    await primary.kill();
    await standby.start();
    await promote(standby);
    address.lead(standby);
    await standby.query("INSERT INTO t VALUES (-1)");
    const end = await flushLsn(standby);
    await eventually(() => receiver.timeline === 2 || undefined, "the new timeline");
    await receiver.untilDurable(end, { signal });
    await receiver.stop();

    const [switched] = lab.eventsOf("timeline-switched");
    assert.ok(switched !== undefined);
    assert.equal(switched.from, 1);
    assert.equal(switched.to, 2);
    assert.ok(switched.switchLsn < lost && switched.heldLsn >= lost);
    assert.deepEqual(lab.eventsOf("gap"), []);
    assert.deepEqual(lab.eventsOf("segment-conflict"), []);
    const catalogue = await lab.catalogue();
    for (const [timeline, lsn] of [
      [timelineOf(1), lost],
      [timelineOf(2), end],
    ] as const) {
      const span = present(catalogue.timeline(timeline)?.spans.at(-1), "WAL is held");
      assert.ok(span.toLsn >= lsn, `timeline ${timeline} is held to its end`);
      assert.deepEqual(catalogue.holes(timeline), []);
    }
  });
}
