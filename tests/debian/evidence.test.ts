/**
 * The verifier that goes with evidence, run as an auditor runs it: Python's standard library and the bundle, nothing of ours. It accepts what was exported,
 * and names what was altered: by somebody without keys, and by somebody who signs the altered bundle anew with the key of an enrolled host.
 */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, before, test } from "node:test";
import { makeAnchor } from "../../src/app/ledger-operations.ts";
import { signAnchor, signedBy } from "../../src/app/ledger-anchor.ts";
import { SeededRandom } from "../../src/core/random.ts";
import { tarArchive } from "../../src/files/tar-archive.ts";
import { parseAnchor, settledHeads } from "../../src/ledger/anchor.ts";
import { canonicalJson, type JsonValue } from "../../src/ledger/canonical-json.ts";
import {
  createKeyRing,
  createWriterPair,
  enrolWriter,
  publicSide,
} from "../../src/pipeline/sealing/key-ring.ts";
import { fingerprintOf } from "../../src/pipeline/sealing/recipient-key.ts";
import { parseLedgerWriterName } from "../../src/repository/object-names.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { slaTamperings } from "../support/evidence-sla-tampering.ts";
import {
  EVENTS,
  type Event,
  type Files,
  type Row,
  edited,
  eventTamperings,
  inMiddle,
  jsonOf,
  linesOf,
  listTamperings,
  putJson,
  putLines,
  withRows,
  withoutField,
} from "../support/evidence-tampering.ts";
import { type EvidenceWorld, evidenceWorld, proof, readBundle } from "../support/evidence-world.ts";

/** Debian's, as an auditor has it. */
const python = "/usr/bin/python3";
const DAY = 86_400_000;
const SEALING = new Set(["SHA256SUMS", "signature.txt"]);

let world: EvidenceWorld;
/** As exported: of a period that is over, and of one that goes on. */
let settled: Files;
let ongoing: Files;
let root: string;
/** An anchor that an auditor was sent, before anything was altered. */
let kept: string;
const cleanups: (() => unknown)[] = [];

before(async () => {
  const context = { after: (action: () => unknown) => void cleanups.push(action) };
  world = await evidenceWorld(context as unknown as TestContext);
  const { nowMs, directory, adapters, environment, sealed } = world;
  kept = join(directory, "kept.txt");
  const { signal } = new AbortController();
  const { text } = await makeAnchor(adapters, environment, { output: undefined, signal });
  // As a mail that was saved holds it.
  const quoted = text.replaceAll(/([0-9a-f]{40})(?=[0-9a-f])/g, "$1=\r\n");
  await writeFile(kept, `Subject: PRA\r\n\r\n${quoted.replaceAll(/(?<!\r)\n/g, "\r\n")}`);
  await world.export("settled.tar", nowMs - 30 * DAY, nowMs - 10 * DAY);
  await world.export("ongoing.tar", nowMs - 10 * DAY, nowMs + DAY);
  settled = await readBundle(join(directory, "settled.tar"));
  ongoing = await readBundle(join(directory, "ongoing.tar"));
  root = fingerprintOf(sealed.ring.rootPublicKey);
});

test.after(async () => {
  await Promise.all(cleanups.map((cleanup) => cleanup()));
});

function run(bundle: string, ...words: readonly string[]): SpawnSyncReturns<string> {
  const script = join(world.environment.programDirectory, "evidence", "verify_evidence.py");
  return spawnSync(python, ["-I", script, ...words, bundle], { encoding: "utf8" });
}

/** The folder that an archive was unpacked into. */
function unpacked(name: string, to: string): string {
  const folder = join(world.directory, to);
  const path = join(world.directory, name);
  assert.equal(spawnSync("mkdir", [folder]).status, 0);
  assert.equal(spawnSync("tar", ["xf", path, "-C", folder, "--strip-components=1"]).status, 0);
  return folder;
}

async function verify(
  files: Files,
  ...words: readonly string[]
): Promise<SpawnSyncReturns<string>> {
  const path = join(world.directory, "given.tar");
  const entries = Array.from(files, ([name, content]) => ({ path: `evidence/${name}`, content }));
  await writeFile(path, Buffer.concat(tarArchive(entries, { modifiedAtSeconds: 0 })));
  return run(path, "--root", root, ...words);
}

