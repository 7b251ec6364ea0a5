/** Metrics as text: both formats, what is not known, and labels that somebody chose badly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { scrapeOf } from "../../app/metrics/scrape.ts";
import { present } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { failed } from "../../core/finding/finding.ts";
import {
  blindReadings,
  sampleAtMs,
  sampleEnvironment,
  sampleLook,
  sampleReadings,
} from "../../../tests/support/sample-look.ts";
import { formatFor, metricsText } from "./exposition.ts";
import type { Scrape } from "./metric.ts";
import { metricNames, metricRegistry } from "./metric-registry.ts";

const about = { environment: sampleEnvironment(), version: "1.2.3" };

const process: Scrape["process"] = {
  cpuSeconds: 1.5,
  residentBytes: 5e7,
  startedAtMs: sampleAtMs - 1000,
  openFiles: 12,
  looks: { server: 40, everything: 4 },
};

function wellScrape(): Scrape {
  return scrapeOf(about, { everything: sampleLook(), server: sampleLook() }, process);
}

/** Samples by name and labels, as a reader of either format has them. */
function samplesIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, name = "", value = ""] = /^(.*) (\S+)$/.exec(line) ?? [];
      return [name, Number(value)];
    }),
  );
}

test("R20 every metric has a name, a help and labels as Prometheus wants them, in both languages", () => {
  for (const name of metricNames) {
    const { kind, help, labels = [] } = metricRegistry[name];
    assert.match(name, /^(?:pra|process)_[a-z]+(?:_[a-z]+)*$/);
    assert.equal(kind === "counter", name.endsWith("_total"), name);
    assert.equal(kind === "info", name.endsWith("_info"), name);
    assert.doesNotMatch(name, /_(?:ms|minutes|hours|days|kb|mb|gib|percent|count|sum|bucket)$/);
    assert.ok(help.en.endsWith(".") && help.fr.endsWith(".") && help.en !== help.fr, name);
    assert.ok(
      labels.every((label) => /^[a-z]+$/.test(label)),
      name,
    );
  }
});

test("R20 of a site where all is well each metric has the labels that it says, and both formats tell the same", () => {
  const scrape = wellScrape();
  for (const name of metricNames) {
    const { labels = [] } = metricRegistry[name];
    for (const sample of metricRegistry[name].read(scrape)) {
      assert.deepEqual(Object.keys(sample.labels ?? {}), [...labels], name);
    }
  }
  const open = metricsText(scrape, "openmetrics");
  const plain = metricsText(scrape, "text");
  assert.deepEqual(samplesIn(open), samplesIn(plain));
  assert.match(open, /\n# EOF\n$/);
  assert.doesNotMatch(plain, /# EOF|# UNIT| info\n/);
  assert.match(
    open,
    /# TYPE pra_build info\npra_build_info\{cluster="akig",version="1\.2\.3"\} 1\n/,
  );
  assert.match(plain, /# TYPE pra_build_info gauge\n/);
  assert.match(
    open,
    /# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\nprocess_cpu_seconds_total 1\.5\n/,
  );
  assert.match(plain, /# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1\.5\n/);
  const samples = samplesIn(plain);
  assert.equal(
    samples.get('pra_newest_backup_timestamp_seconds{cluster="akig"}'),
    sampleAtMs / 1000 - 3600,
  );
  assert.equal(samples.get('pra_check_severity{cluster="akig",check="proof"}'), 1);
  assert.equal(samples.get('pra_alerts_open{cluster="akig",severity="critical"}'), 0);
  assert.equal(samples.get('pra_job_last_success{cluster="akig",job="backup"}'), 1);
  assert.equal(
    samples.get('pra_slot_retained_bytes{cluster="akig",slot="pra_akig",owner="pra"}'),
    16_777_216,
  );
});

test("L46 what is not known is absent and never zero, also when neither server nor repository answers", () => {
  const late = new DrError("WATCH_LOOK_TIMEOUT", { seconds: 1.5 });
  const blind = sampleLook({
    findings: [failed("server", late), failed("repository", late), failed("exposure", late)],
    readings: blindReadings,
    alerts: undefined,
  });
  const samples = samplesIn(metricsText(scrapeOf(about, { everything: blind }), "text"));
  const of = (name: string, labels = ""): number | undefined =>
    samples.get(`${name}{cluster="akig"${labels}}`);
  assert.equal(of("pra_server_up"), 0);
  assert.equal(of("pra_repository_up"), 0);
  assert.equal(of("pra_check_known", ',check="exposure"'), 0);
  assert.equal(of("pra_check_severity", ',check="exposure"'), undefined);
  assert.equal(of("pra_look_complete", ',scope="everything"'), 0);
  assert.equal(of("pra_alerts_known"), 0);
  const told = [...samples.keys()].map((key) => key.replace(/\{.*/, ""));
  const zeroes = told.filter((name) =>
    /gaps|exposure|backup|proof|slot|alerts_open|job/.test(name),
  );
  assert.deepEqual(zeroes, []);
});

test("R25 without a backup, a proof or a witness of exposure that is said, as 0 of what is known", () => {
  const readings = {
    ...sampleReadings,
    backup: null,
    proofs: { backups: 0, unproved: 0, newest: undefined },
    wal: { exposureSeconds: undefined, lagBytes: undefined, openGaps: 0, receiverAlive: undefined },
    repositoryFullAtMs: undefined,
  };
  const scrape = scrapeOf(about, { everything: sampleLook({ readings }) });
  const samples = samplesIn(metricsText(scrape, "text"));
  for (const name of ["newest_backup", "newest_proof", "exposure", "repository_forecast"]) {
    assert.equal(samples.get(`pra_${name}_known{cluster="akig"}`), 0, name);
  }
  for (const name of ["newest_backup_timestamp_seconds", "exposure_seconds", "exposure_bytes"]) {
    assert.equal(samples.has(`pra_${name}{cluster="akig"}`), false, name);
  }
  assert.equal(samples.has('pra_wal_receiver_up{cluster="akig"}'), false);
});

test("R20 of two answers of the server the newer one counts, also when there was none", () => {
  const gone = sampleLook({
    atMs: sampleAtMs + 30_000,
    findings: [failed("server", new DrError("WATCH_LOOK_TIMEOUT", { seconds: 1 }))],
    readings: blindReadings,
  });
  const scrape = scrapeOf(about, { everything: sampleLook(), server: gone });
  const samples = samplesIn(metricsText(scrape, "text"));
  assert.equal(samples.get('pra_server_up{cluster="akig"}'), 0);
  assert.equal(samples.get('pra_wal_gaps{cluster="akig"}'), 0);
  assert.ok(![...samples.keys()].some((name) => name.startsWith("pra_slot_")));
  assert.equal(
    samples.get('pra_look_timestamp_seconds{cluster="akig",scope="server"}'),
    sampleAtMs / 1000 + 30,
  );
});

test("R20 a label's value is what it was, whatever is in it, and stays on its line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (where) => {
      const readings = { ...sampleReadings, certificates: [{ where, endsMs: 0 }] };
      const scrape = scrapeOf(about, { everything: sampleLook({ readings }) });
      const line = present(
        metricsText(scrape, "openmetrics")
          .split("\n")
          .find((one) => one.startsWith("pra_certificate_expiry_timestamp_seconds{")),
        "a line",
      );
      const [, value = ""] = /where="((?:[^"\\\n]|\\["\\n])*)"\} 0$/su.exec(line) ?? [];
      const read = value.replaceAll(/\\(.)/gs, (_all, one: string) => (one === "n" ? "\n" : one));
      assert.equal(read, where);
    }),
    { numRuns: 30 },
  );
});

