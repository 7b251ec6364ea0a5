/**
 * What only a directory can show: processes that race, processes killed at every failpoint, disks that are full, listings beyond a
 * thousand objects, and the exact system calls that make an object durable. Nothing here needs root.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/core/clock.ts";
import { isDrError } from "../../src/core/errors.ts";
import { configureFailpoints } from "../../src/core/failpoint.ts";
import { failpointNames, guardNames } from "../../src/core/failpoint-names.ts";
import { systemRandom } from "../../src/core/random.ts";
import {
  configureFailpointsFrom,
  processFailpointEffects,
} from "../../src/files/failpoint-effects.ts";
import { listAll } from "../../src/repository/object-store.ts";
import { raceTwoProcesses } from "../../src/stores/disk/race.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import { probeStore } from "../../src/stores/probe-store.ts";
import { withCode } from "./object-store-contract.ts";

const CHILD = fileURLToPath(new URL("store-child.ts", import.meta.url));
const KEY = "one/deep/object";
const signal = new AbortController().signal;
const call = { signal };

type Outcome = {
  readonly killed: boolean;
  readonly code: number | null;
  readonly lines: readonly string[];
};

async function runProcess(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const [program = "", ...rest] = command;
  const child = spawn(program, rest, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(child, "close");
  return {
    killed: child.signalCode === "SIGKILL",
    code: child.exitCode,
    lines: output.split("\n").filter((line) => line !== ""),
  };
}

async function runChild(
  operation: string,
  root: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return await runProcess([process.execPath, CHILD, operation, root, KEY], environment);
}

async function objectOf(store: DiskStore): Promise<Buffer | undefined> {
  try {
    return await store.get(KEY, call);
  } catch (error) {
    assert.ok(isDrError(error, "STORE_MISSING"));
    return undefined;
  }
}

async function keysOf(store: DiskStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listAll(store, "", call)) {
    keys.push(key);
  }
  return keys;
}

describe("a disk store", () => {
  let directory: string;
  let content: Buffer;
  let count = 0;
  const killedAt = new Set<string>();
  const freshRoot = (): string => {
    count += 1;
    return join(directory, `root-${count}`);
  };
  const setFailpoints = (failpoints: string): string[] => {
    const hits: string[] = [];
    configureFailpoints({
      failpoints,
      guardsOff: process.env["PRA_GUARD_OFF"],
      effects: { kill: processFailpointEffects().kill, record: (name) => hits.push(name) },
    });
    return hits;
  };

  before(async () => {
    configureFailpointsFrom(process.env);
    directory = await mkdtemp(join(tmpdir(), "pra-disk-test-"));
    const root = freshRoot();
    assert.deepEqual((await runChild("put", root)).lines, ["done"]);
    content = await readFile(join(root, KEY));
    assert.equal(content.length, 300_000);
  });
  afterEach(() => configureFailpointsFrom(process.env));
  after(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  /** Every failpoint that an operation reaches, at every hit, with `kill`, and `tear` where it writes. */
  async function killsOf(
    operation: string,
    prepare: (root: string) => Promise<void>,
  ): Promise<string[]> {
    const root = freshRoot();
    await prepare(root);
    const log = join(directory, `log-${operation}`);
    await runChild(operation, root, { PRA_FAILPOINT_LOG: log });
    const hits = new Map<string, number>();
    const settings: string[] = [];
    for (const name of (await readFile(log, "utf8")).trim().split("\n")) {
      const hit = (hits.get(name) ?? 0) + 1;
      hits.set(name, hit);
      settings.push(`${name}:kill:${hit}`);
      if (name.endsWith("write")) {
        settings.push(`${name}:tear:${hit}`);
      }
    }
    return settings;
  }

  async function killEverywhere(
    operation: string,
    prepare: (root: string) => Promise<void>,
    check: (store: DiskStore, outcome: Outcome, setting: string) => Promise<void>,
  ): Promise<number> {
    const settings = await killsOf(operation, prepare);
    const waiting = [...settings];
    const worker = async (): Promise<void> => {
      for (let setting = waiting.pop(); setting !== undefined; setting = waiting.pop()) {
        const root = freshRoot();
        await prepare(root);
        const outcome = await runChild(operation, root, { PRA_FAILPOINT: setting });
        assert.ok(outcome.killed, `${setting} did not kill`);
        killedAt.add(setting.slice(0, setting.indexOf(":")));
        const store = await DiskStore.open({ root, create: true }, call);
        await check(store, outcome, setting);
        await rm(root, { recursive: true });
      }
    };
    await Promise.all([worker(), worker()]);
    return settings.length;
  }

  const empty = async (root: string): Promise<void> => {
    await mkdir(join(root, ".staging"), { recursive: true });
    await mkdir(join(root, "one"));
  };

  async function absentOrWhole(store: DiskStore, _: Outcome, setting: string): Promise<void> {
    const found = await objectOf(store);
    assert.ok(found === undefined || found.equals(content), `${setting} left a torn object`);
    assert.deepEqual(await keysOf(store), found === undefined ? [] : [KEY]);
    const again = await store.put(KEY, [content], call);
    assert.equal(again, found === undefined ? "created" : "identical");
    assert.ok((await objectOf(store))?.equals(content) === true);
    await store.removeLeftovers({ signal, olderThanMs: -1000 });
    assert.deepEqual(await readdir(await store.stagingDirectory(call)), []);
  }

  test("L6 a put killed at every failpoint leaves the object absent or whole", async (t) => {
    t.diagnostic(`${await killEverywhere("put", empty, absentOrWhole)} places`);
  });

  test("L6 a file's publication killed at every failpoint leaves the object absent or whole", async (t) => {
    t.diagnostic(`${await killEverywhere("put-file", empty, absentOrWhole)} places`);
  });

  test("L7 an append killed at every failpoint leaves all that was acknowledged", async (t) => {
    const places = await killEverywhere("append", empty, async (store, { lines }, setting) => {
      const acknowledged = Number(lines.at(-1)?.split(" ")[1] ?? "0");
      const found = await objectOf(store);
      assert.ok((found?.length ?? 0) >= acknowledged, setting);
      assert.ok(found === undefined || content.subarray(0, found.length).equals(found), setting);
    });
    t.diagnostic(`${places} places`);
  });

  test("a delete killed at every failpoint leaves the object whole or absent, and can be repeated", async () => {
    const prepare = async (root: string): Promise<void> => {
      await mkdir(join(root, "one/deep"), { recursive: true });
      await writeFile(join(root, KEY), content);
    };
    await killEverywhere("delete", prepare, async (store, _, setting) => {
      const found = await objectOf(store);
      assert.ok(found === undefined || found.equals(content), setting);
      await store.delete(KEY, call);
      assert.deepEqual(await keysOf(store), []);
    });
  });

  test("L6 without hard links an object without its trailer is none, and is replaced at once when its writer is dead", async () => {
    const prepare = async (root: string): Promise<void> => {
      await empty(root);
      await rm(join(root, "one"), { recursive: true });
    };
    await killEverywhere("put-trailer", prepare, async (store, _, setting) => {
      const found = await objectOf(store);
      assert.ok(found === undefined || found.equals(content), `${setting} left a torn object`);
      assert.deepEqual(await keysOf(store), found === undefined ? [] : [KEY]);
      await store.put(KEY, [content], call);
      assert.ok((await objectOf(store))?.equals(content) === true);
    });
  });

  test("every failpoint of durable files and of the disk store was killed at, and every guard is listed", () => {
    const ours = failpointNames.filter((name) => /^(files|disk)\./.test(name));
    const elsewhere = new Set<string>(["files.lock-create", "files.numbered-written"]);
    assert.deepEqual(
      ours.filter((name) => !killedAt.has(name) && !elsewhere.has(name)),
      [],
    );
    for (const name of [
      "L6-fsync-before-link",
      "L6-validity-trailer",
      "L7-append-datasync",
    ] as const) {
      assert.ok(guardNames.includes(name));
    }
  });

  test("L6 an object whose trailer was cut off is STORE_MISSING and not listed", async () => {
    const store = await DiskStore.open(
      { root: freshRoot(), create: true, hardLinks: "none" },
      call,
    );
    await store.put(KEY, [content], call);
    await truncate(join(store.location, KEY), content.length + 10);
    assert.ok((await objectOf(store)) === undefined);
    assert.deepEqual(await keysOf(store), []);
    const reopened = await DiskStore.open({ root: store.location, create: false }, call);
    assert.ok((await objectOf(reopened)) === undefined);
  });

  test("L8 a put answers only after its directory and the way to it were synced", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    await store.stagingDirectory(call);
    const hits = setFailpoints("");
    await store.put("a/b/object", [content], call);
    assert.deepEqual(hits.slice(-6), [
      "files.fsync",
      "files.link",
      "files.linked",
      "files.unlink-temporary",
      "files.fsync-directory",
      "files.published",
    ]);
    const synced = hits.filter((name) => name === "files.fsync-directory").length;
    assert.equal(synced, 3, "root, a, and a/b after the link");
    const next = setFailpoints("");
    await store.put("a/b/other", [content], call);
    assert.equal(next.filter((name) => name === "files.fsync-directory").length, 1);
  });

  test("L8 a put whose directory cannot be synced fails, and so does the same put again until it can", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    await store.put("a/first", [content], call);
    setFailpoints("files.fsync-directory:error");
    await assert.rejects(store.put("a/object", [content], call), withCode("STORE_IO"));
    await assert.rejects(store.put("a/object", [content], call), withCode("STORE_IO"));
    await assert.rejects(store.delete("a/first", call), withCode("STORE_IO"));
    configureFailpointsFrom(process.env);
    assert.equal(await store.put("a/object", [content], call), "identical");
  });

  test("L8 a directory that was removed and made anew by another process is synced from the root again", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    const stranger = await DiskStore.open({ root: store.location, create: false }, call);
    await store.put("a/b/object", [content], call);
    await stranger.delete("a/b/object", call);
    await mkdir(join(store.location, "a/b"), { recursive: true });
    const hits = setFailpoints("");
    await store.put("a/b/other", [content], call);
    assert.equal(hits.filter((name) => name === "files.fsync-directory").length, 3);
  });

  test("L6 a put whose fsync fails leaves no object and no temporary file", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    await store.stagingDirectory(call);
    setFailpoints("files.fsync:error");
    await assert.rejects(store.put(KEY, [content], call), withCode("STORE_IO"));
    configureFailpointsFrom(process.env);
    assert.ok((await objectOf(store)) === undefined);
    assert.deepEqual(await readdir(await store.stagingDirectory(call)), []);
  });

  test("L7 an append whose data cannot be synced is not acknowledged, nor is any after it", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    await using growing = await store.openAppend(KEY, call);
    growing.appendSync(Buffer.from("one"));
    setFailpoints("disk.append-datasync:error:1");
    assert.throws(() => growing.appendSync(Buffer.from("two")), withCode("STORE_IO"));
    assert.throws(() => growing.appendSync(Buffer.from("three")), withCode("STORE_IO"));
    assert.equal(growing.sizeBytes, 3);
  });

  test("two processes racing for 1,000 keys have one winner each", async (t) => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    const outcome = await raceTwoProcesses({ store, prefix: "race/", keys: 1000, signal });
    t.diagnostic(`wins ${outcome.wins.join(" and ")}`);
    assert.equal(outcome.wonOnce, 1000);
    assert.ok(
      outcome.wins.every((wins) => wins > 0),
      "both raced",
    );
  });

  test("an aborted race ends its processes and rejects with the signal's reason", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    const controller = new AbortController();
    const reason = new Error("enough");
    const race = { store, prefix: "race/", keys: 100_000, signal: controller.signal };
    const running = raceTwoProcesses(race);
    setTimeout(() => controller.abort(reason), 300);
    await assert.rejects(running, (error) => error === reason);
  });

  test("L38 2,500 objects are listed whole, in order, in pages of at most 1,000", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    const names = Array.from({ length: 2500 }, (_, index) => `o${index}`);
    await mkdir(join(store.location, "many"));
    for (const name of names) {
      await writeFile(join(store.location, "many", name), "x");
    }
    const page = await store.list("many/", { signal, limit: 5000 });
    assert.equal(page.entries.length, 1000);
    assert.equal(page.more, true);
    assert.deepEqual(await keysOf(store), names.map((name) => `many/${name}`).toSorted());
  });

  test("L49 a write beyond the file size limit is STORE_DISK_FULL with the path and the free bytes", async () => {
    for (const operation of ["put", "append", "put-trailer"]) {
      const root = freshRoot();
      // 100 blocks of 512 bytes; the write beyond fails with EFBIG for any user, on any file system.
      const command = `ulimit -f 100; exec "$0" "$@"`;
      const { code, lines } = await runProcess([
        "sh",
        "-c",
        command,
        process.execPath,
        CHILD,
        operation,
        root,
        KEY,
      ]);
      assert.equal(code, 1);
      assert.match(lines.at(-1) ?? "", /"STORE_DISK_FULL"/);
      assert.match(lines.at(-1) ?? "", /\d+ bytes (are )?free/);
      const store = await DiskStore.open({ root, create: false }, call);
      const found = await objectOf(store);
      assert.ok(found === undefined || operation === "append");
    }
  });

  test("L49 a put on a full file system is STORE_DISK_FULL and works again once there is space", async (t) => {
    const mountPoint = join(directory, "small");
    await mkdir(mountPoint);
    // A mount of its own in a namespace of its own, where the system lets ordinary users have one.
    const script = [
      `mount -t tmpfs -o size=1m tmpfs "$1" || exit 77`,
      `head -c 900000 /dev/zero > "$1/filler"`,
      `"$2" "$3" put "$1/root" one/object`,
      `rm "$1/filler"`,
      `"$2" "$3" put "$1/root" one/object`,
    ].join("\n");
    const { code, lines } = await runProcess([
      "unshare",
      "-Urm",
      "sh",
      "-c",
      script,
      "sh",
      mountPoint,
      process.execPath,
      CHILD,
    ]);
    if (code === 0) {
      t.diagnostic("on a file system of 1 MiB");
      assert.match(lines[0] ?? "", /"STORE_DISK_FULL"/);
      assert.deepEqual(lines.slice(1), ["done"]);
      return;
    }
    t.diagnostic("no user namespaces here: ENOSPC comes from a failpoint");
    for (const name of [
      "files.open-temporary",
      "files.write",
      "files.fsync",
      "files.link",
      "files.mkdir",
    ]) {
      const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
      await store.stagingDirectory(call);
      setFailpoints(`${name}:enospc`);
      await assert.rejects(store.put(KEY, [content], call), withCode("STORE_DISK_FULL"));
      configureFailpointsFrom(process.env);
      assert.equal(await store.put(KEY, [content], call), "created");
    }
  });

  test("a missing root is STORE_ROOT_MISSING unless it is to be created", async () => {
    const root = freshRoot();
    await assert.rejects(
      DiskStore.open({ root, create: false }, call),
      withCode("STORE_ROOT_MISSING"),
    );
  });

  test("a file outside the staging directory cannot be published", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    const outside = join(directory, "outside");
    await writeFile(outside, "x");
    await assert.rejects(store.putFile(outside, KEY, call), withCode("STORE_STAGING"));
  });

  test("a repository with linked objects on a file system without hard links is read, not written", async () => {
    const store = await DiskStore.open({ root: freshRoot(), create: true }, call);
    await store.put(KEY, [content], call);
    const moved = await DiskStore.open(
      { root: store.location, create: false, hardLinks: "none" },
      call,
    );
    assert.ok((await objectOf(moved))?.equals(content) === true);
    await assert.rejects(moved.put("a/b", [content], call), withCode("STORE_NO_HARD_LINKS"));
  });

  test("a local directory may hold leases; without hard links only after a race between processes", async () => {
    const options = { clock: systemClock, random: systemRandom, signal };
    const linked = await DiskStore.open({ root: freshRoot(), create: true }, call);
    const probe = await probeStore(linked, options);
    assert.deepEqual(probe.leases, { kind: "allowed" });
    assert.ok(Math.abs(probe.clockSkewMs ?? Infinity) < 5000);
    assert.ok((probe.capabilities.freeBytes ?? 0) > 0);
    const unlinked = await DiskStore.open(
      { root: freshRoot(), create: true, hardLinks: "none" },
      call,
    );
    const { leases } = await probeStore(unlinked, options);
    assert.deepEqual(leases, { kind: "refused", reason: "race" });
  });
});
