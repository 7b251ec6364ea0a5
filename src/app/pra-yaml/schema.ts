/**
 * What `pra.yaml` may hold, once: what is read is checked by it, and editors get it as `docs/pra.schema.json` with the same words.
 * Unknown keys are refused: a misspelt one would be a check that nobody makes. Every key has a description.
 */
import * as z from "zod/mini";
import {
  assertionsMax,
  proofCommandSecondsDefault,
  assertionSecondsDefault,
} from "../../core/limits.ts";
import { contactsMax } from "../../core/watch-limits.ts";
import { hoursPattern } from "../../watch/policy.ts";

const text = (max: number, description: string): z.ZodMiniString =>
  z.string().check(z.minLength(1), z.maxLength(max), z.describe(description));

/** Seconds that something may take. */
const seconds = (description: string): z.ZodMiniNumber =>
  z.int().check(z.minimum(1), z.maximum(86_400), z.describe(description));

const database = (description: string): z.ZodMiniString => text(63, description);

const assertionKeys = {
  name: text(200, "What is asserted, in a few words; shown in reports. Each name once."),
  database: database("The database in which the query runs."),
  sql: text(
    100_000,
    "One SELECT, VALUES or WITH query that answers one row with one column. Names outside the database's search_path need their schema. current_setting('pra.instant')::timestamptz is the instant that was restored to.",
  ),
  expect: z.optional(
    z
      .union([z.string(), z.number(), z.boolean()])
      .check(
        z.describe(
          "What its value must be: a value, or one of = != < <= > >= and a value. Two numbers are compared as numbers, all else as text; < and > want numbers. NULL never fits. true by default.",
        ),
      ),
  ),
  timeoutSeconds: z.optional(
    seconds(
      `After so many seconds the query is cut, and has failed. ${assertionSecondsDefault} by default.`,
    ),
  ),
};

const applicationKeys = {
  command: z
    .array(text(4096, "One word."))
    .check(
      z.minLength(1),
      z.maxLength(100),
      z.describe(
        "The program and its words; no shell comes between. A program with a slash is looked for from this file's folder. It gets PGHOST, PGPORT, PGUSER, PGDATABASE and DATABASE_URL of the throw-away server, and nothing else of this program's environment. Exit code 0 means well.",
      ),
    ),
  database: database("The application's database."),
  user: z.optional(
    text(
      63,
      "The role that it connects as; without it the owner of that database. No password is asked for.",
    ),
  ),
  databaseUrlVariable: z.optional(
    z
      .string()
      .check(
        z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/),
        z.describe(
          "The variable in which the application looks for its database's address. DATABASE_URL by default.",
        ),
      ),
  ),
  healthUrl: z.optional(
    z
      .string()
      .check(
        z.regex(/^https?:\/\/\S+$/),
        z.describe(
          "For a command that starts the application and stays: the address that answers 200 when the application works. The command is ended then.",
        ),
      ),
  ),
  timeoutSeconds: z.optional(
    seconds(
      `After so many seconds the command is ended, and has failed. ${proofCommandSecondsDefault} by default.`,
    ),
  ),
};

const proofKeys = {
  assertions: z.optional(
    z
      .array(z.strictObject(assertionKeys))
      .check(
        z.maxLength(assertionsMax),
        z.describe(
          "Level 4: what must be true of the restored data. Each runs by itself, reading only.",
        ),
      ),
  ),
  application: z.optional(
    z
      .strictObject(applicationKeys)
      .check(z.describe("Level 5: whether the application works on the restored data.")),
  ),
};

const zone = text(
  100,
  "The time zone of these hours, such as Europe/Paris; without it the machine's.",
);

const instant = (description: string): z.ZodMiniString =>
  z
    .string()
    .check(
      z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})$/),
      z.describe(description),
    );