test("R20 OpenMetrics is for those who ask for it by name and want it most", () => {
  assert.equal(formatFor(undefined), "text");
  assert.equal(formatFor("*/*"), "text");
  assert.equal(formatFor("text/html, application/xhtml+xml;q=0.9"), "text");
  assert.equal(
    formatFor(
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    ),
    "openmetrics",
  );
  assert.equal(formatFor("text/plain, application/openmetrics-text; q=0.5"), "text");
  assert.equal(formatFor("application/openmetrics-text;q=0"), "text");
  assert.equal(formatFor("application/openmetrics-text;q=high"), "text");
});

test("L54 R21 open alerts are one line a rule, without whom they are about or who has them", () => {
  const point = { watchMs: 0, wallMs: sampleAtMs - 60_000 };
  const words = { summary: "s", hint: "h" };
  const track = {
    rule: "gaps",
    subject: "",
    about: "ill",
    alertId: "a1",
    severity: "critical",
    standing: { phase: "open", opened: point },
    since: point,
    seenMs: 0,
    words: { en: words, fr: words },
    coveredBy: null,
    told: true,
    remindedMs: 0,
    acknowledged: { by: "Anna", reason: "r", atMs: 0 },
    steps: [],
    flapping: false,
    exposure: null,
    holed: false,
    routes: {},
  } as const;
  const channel = { ...track, rule: "channel", steps: [], acknowledged: null };
  const open = [
    { ...track, steps: [] },
    { ...channel, subject: "sms:+33612345678" },
    { ...channel, subject: "email:anna@example.org", since: { watchMs: 0, wallMs: 1000 } },
  ];
  const alerts = { open, waiting: 2 };
  const text = metricsText(scrapeOf(about, { everything: sampleLook({ alerts }) }), "text");
  assert.match(
    text,
    /\npra_alert_opened_timestamp_seconds\{cluster="akig",rule="gaps",about="ill",severity="critical",acknowledged="yes"\} \d+\n/,
  );
  assert.match(text, /\npra_alerts_open\{cluster="akig",severity="critical"\} 3\n/);
  assert.match(text, /\npra_alert_messages_waiting\{cluster="akig"\} 2\n/);
  const channels = text.split("\n").filter((line) => line.includes('rule="channel"'));
  assert.equal(channels.length, 1, "no series twice");
  assert.match(channels[0] ?? "", / 1$/);
  assert.doesNotMatch(text, /Anna|anna@|\+336/);
});
