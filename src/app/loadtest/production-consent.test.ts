import assert from "node:assert/strict";
import { test } from "node:test";
import { isDrError } from "../../core/errors.ts";
import { consentsToProduction } from "./production-consent.ts";

const about = { cluster: "shop", reason: "quarterly test" };

test("R6 production is loaded only when told so twice, by the cluster's name, with a reason", () => {
  assert.equal(consentsToProduction({ allowProduction: true, confirm: "shop" }, about), true);
  assert.equal(
    consentsToProduction({ allowProduction: false, confirm: undefined }, about),
    false,
    "nobody speaks of production",
  );
  const refused: readonly (readonly [boolean, string | undefined, string | undefined, string])[] = [
    [true, undefined, "why", "PG_LOADTEST_ONCE"],
    [false, "shop", "why", "PG_LOADTEST_ONCE"],
    [true, "Shop", "why", "PG_LOADTEST_OTHER_NAME"],
    [true, "", "why", "PG_LOADTEST_OTHER_NAME"],
    [true, "shop ", "why", "PG_LOADTEST_OTHER_NAME"],
    [true, "shop", undefined, "USAGE_LOADTEST_REASON"],
    [true, "shop", " ", "USAGE_LOADTEST_REASON"],
  ];
  for (const [allowProduction, confirm, reason, code] of refused) {
    assert.throws(
      () => consentsToProduction({ allowProduction, confirm }, { cluster: "shop", reason }),
      (error) => isDrError(error) && error.code === code,
      `${allowProduction} ${confirm} ${reason}`,
    );
  }
});
