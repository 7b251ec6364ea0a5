/** Contacts, escalation and planned windows of `pra.yaml`, and what remains when it cannot be used. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { type TestContext, test } from "node:test";
import { DrError } from "../../core/errors.ts";
import { compose } from "../compose.ts";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { parsePraYaml } from "../pra-yaml/read.ts";
import { plannedNow } from "./planned-maintenance.ts";
import { parseUntil } from "./until.ts";
import { type OpenWatch, openWatch } from "./watch-setup.ts";

const { signal } = new AbortController();

async function watchWith(context: TestContext, yaml: string): Promise<OpenWatch> {
  const directory = await mkdtemp(join(tmpdir(), "pra-setup-"));
  context.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "pra.yaml"), yaml, { mode: 0o600 });
  const environment = environmentIn(directory, {
    PRA_STATE_DIR: join(directory, "state"),
    PRA_TIME_ZONE: "Asia/Tokyo",
    ALERT_EMAIL: "oncall@example.org",
    ALERT_SMS: "+33612345678",
    PRA_SMS_USER: "u",
    PRA_SMS_PASSWORD: "planted-secret",
    PRA_SMS_FROM: "PRA",
    PRA_LANG: "fr",
  });
  return await openWatch(compose(), environment, { signal });
}

const people = `contacts:
  - name: Anna
    email: anna@example.org
    sms: "+33600000001"
    language: en
    hours: mon-fri 08:00-18:00
    timeZone: Europe/Paris
  - name: Boss
    email: boss@example.org
`;

test("R21 the settings' channels are told everything, contacts as escalation says, SMS only what is critical", async (context) => {
  const { setup, problems, notifiers } = await watchWith(
    context,
    `${people}escalation:
  - afterMinutes: 0
    to: [Anna]
  - afterMinutes: 30
    to: [Anna, Boss]
    severity: critical
`,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    setup.routes.map(({ channel, contact, language, minimum, zone }) => [
      channel,
      contact,
      language,
      minimum,
      zone,
    ]),
    [
      ["email", undefined, "fr", "warning", "Asia/Tokyo"],
      ["sms", undefined, "fr", "critical", "Asia/Tokyo"],
      ["email", "Anna", "en", "warning", "Europe/Paris"],
      ["sms", "Anna", "en", "critical", "Europe/Paris"],
      ["email", "Boss", "fr", "warning", "Asia/Tokyo"],
    ],
  );
  assert.deepEqual(
    setup.escalation.map(({ afterMs, contacts }) => [afterMs, contacts.length]),
    [
      [0, 1],
      [1_800_000, 2],
    ],
  );
  assert.equal(notifiers.size, 5);
  const names = setup.routes.map(({ id }) => id).join(" ");
  assert.ok(!names.includes("planted-secret"));
});

test("R21 the example of docs/alerts.md is taken as it stands", async (context) => {
  const page = await readFile(new URL("../../../docs/alerts.md", import.meta.url), "utf8");
  const [, example = ""] = /```yaml\n([^]*?)```/.exec(page) ?? [];
  const { setup, problems } = await watchWith(context, example);
  assert.deepEqual(problems, []);
  assert.equal(setup.escalation.length, 2);
});

test("R21 contacts without escalation are told at once", async (context) => {
  const { setup } = await watchWith(context, people);
  assert.deepEqual(setup.escalation, [
    { afterMs: 0, contacts: ["Anna", "Boss"], severity: "warning" },
  ]);
});

test("R21 a pra.yaml that cannot be used costs its contacts, and no channel of the settings", async (context) => {
  const broken: readonly (readonly [string, string])[] = [
    ["contacts: [", "CONFIG_YAML_SYNTAX"],
    [`${people}  - name: Anna\n`, "CONFIG_YAML_DUPLICATE"],
    [`${people}escalation: [{afterMinutes: 0, to: [Nobody]}]\n`, "WATCH_CONTACT_UNKNOWN"],
    [people.replace("Europe/Paris", "Europe/Nowhere"), "WATCH_ZONE"],
    ["maintenance: [{name: w, schedule: every sunday, minutes: 5}]\n", "WATCH_PLAN"],
    ["maintenance: [{name: w, schedule: 0 2 * * 0}]\n", "WATCH_PLAN"],
    [
      "maintenance: [{name: w, schedule: 0 2 * * 0, minutes: 5, rules: [sevrer]}]\n",
      "WATCH_RULE_UNKNOWN",
    ],
  ];
  for (const [yaml, code] of broken) {
    const { setup, problems } = await watchWith(context, yaml);
    assert.deepEqual(
      problems.map((problem) => problem.code),
      [code],
      yaml,
    );
    assert.deepEqual(
      setup.routes.map(({ channel }) => channel),
      ["email", "sms"],
    );
  }
});

test("R21 channels that cannot be made are told of, and the watch opens all the same", async () => {
  const directory = join(tmpdir(), "pra-none");
  const environment = environmentIn(directory, { PRA_STATE_DIR: directory });
  const watch = await openWatch(compose(), environment, {
    signal,
    notifiersOf: () => {
      throw new DrError("CONFIG_MISSING", { name: "PRA_ALERT_CA" });
    },
  });
  assert.deepEqual(watch.setup.routes, []);
  assert.deepEqual(
    watch.problems.map(({ code }) => code),
    ["CONFIG_MISSING"],
  );
});

test("L43 R21 a window planned for Sunday at two is at two on both sides of a change of clocks", async () => {
  const content = parsePraYaml(
    "p",
    `maintenance:
  - name: patching
    schedule: 0 4 * * SUN
    minutes: 60
    timeZone: Europe/Paris
  - name: move
    from: 2026-12-01T10:00+01:00
    to: 2026-12-01T12:00+01:00
    rules: [server]
`,
  );
  const at = async (text: string): Promise<readonly string[]> =>
    (await plannedNow({ path: "p", content }, Date.parse(text))).map(({ name }) => name);
  assert.deepEqual(await at("2026-10-18T02:30:00Z"), ["patching"], "summer, 04:30");
  assert.deepEqual(await at("2026-10-18T01:59:59Z"), []);
  assert.deepEqual(await at("2026-10-18T02:00:00Z"), ["patching"]);
  assert.deepEqual(await at("2026-10-18T03:00:00Z"), []);
  assert.deepEqual(await at("2026-10-25T03:30:00Z"), ["patching"], "winter, 04:30");
  assert.deepEqual(await at("2026-10-25T02:30:00Z"), []);
  assert.deepEqual(await at("2026-12-01T09:30:00Z"), ["move"]);
  assert.deepEqual(await at("2026-12-01T11:00:00Z"), []);
});

test("R21 an end is a duration, a time of day, a day or an instant, and never beyond a month", () => {
  const now = new Date(2026, 10, 23, 14, 2).getTime();
  const local = (text: string): string => new Date(parseUntil(text, now)).toString().slice(4, 21);
  assert.equal(local("90m"), "Nov 23 2026 15:32");
  assert.equal(local("2h"), "Nov 23 2026 16:02");
  assert.equal(local("1j"), "Nov 24 2026 14:02");
  assert.equal(local("18:30"), "Nov 23 2026 18:30");
  assert.equal(local("9h15"), "Nov 24 2026 09:15");
  assert.equal(local("2026-11-25"), "Nov 26 2026 00:00");
  assert.equal(parseUntil("2026-11-25T10:00+01:00", now), Date.parse("2026-11-25T09:00Z"));
  for (const wrong of [
    "",
    "soon",
    "0m",
    "32d",
    "2026-11-22",
    "2026-02-31",
    "25:00",
    "-1h",
    "1e3m",
  ]) {
    assert.throws(() => parseUntil(wrong, now), { code: "WATCH_UNTIL" }, wrong);
  }
});
