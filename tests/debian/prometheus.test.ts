/**
 * Metrics under the real Prometheus and its promtool: what is printed and served is well formed for them, the rules that are shipped are well
 * formed and fire when they should, node_exporter reads the file, and a Prometheus that scrapes a daemon sees a server that goes.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CommandLine } from "../support/command-line.ts";
import { freePort, startTestServer } from "../support/test-server.ts";

const monitoring = fileURLToPath(new URL("../../monitoring", import.meta.url));

test("R20 the alert rules are well formed, each fires on its example, and keeps quiet on the other", () => {
  const rules = join(monitoring, "prometheus-rules.yml");
  const checked = execFileSync("promtool", ["check", "rules", rules], { encoding: "utf8" });
  assert.match(checked, /SUCCESS: \d\d rules found/);
  const tested = spawnSync(
    "promtool",
    ["test", "rules", join(monitoring, "prometheus-rules.test.yml")],
    {
      encoding: "utf8",
    },
  );
  assert.equal(tested.status, 0, tested.stdout + tested.stderr);
});

function folderOf(context: TestContext): string {
  const folder = mkdtempSync("/tmp/pra-prometheus-");
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

async function until<T>(what: string, ask: () => Promise<T | undefined>, seconds = 90): Promise<T> {
  const began = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) {
      return answer;
    }
    assert.ok(performance.now() - began < seconds * 1000, `waited for ${what}`);
    await pause(200);
  }
}

/** A Prometheus that scrapes this address every second with our rules. */
async function prometheus(context: TestContext, target: string): Promise<string> {
  const folder = folderOf(context);
  const port = await freePort();
  mkdirSync(join(folder, "data"));
  cpSync(join(monitoring, "prometheus-rules.yml"), join(folder, "rules.yml"));
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [join(folder, "rules.yml")],
    scrape_configs: [{ job_name: "pra", static_configs: [{ targets: [target] }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const child = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
  context.after(async () => {
    child.kill("SIGKILL");
    await once(child, "close");
  });
  return `http://127.0.0.1:${port}/api/v1`;
}

type Sample = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
};

async function query(api: string, expr: string): Promise<readonly Sample[] | undefined> {
  try {
    const response = await fetch(`${api}/query?query=${encodeURIComponent(expr)}`);
    const { data } = (await response.json()) as { data?: { result: readonly Sample[] } };
    return data?.result.length === 0 ? undefined : data?.result;
  } catch {
    // It is starting still.
    return undefined;
  }
}

/** Every panel's query is understood, and all but those of what a new site cannot have yet are answered. */
async function assertPanels(api: string): Promise<void> {
  const { panels } = JSON.parse(
    readFileSync(join(monitoring, "grafana-dashboard.json"), "utf8"),
  ) as { panels: readonly { title: string; targets?: readonly { expr: string }[] }[] };
  const silent: string[] = [];
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const asked = encodeURIComponent(expr.replaceAll("$cluster", ".*"));
      const response = await fetch(`${api}/query?query=${asked}`);
      const answer = (await response.json()) as { data?: { result: readonly Sample[] } };
      assert.equal(response.status, 200, `${title}: ${JSON.stringify(answer)}`);
      silent.push(...(answer.data?.result.length === 0 ? [title] : []));
    }
  }
  assert.deepEqual(silent, [
    "WAL not yet in the repository, and kept for slots",
    "Age of the newest proof",
    "Newest proof",
    "The repository's disk is full",
    "First certificate to end",
    "Missed runs",
    "Jobs: the last run",
  ]);
}

async function alertState(api: string, name: string): Promise<string | undefined> {
  const response = await fetch(`${api}/alerts`);
  const { data } = (await response.json()) as {
    data: { alerts: readonly { labels: { alertname: string }; state: string }[] };
  };
  return data.alerts.find(({ labels }) => labels.alertname === name)?.state;
}

test("R20 node_exporter reads the file that cron writes, without a word against it, and passes over what a killed writer left", async (context) => {
  await using pra = await CommandLine.create({ socketDirectory: "/nowhere", port: 5432 });
  const folder = folderOf(context);
  const words = `status --openmetrics --output ${join(folder, "pra.prom")}`;
  await pra.run(words);
  await pra.run(words, { PRA_FAILPOINT: "metrics.rename:kill" });
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    "prometheus-node-exporter",
    [
      "--collector.disable-defaults",
      "--collector.textfile",
      `--collector.textfile.directory=${folder}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: "ignore" },
  );
  context.after(async () => {
    child.kill("SIGKILL");
    await once(child, "close");
  });
  const text = await until("its answer", async () => {
    try {
      return await (await fetch(`http://${address}/metrics`)).text();
    } catch {
      // It is starting still.
      return undefined;
    }
  });
  assert.match(text, /\nnode_textfile_scrape_error 0\n/);
  assert.match(text, /\npra_server_up\{cluster="main"\} 0\n/);
  assert.equal(text.match(/^node_textfile_mtime_seconds/gm)?.length, 1);
});

test("R20 what is printed, written and served is well formed, and a Prometheus that scrapes a daemon sees a server go", async (context) => {
  await using server = await startTestServer({ major: 18 });
  await using pra = await CommandLine.initialised(server);
  assert.equal((await pra.run("backup --full")).code, 0);
  const file = join(pra.directory, "pra.prom");
  await pra.run(`status --openmetrics --output ${file}`);
  const checked = spawnSync("promtool", ["check", "metrics"], {
    input: readFileSync(file),
    encoding: "utf8",
  });
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  assert.equal(checked.stdout + checked.stderr, "", "promtool has nothing to add");

  const target = `127.0.0.1:${await freePort()}`;
  const daemon = pra.start("daemon --no-receiver", { PRA_METRICS_LISTEN: target });
  const api = await prometheus(context, target);
  await until("a look", () => query(api, 'pra_look_timestamp_seconds{cluster="main"}'));
  const served = spawnSync("promtool", ["check", "metrics"], {
    input: await (await fetch(`http://${target}/metrics`)).text(),
    encoding: "utf8",
  });
  assert.equal(served.stdout + served.stderr, "", "promtool has nothing to add");
  assert.equal((await until("up", () => query(api, "pra_server_up")))[0]?.value[1], "1");
  assert.ok(await query(api, "pra_newest_backup_timestamp_seconds > time() - 600"));
  assert.ok(await query(api, "process_cpu_seconds_total > 0"));
  assert.ok(await query(api, 'up{job="pra"} == 1'), "OpenMetrics as Prometheus asks for it");
  await assertPanels(api);
  await server.kill();
  await until("a server that is down", () => query(api, "pra_server_up == 0"));
  assert.equal(await until("an alert", () => alertState(api, "PraServerDown")), "pending");
  assert.equal(
    (await until("the objective", () => query(api, "pra_objective_rpo_seconds")))[0]?.value[1],
    "3600",
  );
  daemon.child.kill("SIGTERM");
  assert.equal((await daemon.answer).code, 0);
});
