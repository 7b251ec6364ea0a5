/**
 * The troubles of a night, each made for real under load while `pra daemon` is at work, each told by mail, Slack and SMS with what to do,
 * mended as the message says, and told again when it is over. A trouble that lasts is told once.
 *
 * Needs the right to mount file systems: disks that fill up, go read-only and go away are real ones.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmSync,
  rmdirSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { treeOf } from "../../src/files/process-group.ts";
import { type Workload, startWorkload } from "../../src/loadtest/workload.ts";
import { untilNothingIsMissing } from "../support/long-run.ts";
import { LoopbackProxy } from "../support/loopback-proxy.ts";
import type { TestServerOptions } from "../support/test-server.ts";
import { WatchedSite } from "../support/watched-site.ts";

const never = new AbortController().signal;

/** A server under load with a backup, a daemon that receives its WAL, and everybody who is told. */
class Night {
  readonly site: WatchedSite;
  readonly #variables: Readonly<Record<string, string>>;
  #load: Workload | undefined;
  #log = "";

  private constructor(site: WatchedSite, variables: Readonly<Record<string, string>>) {
    this.site = site;
    this.#variables = { ...site.variables, ...variables };
  }

  static async begin(
    context: TestContext,
    options: {
      readonly server?: Partial<TestServerOptions>;
      readonly place?: (repository: string) => () => void;
      readonly daemon?: string;
      readonly variables?: (site: WatchedSite) => Promise<Readonly<Record<string, string>>>;
    } = {},
  ): Promise<Night> {
    const site = await WatchedSite.open(context, options.server, options.place);
    const night = new Night(site, (await options.variables?.(site)) ?? {});
    await night.load();
    assert.equal((await site.pra.run("backup --full")).code, 0);
    const daemon = site.pra.start(options.daemon ?? "daemon", night.#variables);
    daemon.child.stdout?.on("data", (text: string) => (night.#log += text));
    context.after(async () => {
      await night.#load?.stop();
    });
    if (options.daemon === undefined) {
      await night.until("WAL to arrive", () => /Streaming/.test(night.#log));
    }
    await night.until("a look", () => /"looked"/.test(night.#log));
    return night;
  }

  /** Clients that commit, from now on. */
  async load(): Promise<void> {
    const connection = this.site.server.clientConfig();
    this.#load = await startWorkload({ connection, clients: 2, pauseMs: 20, signal: never });
  }

  async until(what: string, seen: () => boolean, seconds = 60): Promise<void> {
    const began = performance.now();
    while (!seen()) {
      assert.ok(performance.now() - began < seconds * 1000, `waited for ${what}: ${this.#log}`);
      await pause(50);
    }
  }

  /** The process that receives now. */
  get receiver(): number {
    const pids = [...this.#log.matchAll(/"receiverPid":(\d+)/g)].map((match) => Number(match[1]));
    return pids.at(-1) ?? 0;
  }

  /** Waits until it is told on every channel; a mail names the next command. */
  async opened(context: TestContext, verdict: string, hint: RegExp): Promise<void> {
    const tookMs = await this.site.untilTold(new RegExp(`${verdict} since`), { seconds: 300 });
    context.diagnostic(`${verdict}: told on three channels after ${Math.round(tookMs / 1000)} s`);
    const mail = this.site.told.mail.find((text) => text.includes(`${verdict} since`)) ?? "";
    assert.match(mail, hint);
  }

  /** Waits until its end is told; once each, whatever was looked at meanwhile. */
  async resolved(context: TestContext, verdict: string): Promise<void> {
    const over = new RegExp(`resolved after [^\\n]*${verdict}`);
    const tookMs = await this.site.untilTold(over, { seconds: 300 });
    context.diagnostic(`${verdict}: its end after ${Math.round(tookMs / 1000)} s`);
    for (const [channel, messages] of Object.entries(this.site.told)) {
      const begun = messages.filter((text) => text.includes(`${verdict} since`));
      const ended = messages.filter((text) => over.test(text));
      assert.equal(begun.length, 1, `${channel}: ${JSON.stringify(messages, undefined, 1)}`);
      assert.equal(ended.length, 1, `${channel}: ${JSON.stringify(messages, undefined, 1)}`);
    }
    this.site.assertNoSecretTold();
  }
}

test("R21 S90-S92 a server killed under load is told within seconds on each channel, and its return", async (context) => {
  const night = await Night.begin(context);
  await night.site.server.kill();
  await night.opened(context, "server unreachable", /Check that PostgreSQL runs/);
  await night.site.server.start();
  await night.resolved(context, "server unreachable");
});

test("R20 a server whose processes all stand still does not answer: that is told, and the watch goes on", async (context) => {
  const night = await Night.begin(context);
  const processes = treeOf(night.site.server.pid);
  processes.forEach((pid) => process.kill(pid, "SIGSTOP"));
  try {
    await night.opened(context, "server unreachable", /did not answer within[^]*firewalls/);
  } finally {
    processes.forEach((pid) => process.kill(pid, "SIGCONT"));
  }
  await night.resolved(context, "server unreachable");
});

test("R20 a network that swallows everything is told as a server that cannot be reached, and its return", async (context) => {
  let proxy: LoopbackProxy | undefined;
  const night = await Night.begin(context, {
    server: { tcp: true },
    variables: async ({ server }) => {
      proxy = await LoopbackProxy.before(server.port);
      return proxy.environment;
    },
  });
  assert.ok(proxy !== undefined);
  context.after(async () => proxy?.[Symbol.asyncDispose]());
  proxy.trouble = { kind: "hold", afterBytes: 0 };
  await night.opened(context, "server unreachable", /did not answer within[^]*firewalls/);
  proxy.resume();
  await night.resolved(context, "server unreachable");
});

test("L46 a receiver that stands still and is nobody's child is told although the server is well, and its return", async (context) => {
  const night = await Night.begin(context, { daemon: "daemon --no-receiver" });
  const receiver = night.site.pra.start("wal receive");
  await receiver.untilSaid(/Streaming from/);
  receiver.child.kill("SIGSTOP");
  await night.opened(context, "WAL receiver stopped", /kill -KILL \d+, then pra wal receive/);
  // As the message says. By now it could not go on: its lease was over after three minutes.
  receiver.child.kill("SIGKILL");
  await night.site.pra.start("wal receive").untilSaid(/Streaming from/);
  await night.resolved(context, "WAL receiver stopped");
});

test("L46 L53 a receiver of the daemon's own that stands still is replaced, and nothing is missing", async (context) => {
  const night = await Night.begin(context);
  const stopped = night.receiver;
  process.kill(stopped, "SIGSTOP");
  await night.until("another receiver", () => night.receiver !== stopped, 300);
  await untilNothingIsMissing(night.site.pra);
  const { value } = await night.site.pra.json("wal status");
  assert.deepEqual(value["gaps"], []);
});

test("L46 L47 a dropped slot is told, and the WAL that is missing for it; what the message says closes the hole, and only then is it over", async (context) => {
  const settings = { min_wal_size: "32MB", max_wal_size: "32MB" };
  const night = await Night.begin(context, {
    server: { settings },
    daemon: "daemon --no-receiver",
  });
  const { server, pra } = night.site;
  // A receiver that stands still: one that works would make the slot again at once, with nothing missing and nothing to tell.
  const receiver = pra.start("wal receive");
  await receiver.untilSaid(/Streaming from/);
  receiver.child.kill("SIGSTOP");
  await server.query("SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots");
  await server.query("SELECT pg_drop_replication_slot('pra_main')");
  await night.opened(context, "replication slot lost", /pra backup --full/);
  for (let segments = 0; segments < 4; segments += 1) {
    await server.query("SELECT pg_switch_wal()");
    await server.query("CHECKPOINT");
  }
  receiver.child.kill("SIGKILL");
  await pra.start("wal receive").untilSaid(/Streaming from/);
  await night.opened(context, "WAL is missing", /pra backup/);
  assert.equal((await pra.run("backup --full")).code, 0);
  // Both end at once, in one message that is called after the first.
  await night.resolved(context, "replication slot lost");
  const ends = night.site.told.mail.filter((text) => /\[Resolved\] WAL gaps/.test(text));
  assert.equal(ends.length, 1);
  assert.match(ends[0] ?? "", /the instants in the hole stay out of reach/);
});

/** A disk of its own for the repository: an ext4 file system in a file, which its errors make read-only. */
class OwnDisk {
  readonly #image: string;
  #at = "";

  constructor(context: TestContext, sizeMib: number) {
    this.#image = `/tmp/pra-disk-${process.pid}-${context.name.length}-${sizeMib}`;
    execFileSync("truncate", ["-s", `${sizeMib}M`, this.#image]);
    execFileSync("mkfs.ext4", ["-q", "-m", "0", this.#image]);
    context.after(() => {
      rmSync(this.#image);
    });
  }

  readonly place = (repository: string): (() => void) => {
    mkdirSync(repository, { mode: 0o700 });
    this.#at = repository;
    this.mount();
    chmodSync(repository, 0o700);
    rmdirSync(join(repository, "lost+found"));
    return () => {
      if (this.#source !== "") {
        this.unmount();
      }
    };
  };

  mount(): void {
    execFileSync("mount", ["-o", "loop,errors=remount-ro", this.#image, this.#at]);
  }

  unmount(): void {
    execFileSync("umount", ["--lazy", this.#at]);
  }

  /** What is mounted there; nothing when nothing is. */
  get #source(): string {
    return spawnSync("findmnt", ["-no", "SOURCE", this.#at], { encoding: "utf8" }).stdout.trim();
  }

  /** As after a read error of the disk: from now on nothing can be written. */
  fail(): void {
    writeFileSync(`/sys/fs/ext4/${basename(this.#source)}/trigger_fs_error`, "1");
  }

  /** What an operator does about it, between two tries of the daemon to start its receiver. */
  async repair(): Promise<void> {
    for (let tries = 0; spawnSync("umount", [this.#at]).status !== 0; tries += 1) {
      assert.ok(tries < 300, "the disk is let go");
      await pause(100);
    }
    // 1: errors were corrected.
    assert.ok((spawnSync("e2fsck", ["-fy", this.#image]).status ?? 9) <= 1);
    this.mount();
  }

  /** All but a MiB is taken, by a file whose path is the answer. */
  fill(): string {
    const { bavail, bsize } = statfsSync(this.#at);
    const filler = join(this.#at, "filler");
    execFileSync("fallocate", ["-l", String(bavail * bsize - 2 ** 20), filler]);
    return filler;
  }
}

test("L49 R8 a full disk under the repository is told, and its end when there is room", async (context) => {
  const disk = new OwnDisk(context, 1200);
  const night = await Night.begin(context, {
    place: disk.place,
    variables: () => Promise.resolve({ MIN_FREE_GB: "1" }),
  });
  const filler = disk.fill();
  await night.opened(context, "repository is filling up", /pra expire/);
  rmSync(filler);
  await night.resolved(context, "repository is filling up");
});

test("R20 a repository whose disk fails and goes read-only under the daemon is told, and its return", async (context) => {
  const disk = new OwnDisk(context, 400);
  const night = await Night.begin(context, { place: disk.place });
  disk.fail();
  await night.opened(context, "repository unusable", /read-only/i);
  await disk.repair();
  await night.resolved(context, "repository unusable");
});

test("R20 a repository whose disk is not mounted is told, nothing is written beneath it, and its return", async (context) => {
  const disk = new OwnDisk(context, 400);
  const night = await Night.begin(context, { place: disk.place });
  disk.unmount();
  await night.opened(context, "repository unusable", /mount/i);
  assert.deepEqual(readdirSync(night.site.pra.repository), []);
  disk.mount();
  await night.resolved(context, "repository unusable");
});

test("L46 archiving that fails is told although WAL is streamed as well, and its return", async (context) => {
  const settings = { archive_mode: "on", archive_command: "true" };
  const night = await Night.begin(context, { server: { settings } });
  const { server } = night.site;
  await server.query("SELECT pg_switch_wal()");
  await server.query("ALTER SYSTEM SET archive_command = 'false'");
  await server.query("SELECT pg_reload_conf()");
  await server.query("SELECT pg_switch_wal()");
  await night.opened(context, "archiving fails", /archive_command/);
  await server.query("ALTER SYSTEM RESET archive_command");
  await server.query("SELECT pg_reload_conf()");
  await server.query("SELECT pg_switch_wal()");
  await night.resolved(context, "archiving fails");
});