const contactKeys = {
  name: text(100, "Who it is; escalation names people by it. Each name once."),
  email: z.optional(
    z
      .string()
      .check(z.regex(/^[^\s@,]+@[^\s@,]+$/), z.maxLength(254), z.describe("A mail address.")),
  ),
  sms: z.optional(
    z
      .string()
      .check(
        z.regex(/^\+[1-9]\d{6,14}$/),
        z.describe("A phone number in international form; only critical alerts go there."),
      ),
  ),
  language: z.optional(
    z
      .enum(["en", "fr"])
      .check(z.describe("The language of this person's messages; PRA_LANG's by default.")),
  ),
  hours: z.optional(
    z
      .string()
      .check(
        z.regex(hoursPattern),
        z.describe(
          "When this person may be disturbed: mon-fri 08:00-18:00. Outside of everybody's hours warnings wait, and critical alerts go to all who are named.",
        ),
      ),
  ),
  timeZone: z.optional(zone),
};

const escalationKeys = {
  afterMinutes: z
    .int()
    .check(
      z.minimum(0),
      z.maximum(10_080),
      z.describe("After so many minutes in which nobody acknowledged the alert; 0: at once."),
    ),
  to: z
    .array(text(100, "A contact's name."))
    .check(z.minLength(1), z.maxLength(contactsMax), z.describe("Who is told then.")),
  severity: z.optional(
    z
      .enum(["critical", "warning"])
      .check(z.describe("critical: only critical alerts; warning, the default: all of them.")),
  ),
};

const maintenanceKeys = {
  name: text(100, "What is done then, in a few words."),
  schedule: z.optional(
    text(100, 'When it begins, as five fields of cron: "0 2 * * SUN". Needs minutes.'),
  ),
  minutes: z.optional(
    z.int().check(z.minimum(1), z.maximum(10_080), z.describe("How long it lasts.")),
  ),
  from: z.optional(instant("A single window: its beginning, such as 2027-01-31T18:00+01:00.")),
  to: z.optional(instant("And its end.")),
  timeZone: z.optional(zone),
  rules: z.optional(
    z
      .array(text(40, "A rule's id."))
      .check(z.maxLength(100), z.describe("Rules that are quiet meanwhile; all by default.")),
  ),
};

const rootKeys = {
  contacts: z.optional(
    z
      .array(z.strictObject(contactKeys))
      .check(
        z.maxLength(contactsMax),
        z.describe(
          "People who can be told, beside ALERT_EMAIL, SLACK_WEBHOOK and ALERT_SMS, which get every alert. Without escalation they get every alert too.",
        ),
      ),
  ),
  escalation: z.optional(
    z
      .array(z.strictObject(escalationKeys))
      .check(
        z.maxLength(contactsMax),
        z.describe("Who is told after how long, as long as nobody has acknowledged an alert."),
      ),
  ),
  maintenance: z.optional(
    z
      .array(z.strictObject(maintenanceKeys))
      .check(
        z.maxLength(100),
        z.describe("Windows that are known beforehand, in which no alert is told."),
      ),
  ),
  proof: z.optional(
    z.strictObject(proofKeys).check(z.describe("What a proof checks beyond the server itself.")),
  ),
};

/** The whole file. */
export const praYamlSchema = z.strictObject(rootKeys);

/** The keys of the mapping at a path, for who mistyped one. Steps of sequences are left out of the path. */
export function praYamlKeys(path: readonly string[]): readonly string[] {
  const byPlace: Readonly<Record<string, object>> = {
    "": rootKeys,
    contacts: contactKeys,
    escalation: escalationKeys,
    maintenance: maintenanceKeys,
    proof: proofKeys,
    "proof.assertions": assertionKeys,
    "proof.application": applicationKeys,
  };
  return Object.keys(byPlace[path.join(".")] ?? {});
}

/** What a file holds, as it is written. */
export type PraYamlContent = z.infer<typeof praYamlSchema>;

/** For editors and for checks in other programs. */
export function praYamlJsonSchema(): string {
  const schema = z.toJSONSchema(praYamlSchema);
  const titled = {
    ...schema,
    title: "pra.yaml",
    description: "Configuration of PRA beside its .env.",
  };
  // Short lists stand on one line, as they are written by hand.
  const text = JSON.stringify(titled, undefined, 2).replaceAll(/\[\s+([^[\]{}]*?)\s+\]/g, (list) =>
    list
      .replaceAll(/\s*\n\s*/g, " ")
      .replaceAll("[ ", "[")
      .replaceAll(" ]", "]"),
  );
  return `${text}\n`;
}
