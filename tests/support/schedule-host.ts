/**
 * A machine for schedules inside this one: a mount namespace with an `/etc`, a spool of crontabs and an account of its own, and a checkout
 * whose name cron, the shell and logrotate could all misread. Real programs run in it; nothing of the machine's own is touched.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { installationIn } from "./installation.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const UID = 61_717;
/** The account's name. */
export const ACCOUNT = "pratest";

/** How a program ended. */
export type HostAnswer = {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
};

/** One such machine. */
export class ScheduleHost implements AsyncDisposable {
  /** The checkout. */
  readonly folder: string;
  /** What lies beside it: home, state, `.env`'s other paths. */
  readonly home: string;
  readonly stateDirectory: string;
  readonly #etc: string;
  readonly #spool: string;
  readonly #holder: ChildProcess;

  private constructor(home: string, folder: string, holder: ChildProcess) {
    this.home = home;
    this.folder = folder;
    this.stateDirectory = join(home, "state");
    this.#etc = join(home, "etc");
    this.#spool = join(home, "spool");
    this.#holder = holder;
  }

  static async create(context: TestContext, settings: readonly string[]): Promise<ScheduleHost> {
    const made = installationIn(context, [
      "BACKUP_DIR=../store",
      "PRA_KEY_FILE=../pra.key",
      "PRA_STATE_DIR=../state",
      "PRA_SPOOL_DIR=../spool-of-pra",
      "MIN_FREE_GB=0",
      "PRA_PROOF_NICE=0",
      ...settings,
    ]);
    const home = dirname(made);
    const folder = join(home, "l'été à 100% $x");
    renameSync(made, folder);
    // A checkout may lie where other accounts cannot pass: its packages are mounted, not linked to.
    unlinkSync(join(folder, "node_modules"));
    mkdirSync(join(folder, "node_modules"));
    cpSync("/etc", join(home, "etc"), { recursive: true, verbatimSymlinks: true });
    appendFileSync(join(home, "etc/passwd"), `${ACCOUNT}:x:${UID}:${UID}::${home}:/bin/sh\n`);
    appendFileSync(join(home, "etc/group"), `${ACCOUNT}:x:${UID}:\n`);
    appendFileSync(join(home, "etc/shadow"), `${ACCOUNT}:*:19000:0:99999:7:::\n`);
    rmSync(join(home, "etc/cron.d"), { recursive: true, force: true });
    rmSync(join(home, "etc/crontab"), { force: true });
    mkdirSync(join(home, "spool"));
    execFileSync("chown", ["root:crontab", join(home, "spool")]);
    execFileSync("chmod", ["1730", join(home, "spool")]);
    const script = [
      "set -e",
      'mount --bind "$1/etc" /etc',
      'mount --bind "$1/spool" /var/spool/cron/crontabs',
      'mount --bind "$2" "$3/node_modules"',
      "echo ready",
      "exec sleep 3600",
    ].join("\n");
    const packages = realpathSync(join(root, "node_modules"));
    const holder = spawn("unshare", ["--mount", "sh", "-c", script, "sh", home, packages, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const host = new ScheduleHost(home, folder, holder);
    context.after(() => host[Symbol.asyncDispose]());
    // Built once, by the account's own first start; cron's jobs then find it.
    execFileSync("chown", ["-hR", `${UID}:${UID}`, folder]);
    execFileSync("chown", [`${UID}:${UID}`, home]);
    return host;
  }

  /** Words that run a program in here. */
  #inside(): string[] {
    return ["--mount", `--target=${this.#holder.pid}`, "--"];
  }

  /** Runs a program as root. */
  async asRoot(words: readonly string[], input = ""): Promise<HostAnswer> {
    const child = spawn("nsenter", [...this.#inside(), ...words], { cwd: "/" });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    await once(child, "close");
    return { code: child.exitCode, out, err };
  }

  /** Runs a program as the account, with what cron gives. */
  async run(
    words: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {},
  ): Promise<HostAnswer> {
    const settings = { HOME: this.home, LOGNAME: ACCOUNT, PATH: "/usr/bin:/bin", ...options.env };
    const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    const switched = ["setpriv", `--reuid=${UID}`, `--regid=${UID}`, "--clear-groups"];
    const all = [...switched, "env", "-i", "-C", this.home, ...pairs, ...words];
    return await this.asRoot(all, options.input);
  }

  /** `./pra schedule ...`. */
  async schedule(words: string, env: Readonly<Record<string, string>> = {}): Promise<HostAnswer> {
    const all = [join(this.folder, "pra"), "schedule", ...words.split(" ")];
    return await this.run(all, { env });
  }

  /** The same as root, whose own crontab is a private one here, too. */
  async rootSchedule(words: string): Promise<HostAnswer> {
    const settings = ["HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"];
    const program = join(this.folder, "pra");
    return await this.asRoot(["env", "-i", ...settings, program, "schedule", ...words.split(" ")]);
  }

  /** The same, as an object. */
  async scheduleJson(words: string): Promise<Record<string, unknown>> {
    const { out, err } = await this.schedule(`${words} --json`);
    assert.notEqual(out, "", err);
    return JSON.parse(out) as Record<string, unknown>;
  }

  /** The crontab's bytes as they lie in the spool, without the three lines that `crontab` puts above what it is given. */
  spooled(): Buffer {
    const path = join(this.#spool, ACCOUNT);
    const text = existsSync(path) ? readFileSync(path).toString("latin1") : "";
    return Buffer.from(
      text.replace(/^# DO NOT EDIT THIS FILE[^\n]*\n(?:# \([^\n]*\n){2}/, ""),
      "latin1",
    );
  }

  /** Puts a crontab there as some other program would, which need not keep to what `crontab` accepts. */
  spool(content: Buffer | string): void {
    const path = join(this.#spool, ACCOUNT);
    execFileSync("tee", [path], { input: content, stdio: ["pipe", "ignore", "inherit"] });
    execFileSync("chown", [`${UID}:crontab`, path]);
    execFileSync("chmod", ["600", path]);
  }

  /** A file of the private `/etc`. */
  etc(name: string): string {
    return join(this.#etc, name);
  }

  /** A line of ours as cron hands it to the shell. */
  async commandOf(job: string): Promise<string> {
    const { out } = await this.run(["crontab", "-l"]);
    const line = out
      .split("\n")
      .find((each) => each.includes(`PRA_JOB=${job} `) || each.includes(` run ${job} `));
    assert.ok(line !== undefined, out);
    return line
      .split(" ")
      .slice(5)
      .join(" ")
      .replaceAll(String.raw`\%`, "%");
  }

  /** Runs a job as cron does: its line by /bin/sh, in the home directory. */
  async fire(job: string): Promise<HostAnswer> {
    return await this.run(["/bin/sh", "-c", await this.commandOf(job)]);
  }

  /** The packages of a copy of the checkout. */
  async mountPackages(folder: string): Promise<void> {
    const packages = realpathSync(join(root, "node_modules"));
    const { code, err } = await this.asRoot([
      "mount",
      "--bind",
      packages,
      `${folder}/node_modules`,
    ]);
    assert.equal(code, 0, err);
  }

  /** A job's log. */
  log(job: string): string {
    return readFileSync(join(this.stateDirectory, "schedule/main/logs", `${job}.log`), "utf8");
  }

  /** Cron itself, until it is stopped. */
  startCron(): ChildProcess {
    return spawn("nsenter", [...this.#inside(), "cron", "-f"], { stdio: "ignore" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) {
      this.#holder.kill("SIGKILL");
      await once(this.#holder, "close");
    }
  }
}
