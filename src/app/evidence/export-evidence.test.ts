/** What a bundle holds, and when none is made. That an auditor can check it is tested with the verifier itself. */
import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  type BundleFiles,
  type EvidenceWorld,
  evidenceWorld,
  readBundle,
} from "../../../tests/support/evidence-world.ts";

const DAY = 86_400_000;

type Event = { readonly writer: string; readonly sequence: number; readonly kind: string };

function eventsIn(files: BundleFiles): readonly Event[] {
  const text = files.get("ledger/events.jsonl")?.toString() ?? "";
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event);
}

function listIn(files: BundleFiles, name: string): readonly Record<string, unknown>[] {
  return JSON.parse(files.get(`lists/${name}.json`)?.toString() ?? "") as Record<string, unknown>[];
}

const placeOf = ({ writer, sequence }: Event): string => `${writer} ${sequence}`;

/** The earlier period, settled, and the later one, which goes on. */
async function bundles(world: EvidenceWorld): Promise<readonly [BundleFiles, BundleFiles]> {
  const { nowMs, directory } = world;
  const border = nowMs - 10 * DAY;
  const first = await world.export("first.tar", nowMs - 60 * DAY, border);
  const second = await world.export("second.tar", border, nowMs + DAY);
  assert.deepEqual([first.goesOn, second.goesOn], [false, true]);
  assert.deepEqual([first.problems, second.problems], [[], []]);
  return [
    await readBundle(join(directory, "first.tar")),
    await readBundle(join(directory, "second.tar")),
  ];
}

test("R16 R31 evidence of periods that touch shares no event and misses none, also of a process whose clock was set back; each list adds up", async (context) => {
  const world = await evidenceWorld(context);
  const [first, second] = await bundles(world);
  const [early, late] = [eventsIn(first), eventsIn(second)];
  const places = [...early, ...late].map(placeOf);
  assert.equal(new Set(places).size, places.length);
  const writers = await readdir(join(world.directory, "repository", "ledger"));
  assert.deepEqual(
    new Set([...early, ...late].map(({ writer }) => writer)),
    new Set(writers.filter((writer) => places.some((place) => place.startsWith(writer)))),
  );
  for (const writer of writers) {
    const own = [...early, ...late].filter((event) => event.writer === writer);
    assert.deepEqual(
      own.map(({ sequence }) => sequence),
      own.map((_, index) => index + 1),
      writer,
    );
  }
  for (const [files, events] of [
    [first, early],
    [second, late],
  ] as const) {
    const manifest = JSON.parse(files.get("manifest.json")?.toString() ?? "") as {
      readonly lists: Record<string, number>;
      readonly events: number;
    };
    const rows = Object.keys(manifest.lists).map((name) => listIn(files, name).length);
    assert.equal(manifest.events, events.length);
    assert.equal(
      rows.reduce((sum, count) => sum + count, 0),
      events.length,
    );
  }
  const backups = early.filter(({ kind }) => kind.startsWith("backupF"));
  assert.equal(listIn(first, "backups").length, backups.length);
  const missed = listIn(first, "routines").filter(({ done }) => done === false);
  const days = missed.filter(
    ({ routine, cluster }) => routine === "daily backup" && cluster === "main",
  );
  // Two days without one, and those on which it failed.
  assert.equal(days.length, 3);
  assert.match(first.get("lists/backups.csv")?.toString() ?? "", /,'=1\+1,/);
  assert.equal([...second.keys()].filter((name) => name.startsWith("reports/")).length, 14);
  const pdf = [...second].find(([name]) => name.endsWith("report.fr.pdf"))?.[1];
  assert.equal(pdf?.subarray(0, 5).toString("latin1"), "%PDF-");
});

test("R16 no evidence is made of a ledger that is not whole, over a file that is there, or of a period to come; a report that is gone is named", async (context) => {
  const world = await evidenceWorld(context);
  const { nowMs, directory } = world;
  await assert.rejects(world.export("later.tar", nowMs + DAY, nowMs + 2 * DAY), {
    code: "LEDGER_EVIDENCE_FUTURE",
  });
  const reports = join(directory, "repository", "reports", "main");
  const [month = ""] = await readdir(reports);
  const [report = ""] = await readdir(join(reports, month));
  await rm(join(reports, month, report));
  const made = await world.export("one.tar", nowMs - 10 * DAY, nowMs);
  assert.deepEqual(
    made.problems.map(({ report: id, state }) => [id, state]),
    [[report, "missing"]],
  );
  await assert.rejects(world.export("one.tar", nowMs - 10 * DAY, nowMs), {
    code: "LEDGER_REPORT_FILE",
  });
  const ledger = join(directory, "repository", "ledger");
  const writers = await readdir(ledger);
  const counts = await Promise.all(
    writers.map(async (name) => (await readdir(join(ledger, name))).length),
  );
  const writer = writers[counts.indexOf(Math.max(...counts))] ?? "";
  const objects = (await readdir(join(ledger, writer))).toSorted();
  await rm(join(ledger, writer, objects[3] ?? ""));
  await assert.rejects(world.export("two.tar", nowMs - 10 * DAY, nowMs), { code: "LEDGER_GAP" });
});
