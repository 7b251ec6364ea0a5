/** `pra.yaml`: what it may hold, and that whatever is wrong in it is told with its place, key and value. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type DrError, errorText, isDrError } from "../../core/errors.ts";
import { parsePraYaml, readPraYaml } from "./read.ts";
import { praYamlJsonSchema } from "./schema.ts";

function refusal(text: string): DrError {
  try {
    parsePraYaml("/etc/pra/pra.yaml", text);
  } catch (error) {
    if (isDrError(error)) {
      return error;
    }
    throw error;
  }
  throw new Error(`this was accepted: ${text}`);
}

function told(text: string): readonly unknown[] {
  const { code, details } = refusal(text);
  return [code, details["line"], details["column"]];
}

const one = `proof:
  assertions:
    - name: orders are there
      database: akig
      sql: SELECT count(*) FROM orders
      expect: ">= 1"
`;

test("a whole file is read, and an empty one says nothing", () => {
  const text = `${one}      timeoutSeconds: 20
  application:
    command: [./check.sh, --quick]
    database: akig
    databaseUrlVariable: APP_DATABASE
`;
  assert.deepEqual(parsePraYaml("x", text), {
    proof: {
      assertions: [
        {
          name: "orders are there",
          database: "akig",
          sql: "SELECT count(*) FROM orders",
          expect: ">= 1",
          timeoutSeconds: 20,
        },
      ],
      application: {
        command: ["./check.sh", "--quick"],
        database: "akig",
        databaseUrlVariable: "APP_DATABASE",
      },
    },
  });
  for (const empty of ["", "# nothing yet\n", "---\n", "proof: {}\n"]) {
    assert.equal(parsePraYaml("x", empty).proof?.assertions, undefined);
  }
});

test("a value to compare with keeps the digits that were typed", () => {
  for (const typed of ["1.10", "12345678901234567890", "true", "0x10", "1e3", "'= a'"]) {
    const { proof } = parsePraYaml("x", one.replace('">= 1"', typed));
    assert.equal(proof?.assertions?.[0]?.expect, typed.replaceAll("'", ""));
  }
});

test("a mistake is told with its line and column", () => {
  assert.deepEqual(told("proof:\n\tassertions: []\n").slice(0, 2), ["CONFIG_YAML_SYNTAX", 2]);
  assert.deepEqual(told("proof: {}\nproof: {}\n"), ["CONFIG_YAML_SYNTAX", 2, 1]);
  assert.deepEqual(told("a: &x 1\n").slice(0, 1), ["CONFIG_YAML_SYNTAX"]);
  assert.deepEqual(told("proof: !!js/function 1\n").slice(0, 1), ["CONFIG_YAML_SYNTAX"]);
  assert.deepEqual(told("proofs: {}\n"), ["CONFIG_YAML_KEY", 1, 1]);
  assert.deepEqual(told(`${one}      expct: 3\n`), ["CONFIG_YAML_KEY", 7, 7]);
  assert.deepEqual(told(one.replace("      database: akig\n", "")), ["CONFIG_YAML_MISSING", 3, 7]);
  assert.deepEqual(told(`${one}      timeoutSeconds: 0\n`), ["CONFIG_YAML_VALUE", 7, 23]);
  assert.deepEqual(told(`${one}      timeoutSeconds: soon\n`), ["CONFIG_YAML_VALUE", 7, 23]);
  assert.deepEqual(told(one.replace('">= 1"', "[1]")), ["CONFIG_YAML_VALUE", 6, 15]);
  assert.deepEqual(told(one.replace('">= 1"', "")), ["CONFIG_YAML_VALUE", 6, 15]);
  assert.deepEqual(told("- 1\n"), ["CONFIG_YAML_VALUE", 1, 1]);
  const second = one.slice(one.indexOf("    -"));
  assert.deepEqual(told(one + second), ["CONFIG_YAML_DUPLICATE", 7, 13]);
});

test("a refusal names key, value and what would fit, in both languages", () => {
  const error = refusal(`${one}      timeoutSeconds: 86401\n`);
  assert.equal(
    error.message,
    '/etc/pra/pra.yaml, line 7, column 23: proof.assertions[1].timeoutSeconds is "86401", wanted: <= 86400',
  );
  assert.match(
    errorText(error, "fr").message,
    /ligne 7, colonne 23 : .* vaut « 86401 », attendu : <= 86400/,
  );
  const unknown = refusal(`${one}      expct: 3\n`);
  assert.match(unknown.hint, /name, database, sql, expect, timeoutSeconds/);
  assert.match(errorText(unknown, "fr").hint, /docs\/pra\.schema\.json/);
  const missing = refusal("proof:\n  application: {database: a}\n");
  assert.match(missing.message, /proof\.application\.command is missing/);
});

test("whatever the text, it is read or refused with a place", () => {
  const words = fc.constantFrom(
    "proof:",
    "assertions:",
    "- ",
    "  ",
    "\n",
    "name: a",
    "{",
    "]",
    "&a",
    "*a",
    "!x",
    "'",
    "|",
    "? ",
    "\t",
    "\0",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), fc.string(), (pieces, tail) => {
      try {
        parsePraYaml("x", pieces.join("") + tail);
      } catch (error) {
        assert.ok(isDrError(error), String(error));
        assert.match(error.code, /^CONFIG_YAML_/);
        assert.ok(Number(error.details["line"]) >= 1 && Number(error.details["column"]) >= 1);
      }
    }),
    { numRuns: 500 },
  );
});

test("the file is found beside the .env or by its name, and refused where others may write it", async () => {
  const folder = await mkdtemp("/tmp/pra-yaml-");
  const path = join(folder, "pra.yaml");
  assert.equal(await readPraYaml({ configFile: undefined, configFolders: [folder] }), undefined);
  await assert.rejects(readPraYaml({ configFile: path, configFolders: [] }), {
    code: "CONFIG_YAML_UNREADABLE",
    message: `${path} cannot be read: ENOENT`,
  });
  await writeFile(path, one);
  await chmod(path, 0o644);
  const found = await readPraYaml({ configFile: undefined, configFolders: ["/nowhere", folder] });
  assert.equal(found?.directory, folder);
  assert.equal(found.content.proof?.assertions?.length, 1);
  await chmod(path, 0o666);
  const named = { configFile: path, configFolders: [] };
  await assert.rejects(readPraYaml(named), { code: "CONFIG_YAML_RIGHTS", hint: /chmod go-w/ });
  await writeFile(path, "#".repeat(1024 * 1024 + 1));
  await chmod(path, 0o600);
  await assert.rejects(readPraYaml(named), { code: "CONFIG_YAML_UNREADABLE" });
  await assert.rejects(readPraYaml({ configFile: folder, configFolders: [] }), {
    code: /CONFIG_YAML_(UNREADABLE|RIGHTS)/,
  });
  await rm(folder, { recursive: true });
});

test("the example of docs/proofs.md is read as it stands", async () => {
  const page = await readFile(new URL("../../../docs/proofs.md", import.meta.url), "utf8");
  const [, example = ""] = /```yaml\n([^]*?)```/.exec(page) ?? [];
  const { proof } = parsePraYaml("docs/proofs.md", example);
  assert.equal(proof?.assertions?.length, 3);
  assert.equal(proof.assertions[2]?.expect, "0");
  assert.deepEqual(proof.application?.command, ["./check-application.sh", "--quick"]);
});

test("the published schema describes every key and refuses unknown ones", async () => {
  const published = await readFile(
    new URL("../../../docs/pra.schema.json", import.meta.url),
    "utf8",
  );
  assert.equal(published, praYamlJsonSchema(), 'run "npm run docs"');
  let keys = 0;
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) {
      return;
    }
    const { properties, additionalProperties } = node as {
      readonly properties?: Record<string, { description?: string }>;
      readonly additionalProperties?: unknown;
    };
    for (const [key, value] of Object.entries(properties ?? {})) {
      assert.ok((value.description ?? "").length > 10, key);
      assert.equal(additionalProperties, false);
      keys += 1;
    }
    Object.values(node).forEach(walk);
  };
  walk(JSON.parse(published));
  assert.ok(keys >= 13, String(keys));
});
