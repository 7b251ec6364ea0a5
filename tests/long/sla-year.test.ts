/** A year of looks every five minutes at twenty clusters: what the first judgement reads from the repository, and how long every later one takes. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { compose } from "../../src/app/compose.ts";
import { createRepository } from "../../src/app/create-repository.ts";
import { openRepository } from "../../src/app/repository-access.ts";
import { readSla } from "../../src/app/sla.ts";
import { msOf } from "../../src/core/units.ts";
import { resumeMonthlyWriter } from "../../src/ledger/resume-writer.ts";
import { environmentIn } from "../support/environment-in.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CLUSTERS = 20;
const DAYS = 365;
/** Hours that are recorded one by one at the end, as a watch does; those before in larger pieces, which is quicker and reads the same. */
const HOURLY_DAYS = 35;
/** Events in one of the larger pieces. */
const PIECE = 240;
const { signal } = new AbortController();

function looksOf(cluster: string, fromMs: number): object {
  const slots = Array.from({ length: 12 }, (_, index) => ({
    exposureSeconds: 20 + ((fromMs / HOUR + index) % 200),
    backupAgeSeconds: 600,
    proofAgeSeconds: 3600,
    state: "good",
  }));
  const objectives = { rpoSeconds: 3600, rtoSeconds: 1800 };
  const from = new Date(fromMs).toISOString();
  return { cluster, host: `h-${cluster}`, from, objectives, looks: 12, slots };
}

test("R30 a year of five-minute looks at twenty clusters is judged in under a second, once this host has read it", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "pra-year-"));
  context.after(() => rm(directory, { recursive: true }));
  const environment = environmentIn(directory, {
    BACKUP_DIR: join(directory, "repository"),
    PRA_STATE_DIR: join(directory, "state"),
    PRA_KEY_FILE: join(directory, "key"),
  });
  const real = compose();
  await createRepository(real, environment, { signal, encryption: "on", recoveryKey: "write" });
  const endMs = Math.floor(real.clock.now() / HOUR) * HOUR;
  const startMs = endMs - DAYS * DAY;
  let atMs = startMs;
  const clock = {
    ...real.clock,
    now: () => msOf(atMs),
    monotonic: () => real.clock.monotonic(),
    sleep: real.clock.sleep.bind(real.clock),
  };
  const { sealed } = await openRepository({ ...real, clock }, environment, { signal });
  let events = 0;
  for (let number = 0; number < CLUSTERS; number += 1) {
    const cluster = `c${number}`;
    let hourMs = startMs;
    while (hourMs < endMs) {
      atMs = hourMs + HOUR;
      const month = new Date(atMs).getUTCMonth();
      const about = {
        clock,
        host: cluster,
        pid: 1,
        program: "pra",
        remembered: [],
        subject: `watch ${cluster}`,
      };
      const writer = await resumeMonthlyWriter(sealed, about, { signal });
      while (hourMs < endMs && new Date(hourMs + HOUR).getUTCMonth() === month) {
        atMs = hourMs + HOUR;
        const data = looksOf(cluster, hourMs) as never;
        writer.add({ kind: "looksSampled", data, actor: "pra", reason: "pra status" });
        events += 1;
        hourMs += HOUR;
        if (hourMs > endMs - HOURLY_DAYS * DAY || writer.pendingEvents >= PIECE) {
          await writer.flush({ signal });
        }
      }
      await writer.flush({ signal });
    }
  }
  const typed = {
    from: new Date(startMs).toISOString(),
    to: new Date(endMs).toISOString(),
    month: undefined,
  };
  // Processor time, of all threads: whatever else runs on the machine does not count.
  const read = async (): Promise<{ readonly ms: number; readonly objects: number }> => {
    let objects = 0;
    const before = process.cpuUsage();
    const onRead = (count: number): void => void (objects = count);
    const { clusters } = await readSla(real, environment, { typed, fresh: false, signal, onRead });
    const { user, system } = process.cpuUsage(before);
    assert.equal(clusters.length, CLUSTERS);
    for (const { exposure } of clusters) {
      assert.deepEqual([exposure.withinMs, exposure.unknownMs], [DAYS * DAY, 0]);
    }
    return { ms: Math.round((user + system) / 1000), objects };
  };
  const first = await read();
  const later: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const { ms, objects } = await read();
    assert.equal(objects, 0);
    later.push(ms);
  }
  const median = later.toSorted((a, b) => a - b)[2] ?? Infinity;
  context.diagnostic(
    `${events} events in ${first.objects} objects: first ${first.ms} ms of processor, then ${later.join(", ")} ms`,
  );
  assert.ok(median < 1000, later.join(", "));
});
