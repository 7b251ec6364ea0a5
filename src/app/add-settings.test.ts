import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";

import { isDrError } from "../core/errors.ts";
import { addSettings, settingLine } from "./add-settings.ts";
import { parseEnvFile } from "./env-file.ts";

function folder(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "pra-add-"));
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
}

test("a line that is written reads back as the same value, or is refused with CONFIG_UNQUOTABLE", () => {
  const odd = fc.string({
    unit: fc.constantFrom(...Array.from("ab \\'\"`#$(){}=né\n\r")),
    maxLength: 12,
  });
  fc.assert(
    fc.property(odd, (value) => {
      try {
        const line = settingLine("PG_PASSWORD", value);
        assert.equal(parseEnvFile(line, "").get("PG_PASSWORD")?.value, value);
        assert.equal(parseEnvFile(`${line}PG_HOST=x\n`, "").get("PG_HOST")?.value, "x");
      } catch (error) {
        assert.ok(isDrError(error, "CONFIG_UNQUOTABLE"), String(error));
      }
    }),
  );
  assert.equal(settingLine("PG_PASSWORD", "it's $(x) #1"), 'PG_PASSWORD="it\'s $(x) #1"\n');
});

test("a new .env is for its owner alone; one that is there keeps its lines, and its missing last line feed", async (context) => {
  const directory = folder(context);
  const at = { envFile: undefined, directory };
  const path = await addSettings([["PG_HOST", "db1"]], at);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  writeFileSync(path, "# ours\nPG_HOST=db1");
  await addSettings([["BACKUP_DIR", "/srv/my store"]], { ...at, envFile: path });
  assert.equal(readFileSync(path, "utf8"), "# ours\nPG_HOST=db1\nBACKUP_DIR=/srv/my store\n");
  await assert.rejects(addSettings([["RETENTION_DAYS", "x"]], at), (error) =>
    isDrError(error, "CONFIG_NUMBER"),
  );
  await assert.rejects(
    addSettings([["PG_HOST", "x"]], { envFile: undefined, directory: join(directory, "none") }),
    (error) => isDrError(error, "CONFIG_ENV_FILE_UNWRITABLE"),
  );
});
