import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { parseEnvFile } from "./env-file.ts";
import { checkSetting } from "./setting-values.ts";
import { configurationPage, envExample } from "./settings-pages.ts";
import { isSettingName, settingNames, settingsRegistry } from "./settings.ts";

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
}

test("R7 .env.example and the page of settings are what the registry says", () => {
  assert.equal(read(".env.example"), envExample());
  assert.equal(read("docs/configuration.md"), configurationPage());
});

test("R7 .env.example explains every setting in both languages, and reads as a .env with and without its examples", () => {
  const text = envExample();
  const wanted = settingNames.filter((name) => settingsRegistry[name].group !== "expert");
  for (const name of wanted) {
    const { help } = settingsRegistry[name];
    const words = text.replaceAll(/\n# {2,}/g, " ");
    assert.ok(words.includes(help.en) && words.includes(help.fr), name);
  }
  const essential = wanted.filter((name) => settingsRegistry[name].essential === true);
  assert.deepEqual([...parseEnvFile(text, ".env.example").keys()], essential);
  const whole = parseEnvFile(
    text.slice(text.indexOf("# ----")).replaceAll(/^# ([A-Z_]+=)/gm, "$1"),
    ".env.example",
  );
  assert.deepEqual([...whole.keys()], wanted);
  for (const [name, { value, line }] of whole) {
    if (isSettingName(name) && value !== "") {
      const origin = { kind: "file", path: ".env.example", line } as const;
      checkSetting(name, { value, origin });
    }
  }
});

test("R12 .gitignore keeps .env out, and .env.example holds no secret", () => {
  assert.match(read(".gitignore"), /^\.env$/m);
  assert.equal(parseEnvFile(envExample(), "").get("PG_PASSWORD")?.value, "");
});
