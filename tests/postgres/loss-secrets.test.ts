/** Planted secrets are looked for in everything the program says, writes in the open, or shows of itself while it runs. */
import assert from "node:assert/strict";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CommandLine } from "../support/command-line.ts";
import { LoopbackProxy } from "../support/loopback-proxy.ts";
import { startTestServer } from "../support/test-server.ts";

const PASSWORD = "planted-right-7Q";
const WRONG = "planted-wrong-8Z";

/** Texts of a key file that nobody else may see: every long run of letters and digits in it, but for its identity. */
async function secretsOf(keyFile: string): Promise<readonly string[]> {
  const text = await readFile(keyFile, "utf8");
  const lines = text.split("\n").filter((line) => /private|secret|metadata/i.test(line));
  return lines.flatMap((line) => line.match(/[\w+/=-]{32,}/g) ?? []);
}

/** Command lines and environments of all processes that we may read. */
async function processesNow(): Promise<string> {
  const texts: string[] = [];
  for (const name of await readdir("/proc")) {
    if (/^\d+$/.test(name)) {
      texts.push(await readFile(`/proc/${name}/cmdline`, "latin1").catch(() => ""));
    }
  }
  return texts.join("\n");
}

async function filesIn(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(directory, { recursive: true })) {
    const path = join(directory, name);
    if ((await stat(path)).isFile()) {
      files.set(path, await readFile(path));
    }
  }
  return files;
}

for (const major of [18, 15] as const) {
  test(`L54 passwords and keys are in no output, argument, state file or object of a backup of ${major}`, async () => {
    await using server = await startTestServer({
      major,
      tcp: true,
      initdbArguments: ["--auth-host=scram-sha-256"],
    });
    await server.query(`CREATE ROLE copier LOGIN REPLICATION PASSWORD '${PASSWORD}'`);
    await using pra = await CommandLine.create();
    await using proxy = await LoopbackProxy.before(server.port);
    const { PG_PORT: port } = proxy.environment;
    const url = (password: string): string =>
      `postgresql://copier:${password}@127.0.0.1:${port}/postgres`;
    await writeFile(join(pra.directory, ".env"), `DATABASE_URL=${url(PASSWORD)}\n`);
    const answers = [await pra.run("init")];
    assert.equal(answers[0]?.code, 0, answers[0]?.err);
    const secrets = [
      PASSWORD,
      WRONG,
      ...(await secretsOf(pra.keyFile)),
      (await readFile(join(pra.directory, "pra.recovery"), "utf8")).trim(),
    ];
    assert.ok(secrets.length >= 4, "the key file holds keys");
    proxy.trouble = { kind: "hold", afterBytes: 4 << 20 };
    const backup = pra.start("backup --full");
    await proxy.held;
    const running = await processesNow();
    assert.ok(running.includes("backup"), "the backup is among the processes");
    proxy.resume();
    answers.push(await backup.answer);
    assert.equal(answers.at(-1)?.code, 0, answers.at(-1)?.err);
    for (const variables of [
      { PG_PASSWORD: WRONG },
      { DATABASE_URL: url(WRONG) },
      { DATABASE_URL: `${url(WRONG)}?sslmode=nonsense` },
      { DATABASE_URL: `postgresql://copier:${WRONG}@[bad` },
      { DATABASE_URL: `postgresql://copier:${WRONG}/#@127.0.0.1:${port}/postgres` },
      { DATABASE_URL: `postgresql://copier:1${WRONG}?/@127.0.0.1:${port}/postgres` },
      { DATABASE_URL: `postgresql://copier:1/${WRONG}@127.0.0.1:${port}/postgres` },
      { DATABASE_URL: url(WRONG), PG_PORT: "1" },
      { PRA_KEY_FILE: join(pra.directory, "pra.recovery") },
    ]) {
      for (const words of [
        "check",
        "check --json",
        "backup --full --json",
        "wal receive --lang fr",
      ]) {
        const answer = await pra.run(words, variables);
        assert.notEqual(answer.code, 0, `${words} ${answer.out}`);
        answers.push(answer);
      }
    }
    for (const words of ["check", "list --json", "verify --deep", "window", "wal status", "plan"]) {
      answers.push(await pra.run(words));
    }
    const said = answers.map(({ out, err }) => `${out}\n${err}`).join("\n");
    const written = new Map([
      ...(await filesIn(pra.repository)),
      ...(await filesIn(join(pra.directory, "state"))),
    ]);
    assert.ok(written.size > 5);
    for (const secret of secrets) {
      const at = said.indexOf(secret);
      const around = said.slice(Math.max(at - 200, 0), at).concat("***");
      assert.equal(at, -1, `a secret was said behind: ${around}`);
      assert.ok(!running.includes(secret), "a secret was among the arguments");
      for (const [path, content] of written) {
        assert.ok(!content.includes(secret), `a secret lies in ${path}`);
      }
      assert.ok(!(await server.logText()).includes(secret), "a secret reached the server's log");
    }
  });
}
