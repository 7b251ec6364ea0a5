/**
 * Loaded before a test (`node --import`), it makes the tests that run on 18 and 15 run on the majors between and below: the recipes are
 * the same, only the list changes. A file whose list it does not find is refused, so that nothing runs on the old ones unnoticed.
 */
import { registerHooks } from "node:module";
import { EVERY_COMMIT } from "./majors-in-tests.ts";

const OTHERS = "of [17, 16, 14] as const";

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!/\/tests\/(?:postgres|e2e)\/[^/]+\.test\.ts$/.test(url)) {
      return loaded;
    }
    const { source } = loaded;
    const text = typeof source === "string" ? source : Buffer.from(source as Uint8Array).toString();
    if (!EVERY_COMMIT.test(text)) {
      throw new Error(`${url} has no list of majors to change`);
    }
    return { ...loaded, source: text.replaceAll(new RegExp(EVERY_COMMIT, "g"), OTHERS) };
  },
});