/** Checksums of what is there now, signed by whoever has this store's key. */
function sealAnew(files: Files, sealed: SealedStore = world.sealed): void {
  const sums = [...files]
    .filter(([name]) => !SEALING.has(name))
    .map(([name, content]) => `${createHash("sha256").update(content).digest("hex")}  ${name}\n`)
    .toSorted()
    .join("");
  files.set("SHA256SUMS", Buffer.from(sums));
  const message = Buffer.from(`PRA evidence v1\n${sums}`);
  files.set("signature.txt", Buffer.from(signedBy(sealed, message)));
}

test("R16 R31 an auditor's Python accepts evidence of both kinds, from the archive and unpacked, in both languages, with a kept anchor", async () => {
  // The anchor was made after the first period, and folded that period's writers into its digest.
  const said = [
    [
      "settled.tar",
      false,
      /^\? \S+kept\.txt: nothing in this bundle can be held against the anchor of 2/m,
    ],
    ["ongoing.tar", true, /^✓ kept anchors agree$/m],
  ] as const;
  for (const [name, isCompared, ofAnchor] of said) {
    const path = join(world.directory, name);
    const { status, stdout, stderr } = run(path, "--root", root, "--anchor", kept, "--lang", "en");
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^All is as it was recorded: \d+ events/m);
    assert.match(stdout, ofAnchor);
    assert.deepEqual(
      [stdout.includes("✓ kept anchors"), /^\? /m.test(stdout)],
      [isCompared, !isCompared],
    );
    assert.equal(run(path, "--root", root.replaceAll("-", " ").toUpperCase()).status, 0);
  }
  const elsewhere = run(join(world.directory, "settled.tar"), "--anchor", kept, "--lang", "fr");
  assert.match(elsewhere.stdout, /rien dans ce lot ne peut être comparé à l'ancrage du 2/);
  const folder = unpacked("ongoing.tar", "unpacked");
  const french = spawnSync(python, ["-I", "verify_evidence.py", "--lang", "fr", "."], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(french.status, 2, french.stdout);
  assert.match(
    french.stdout,
    new RegExp(`QUI a signé n'est pas montré.*\\nLe lot dit ${root}`, "s"),
  );
});

test("R16 what was put into a bundle's folder is not run by the Python that judges it, and is named without writing on the terminal what it likes", async () => {
  const folder = unpacked("ongoing.tar", "planted");
  const lie = "import os\nos.write(1, b'All is well\\n')\nos._exit(0)\n";
  for (const name of ["argparse.py", "csv.py", "tarfile.py"]) {
    await writeFile(join(folder, name), lie);
  }
  const words = ["verify_evidence.py", "--root", root, "."];
  for (const options of [[], ["-I"]]) {
    const given = [...options, ...words];
    const { status, stdout } = spawnSync(python, given, { cwd: folder, encoding: "utf8" });
    assert.equal(status, 1, stdout);
    assert.doesNotMatch(stdout, /All is well/);
    assert.match(stdout, /argparse\.py: is not named in SHA256SUMS/);
    assert.match(stdout, /csv\.py: is not named in SHA256SUMS/);
  }
  const clearScreen = "\u001b[2J";
  const files = new Map(ongoing).set(`lists/${clearScreen}.csv`, Buffer.from("a"));
  const problem = {
    report: "a",
    cluster: "main",
    state: "altered",
    reason: `${clearScreen}\u202e`,
  };
  putJson(files, "manifest.json", { ...jsonOf<Row>(files, "manifest.json"), problems: [problem] });
  const { status, stdout } = await verify(files, "--lang", "en");
  assert.equal(status, 1);
  assert.ok(stdout.includes("lists/\\x1b[2J.csv: is not named in SHA256SUMS"), stdout);
  assert.ok(stdout.includes("when the bundle was made: \\x1b[2J\\u202e"), stdout);
  assert.ok(!stdout.includes("\u001b") && !stdout.includes("\u202e"));
});

test("R16 each of 100 changed bytes, and each file that is removed or added, is found and named", async () => {
  const random = new SeededRandom(2026);
  const names = [...ongoing.keys()].filter((name) => (ongoing.get(name)?.length ?? 0) > 0);
  for (let round = 0; round < 100; round += 1) {
    const files = new Map(ongoing);
    const name = names[Math.floor(random.fraction() * names.length)] ?? "";
    const content = Buffer.from(ongoing.get(name) ?? "");
    const at = Math.floor(random.fraction() * content.length);
    content.writeUInt8(content.readUInt8(at) ^ (1 + Math.floor(random.fraction() * 255)), at);
    files.set(name, content);
    const { status, stdout, stderr } = await verify(files);
    assert.equal(status, 1, `${name} ${at} ${stdout}${stderr}`);
    // One that cannot even be read is named for that; a signature is named by what it signs.
    const named = [name, ...(name === "SHA256SUMS" ? ["signature.txt", ": "] : [])];
    assert.ok(
      named.some((one) => stdout.includes(one)) || stdout.includes("cannot be read"),
      `${name} ${at} ${stdout}`,
    );
    assert.doesNotMatch(stderr, /Traceback/);
  }
  for (const name of ["lists/alerts.csv", "README.md", "ledger/heads.txt", "verify_evidence.py"]) {
    const files = new Map(ongoing);
    files.delete(name);
    assert.match(
      (await verify(files)).stdout,
      new RegExp(`${name}: is named in SHA256SUMS and missing`),
    );
  }
  const files = new Map(ongoing).set("lists/more.csv", Buffer.from("a"));
  assert.match((await verify(files)).stdout, /lists\/more\.csv: is not named in SHA256SUMS/);
});

test("R16 what is altered and signed anew by an enrolled host is found in the ledger's chain, and named", async () => {
  for (const [what, base, change, named] of eventTamperings) {
    const files = new Map(base === "settled" ? settled : ongoing);
    change(files);
    sealAnew(files);
    const { status, stdout, stderr } = await verify(files);
    assert.equal(status, 1, `${what}: ${stdout}${stderr}`);
    assert.match(stdout, named, what);
    assert.match(stdout, /^✓ files have their checksums$/m, what);
  }
});

test("R16 lists, counts, rates and reports that were altered and signed anew are named by file and row", async () => {
  for (const [what, base, change, named] of [...listTamperings, ...slaTamperings]) {
    const files = new Map(base === "settled" ? settled : ongoing);
    change(files);
    sealAnew(files);
    const { status, stdout, stderr } = await verify(files);
    assert.equal(status, 1, `${what}: ${stdout}${stderr}`);
    assert.match(stdout, named, what);
    assert.match(stdout, /^✓ the ledger's chain is whole$/m, what);
  }
});

/** All that a person with an enrolled key can do: edits an event, and makes chain, heads, anchor, lists and signature anew. */
function rewriteHistory(files: Files): void {
  const at = inMiddle(files);
  const ends = new Map<string, { readonly sequence: number; readonly hash: string }>();
  const before = linesOf(files, EVENTS);
  const lines = before.map((line, index) => {
    const event = JSON.parse(index === at ? edited(line) : line) as Event;
    const previousHash = ends.get(event.writer)?.hash ?? event["previousHash"];
    const text = canonicalJson({ ...event, previousHash } as JsonValue);
    const hash = createHash("sha256").update(text).digest("hex");
    ends.set(event.writer, { sequence: event.sequence, hash });
    return text;
  });
  putLines(files, EVENTS, lines);
  const { anchor } = parseAnchor(files.get("anchor.txt")?.toString() ?? "");
  const heads = linesOf(files, "ledger/heads.txt").map((line) => {
    const [name = "", sequence = "", hash = ""] = line.split(" ");
    const head = { sequence: Number(sequence), hash, ...ends.get(name) };
    return { writer: parseLedgerWriterName(name), ...head };
  });
  putLines(
    files,
    "ledger/heads.txt",
    heads.map(({ writer, sequence, hash }) => `${writer} ${sequence} ${hash}`),
  );
  const settled = settledHeads(anchor.settled.until, heads);
  const verdict = { settled, settledHeads: [], heads: anchor.heads };
  const signed = signAnchor(world.sealed, verdict, { actor: "x", nowMs: world.nowMs });
  files.set("anchor.txt", Buffer.from(signed.text));
  const { writer, sequence, data } = JSON.parse(lines[at] ?? "") as Event & { readonly data: Row };
  const was = (JSON.parse(before[at] ?? "") as { readonly data: Row }).data["object"];
  withRows("accesses", (rows) =>
    rows.map((row) =>
      row["eventWriter"] === writer && row["eventSequence"] === sequence
        ? { ...row, ...data }
        : row,
    ),
  )(files);
  const text = files.get("lists/accesses.csv")?.toString() ?? "";
  const row = new RegExp(`^(.*${writer},${sequence},.*),restore,main,${String(was)},0`, "m");
  const told = text.replace(row, `$1,list,main,${String(data["object"])},0`);
  files.set("lists/accesses.csv", Buffer.from(told));
  sealAnew(files);
}

test("R16 history that an enrolled host rewrote throughout is told by an anchor that was kept elsewhere, and by nothing else", async () => {
  const { nowMs, directory } = world;
  await world.export("both.tar", nowMs - 30 * DAY, nowMs + DAY);
  const files = await readBundle(join(directory, "both.tar"));
  assert.equal((await verify(files, "--anchor", kept)).status, 0);
  rewriteHistory(files);
  const alone = await verify(files);
  assert.equal(alone.status, 0, alone.stdout);
  const { status, stdout } = await verify(files, "--anchor", kept);
  assert.equal(status, 1);
  assert.match(
    stdout,
    /kept\.txt: the anchor of \S+ knew \d+ events of \d+ writers up to \S+; the ledger has \d+ of \d+/,
  );
  const text = await readFile(kept, "utf8");
  await writeFile(join(directory, "edited.txt"), text.replace("made 2", "made 3"));
  const forged = await verify(settled, "--anchor", join(directory, "edited.txt"));
  assert.match(forged.stdout, /edited\.txt: the signature does not fit/);
});

test("R16 a bundle that a stranger signed, of another repository, or with another root key in it, is refused by its root", async () => {
  const { sealed, adapters } = world;
  const pair = createWriterPair();
  const stranger = createKeyRing();
  const store = (ring: SealedStore["ring"]): SealedStore =>
    new SealedStore({ store: sealed.store, ring, clock: adapters.clock, random: adapters.random });
  const unenrolled = publicSide(sealed.ring, {
    ...pair,
    enrolment: enrolWriter(stranger, pair.publicKey),
  });
  const forged = new Map(settled);
  sealAnew(forged, store(unenrolled));
  assert.match(
    (await verify(forged)).stdout,
    /signature\.txt: the key that signed was not enrolled by the root key/,
  );
  const own = { ...stranger, repositoryId: sealed.ring.repositoryId };
  const mine = { ...own, writer: { ...pair, enrolment: enrolWriter(own, pair.publicKey) } };
  const replaced = new Map(settled);
  const manifest = jsonOf<Row>(replaced, "manifest.json");
  const key = Buffer.from(own.rootPublicKey).toString("hex");
  const roots = [{ generation: 1, key, fingerprint: fingerprintOf(own.rootPublicKey) }];
  putJson(replaced, "manifest.json", { ...manifest, roots });
  sealAnew(replaced, store(mine));
  assert.match(
    (await verify(replaced)).stdout,
    /signature\.txt: the root key is not the one with the fingerprint/,
  );
  const foreign = new Map(settled);
  putJson(foreign, "manifest.json", { ...manifest, repositoryId: "0".repeat(32) });
  sealAnew(foreign);
  assert.match((await verify(foreign)).stdout, /anchor\.txt: is of another repository/);
});

test("R16 without a root, the fingerprint that is to be compared is that of the key it was signed under, whatever the bundle calls it", async () => {
  const files = new Map(settled);
  const manifest = jsonOf<Row & { readonly roots: readonly Row[] }>(files, "manifest.json");
  const fingerprint = "0000-0000";
  const roots = manifest.roots.map((one) => ({ ...one, fingerprint }));
  const newer = { generation: 9, key: "0".repeat(64), fingerprint };
  putJson(files, "manifest.json", { ...manifest, roots: [...roots, newer] });
  sealAnew(files);
  assert.equal((await verify(files)).status, 0);
  const { status, stdout } = run(join(world.directory, "given.tar"), "--lang", "en");
  assert.equal(status, 2);
  assert.match(stdout, new RegExp(`The bundle says ${root}`));
});

test("R16 what is no bundle at all is told in a line, without a trace of the program", async () => {
  const deep = Buffer.from("[".repeat(200_000));
  const [from, to] = ["9999-12-30T00:00:00.000Z", "9999-12-31T00:00:00.000Z"];
  const lastDay = { cluster: "main", routine: "daily backup", from, to, done: false };
  const cases: readonly (readonly [string, Files])[] = [
    ["manifest.json", new Map([...settled].filter(([name]) => name !== "manifest.json"))],
    ["anchor.txt", new Map([...settled].filter(([name]) => name !== "anchor.txt"))],
    ["manifest.json", new Map(settled).set("manifest.json", Buffer.from("[]"))],
    ["ledger/events.jsonl:1", new Map(settled).set(EVENTS, Buffer.from("{}\n"))],
    ["", new Map(settled).set("sla.json", Buffer.from("null"))],
    ["manifest.json", new Map(settled).set("manifest.json", deep)],
    ["ledger/events.jsonl:1", new Map(settled).set(EVENTS, deep)],
    ["", new Map(settled).set("lists/routines.json", Buffer.from(JSON.stringify([lastDay])))],
  ];
  for (const [name, files] of cases) {
    const { status, stdout, stderr } = await verify(files);
    assert.deepEqual([status, stderr], [1, ""], stdout);
    assert.match(stdout, /cannot be read: /);
    assert.ok(name === "manifest.json" || stdout.includes(name), stdout);
  }
  const path = join(world.directory, "no.tar");
  await writeFile(path, "no archive");
  assert.match(run(path, "--root", root).stdout, /cannot be read: /);
  assert.match(run(join(world.directory, "absent")).stdout, /cannot be read: /);
});

test("R16 evidence of a period in which nothing happened, and of one with an event as long as events may be, is accepted", async () => {
  const { nowMs } = world;
  await world.export("nothing.tar", nowMs - 60 * DAY, nowMs - 50 * DAY);
  const findings = Array.from({ length: 50 }, () => "a long finding; ".repeat(240));
  await world.record(nowMs - 60_000, proof("main", false, findings));
  await world.export("long.tar", nowMs - 120_000, nowMs + DAY);
  for (const name of ["nothing.tar", "long.tar"]) {
    const path = join(world.directory, name);
    const { status, stdout, stderr } = run(path, "--root", root, "--lang", "en");
    assert.deepEqual([status, stderr], [0, ""], stdout);
  }
  const files = await readBundle(join(world.directory, "long.tar"));
  const cells = files.get("lists/proofs.csv")?.toString() ?? "";
  assert.ok(cells.length > 131_072, String(cells.length));
});

test("R16 what events of a newer version say besides stands in their list, too, and is accepted", async () => {
  const { nowMs } = world;
  const one = proof("main", true);
  const data = { ...one.data, checkedBy: "=Awa" };
  const newer = { ...one, data } as typeof one;
  await world.record(nowMs - 60_000, newer);
  await world.export("newer.tar", nowMs - 120_000, nowMs + DAY);
  const files = await readBundle(join(world.directory, "newer.tar"));
  assert.match(files.get("lists/proofs.csv")?.toString() ?? "", /,checkedBy\r\n.*,'=Awa\r\n/s);
  const { status, stdout } = await verify(files);
  assert.equal(status, 0, stdout);
  withoutField("proofs", "checkedBy")(files);
  sealAnew(files);
  assert.match((await verify(files)).stdout, /what its event says \(checkedBy\)/);
});

test("R16 cells with the signs of formulas and separators in any order are the same for the verifier, and begin no formula behind a semicolon", async () => {
  const { nowMs } = world;
  const random = new SeededRandom(7);
  const signs = "=+-@;;\t\r\n \"',\\aé".split("");
  const one = (): string => signs[Math.floor(random.fraction() * signs.length)] ?? "";
  const texts = Array.from({ length: 60 }, () => Array.from({ length: 12 }, one).join(""));
  const accesses = texts.map((object) => ({
    kind: "accessed" as const,
    data: { what: "restore", cluster: "main", object, repeats: 0 },
  }));
  await world.record(nowMs - 90_000, proof("main", true, texts), ...accesses);
  await world.export("signs.tar", nowMs - 120_000, nowMs + DAY);
  const files = await readBundle(join(world.directory, "signs.tar"));
  for (const name of ["proofs", "accesses"]) {
    const text = files.get(`lists/${name}.csv`)?.toString() ?? "";
    assert.doesNotMatch(text, /[;\t\r\n][ "]*[=+\-@]/);
  }
  const { status, stdout } = await verify(files);
  assert.equal(status, 0, stdout);
});
