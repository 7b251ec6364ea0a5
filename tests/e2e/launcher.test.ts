/**
 * `./pra` as people and cron start it: from anywhere, through links, with spaces in the path, with hardly
 * any environment, twice at once, without packages. Each test runs a copy of the checkout of its own.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cronPath = "/usr/bin:/bin";

type Answer = { readonly code: number | null; readonly out: string; readonly err: string };

async function run(
  program: string,
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<Answer> {
  const child = spawn(program, argv, {
    cwd: options.cwd ?? "/",
    env: { PATH: cronPath, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  await once(child, "close");
  return { code: child.exitCode, out, err };
}

/** A checkout in a folder with spaces, whose packages are those of the real one. */
function checkout(context: TestContext, packages: "linked" | "missing" = "linked"): string {
  const directory = join(mkdtempSync(join(tmpdir(), "pra-launcher-")), "le dépôt");
  context.after(() => {
    rmSync(dirname(directory), { recursive: true });
  });
  mkdirSync(join(directory, "tools"), { recursive: true });
  for (const name of ["pra", "package.json", "package-lock.json", "tools/build.ts"]) {
    cpSync(join(root, name), join(directory, name));
  }
  cpSync(join(root, "src"), join(directory, "src"), { recursive: true });
  if (packages === "linked") {
    symlinkSync(realpathSync(join(root, "node_modules")), join(directory, "node_modules"));
  }
  return directory;
}

function buildsIn(directory: string): string[] {
  return readdirSync(join(directory, "dist")).filter((name) => name !== "pra.mjs");
}

test("two first runs at once both answer, and leave whole builds only", async (context) => {
  const directory = checkout(context);
  const pra = join(directory, "pra");
  const answers = await Promise.all([run(pra, ["version"]), run(pra, ["version"])]);
  for (const answer of answers) {
    assert.deepEqual({ code: answer.code, err: answer.err }, { code: 0, err: "" });
    assert.match(answer.out, /^pra \d+\.\d+\.\d+ \(Node 24\./);
  }
  for (const name of buildsIn(directory)) {
    assert.match(name, /^build-/);
    assert.ok(existsSync(join(directory, "dist", name, "main.mjs")), name);
  }
});

test("it runs through links from any directory, and rebuilds only for a newer source", async (context) => {
  const directory = checkout(context);
  const link = join(dirname(directory), "first link");
  const second = join(dirname(directory), "second");
  symlinkSync("le dépôt/pra", link);
  symlinkSync(link, second);
  const first = await run(second, ["explain", "USAGE_LSN", "--lang", "fr"], { cwd: tmpdir() });
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /position WAL/);

  const before = buildsIn(directory);
  await run(second, ["version"]);
  assert.deepEqual(buildsIn(directory), before, "nothing changed, nothing built");

  const source = join(directory, "src/core/error-register/usage.ts");
  writeFileSync(source, readFileSync(source, "utf8").replace("is not a WAL position", "is no LSN"));
  const inTwoSeconds = new Date(Date.now() + 2000);
  utimesSync(source, inTwoSeconds, inTwoSeconds);
  const changed = await run(second, ["explain", "USAGE_LSN", "--lang", "en"]);
  assert.match(changed.out, /is no LSN/);
});

test("L54 whatever it starts leaves no core file, which would hold passwords and keys", async (context) => {
  const directory = checkout(context);
  const inner = `"${directory}/pra" schedule run proof -- /bin/sh -c 'echo limit $(ulimit -S -c)'`;
  const answer = await run("/bin/sh", ["-c", `ulimit -S -c $(ulimit -H -c); ${inner}`]);
  assert.equal(answer.code, 0, answer.err);
  assert.match(answer.out, /^limit 0$/m);
});

test("a broken source fails the run instead of running the earlier build", async (context) => {
  const directory = checkout(context);
  const pra = join(directory, "pra");
  assert.equal((await run(pra, ["version"])).code, 0);
  writeFileSync(join(directory, "src/cli/commands/version.ts"), "import './absent.ts'; {");
  const answer = await run(pra, ["version"]);
  assert.equal(answer.code, 1);
  assert.match(answer.err, /version\.ts/);
  assert.match(answer.err, /the build failed/);
});

test("a build that fails where packages are older than the checkout names the way out", async (context) => {
  const directory = checkout(context);
  const source = join(directory, "src/cli/commands/version.ts");
  writeFileSync(source, `import "a-package-of-tomorrow";\n${readFileSync(source, "utf8")}`);
  const pra = join(directory, "pra");
  const french = { env: { LANG: "fr_FR.UTF-8" } };
  const lock = join(directory, "package-lock.json");
  const installedMs = statSync(join(directory, "node_modules/.package-lock.json")).mtimeMs;
  for (const [ageMs, expected] of [
    [60_000, /plus anciens que cette version.*npm ci/],
    [-60_000, /^(?![^]*npm ci)/],
  ] as const) {
    const at = (installedMs + ageMs) / 1000;
    utimesSync(lock, at, at);
    const answer = await run(pra, ["version"], french);
    assert.equal(answer.code, 1);
    assert.match(answer.err, /a-package-of-tomorrow/);
    assert.match(answer.err, expected);
  }
});

test("without packages it says what to do, in the person's language, with exit code 2", async (context) => {
  const pra = join(checkout(context, "missing"), "pra");
  const french = await run(pra, ["status"], { env: { LANG: "fr_FR.UTF-8" } });
  assert.equal(french.code, 2);
  assert.match(french.err, /paquets ne sont pas installés.*quickstart\.sh/);
  const english = await run(pra, ["status"], { env: { LANG: "C" } });
  assert.match(english.err, /packages are not installed.*npm ci/);
});

test("a Node that is too old is refused with the way out", async (context) => {
  const directory = checkout(context, "missing");
  const bin = join(dirname(directory), "bin");
  mkdirSync(join(directory, "node_modules"));
  mkdirSync(bin);
  writeFileSync(join(bin, "node"), "#!/bin/sh\necho v24.6.1\n");
  chmodSync(join(bin, "node"), 0o755);
  const answer = await run(join(directory, "pra"), [], { env: { PATH: `${bin}:${cronPath}` } });
  assert.equal(answer.code, 2);
  assert.match(answer.err, /24\.7 or newer, found v24\.6\.1/);
});

test("the launcher is executable, and a plain POSIX shell reads it", async () => {
  assert.equal(statSync(join(root, "pra")).mode & 0o777, 0o755);
  assert.equal(statSync(join(root, "quickstart.sh")).mode & 0o777, 0o755);
  for (const script of ["pra", "quickstart.sh"]) {
    assert.equal((await run("/bin/sh", ["-n", join(root, script)])).code, 0);
  }
});
