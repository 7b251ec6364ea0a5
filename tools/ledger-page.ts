/** Writes docs/ledger.md from the register of events: what each kind means, who writes it, which fields it has. */
import * as z from "zod/mini";

import { eventKinds, eventSchemas } from "../src/ledger/event-kinds.ts";
import { eventMeanings } from "../src/ledger/event-meanings.ts";

type Schema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly format?: string;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
};

function typeText(schema: Schema): string {
  if (schema.enum !== undefined) {
    return schema.enum.map(String).join(" | ");
  }
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map(typeText).join(" or ");
  }
  const { type = "any" } = schema;
  switch (type) {
    case "object": {
      const members = Object.entries(schema.properties ?? {});
      return `{ ${members.map(([name, of]) => `${name}: ${typeText(of)}`).join(", ")} }`;
    }
    case "array":
      return `list of ${typeText(schema.items ?? {})}`;
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "yes or no";
    case "string":
      return schema.format === "date-time" ? "instant" : "text";
    default:
      return type;
  }
}

function fieldLines(schema: Schema): readonly string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).map(
    ([name, of]) => `- \`${name}\`: ${typeText(of)}${required.has(name) ? "" : ", may be absent"}`,
  );
}

/** The page. */
export function ledgerPage(): string {
  const lines = [
    "# The ledger",
    "",
    "What the ledger records. This page is generated from `src/ledger/event-kinds.ts` and `event-meanings.ts`;",
    "`pra ledger list --kind KIND` shows the events themselves, `pra ledger verify` proves that all are there as they",
    "were written, `pra ledger anchor` prints a signed mark to keep elsewhere. Each event stands in an envelope (section 11 of",
    "[format.md](format.md)): `id`, `kind`, `version`, `time`, `writer`, `sequence`, `previousHash`, `actor` (account and",
    "host), `reason` (the command, and what `--reason` or `PRA_REASON` said). From where a person came stands in the",
    "`writerStarted` of the same writer. Looks of a monitoring (`pra status`) are no accesses; `pra list`, `window`, `plan`",
    "that repeat within an hour are counted in `repeats`.",
    "",
    "Ce que le journal consigne. `pra ledger list --kind GENRE` montre les événements, `pra ledger verify` prouve que tous",
    "sont là tels qu'ils ont été écrits, `pra ledger anchor` affiche une marque signée à conserver ailleurs.",
  ];
  for (const kind of eventKinds) {
    const { en, fr, by } = eventMeanings[kind];
    const schema = z.toJSONSchema(eventSchemas[kind], { unrepresentable: "any" }) as Schema;
    lines.push(
      "",
      `## \`${kind}\``,
      "",
      `en: ${en}.`,
      `fr : ${fr}.`,
      `Written by: ${by}.`,
      "",
      ...fieldLines(schema),
    );
  }
  return `${lines.join("\n")}\n`;
}
