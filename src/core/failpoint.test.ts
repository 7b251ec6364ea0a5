import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { errorText, isDrError } from "./errors.ts";
import {
  configureFailpoints,
  failpoint,
  failpointAsync,
  FailpointError,
  failpointTear,
  guard,
} from "./failpoint.ts";

class Killed extends Error {}

function configure(failpoints: string, guardsOff?: string): string[] {
  const hits: string[] = [];
  configureFailpoints({
    failpoints,
    guardsOff,
    effects: {
      kill: () => {
        throw new Killed();
      },
      record: (name) => hits.push(name),
    },
  });
  return hits;
}

const { signal } = new AbortController();

afterEach(() =>
  configureFailpoints({
    effects: {
      kill: () => {
        throw new Killed();
      },
    },
  }),
);

test("an unconfigured failpoint does nothing, and every guard is on", async () => {
  failpoint("a.b");
  await failpointAsync("a.b", { signal });
  assert.equal(failpointTear("a.b", 10), undefined);
  assert.equal(guard("L8-directory-fsync"), true);
});

test("a failpoint acts on its n-th hit only, or on every hit without a number", () => {
  configure("a.b:error:2,c:enospc");
  failpoint("a.b");
  assert.throws(() => failpoint("a.b"), FailpointError);
  failpoint("a.b");
  for (let hit = 0; hit < 3; hit += 1) {
    assert.throws(
      () => failpoint("c"),
      (error) => error instanceof FailpointError && error.code === "ENOSPC" && error.errno === -28,
    );
  }
});

test("error looks like the operating system's EIO and names the failpoint", () => {
  configure("disk.fsync:error");
  assert.throws(() => failpoint("disk.fsync"), {
    code: "EIO",
    errno: -5,
    message: "EIO: i/o error, failpoint disk.fsync",
  });
});

test("kill ends the process by the effect it was given", async () => {
  configure("a:kill:2");
  failpoint("a");
  assert.throws(() => failpoint("a"), Killed);
  configure("a:kill");
  await assert.rejects(failpointAsync("a", { signal }), Killed);
});

test("a torn write keeps half of the bytes, or as many as it is told, and then kills", () => {
  configure("w:tear,v:tear=3,u:tear=100");
  assert.equal(failpointTear("w", 11)?.keepBytes, 5);
  assert.equal(failpointTear("v", 11)?.keepBytes, 3);
  assert.equal(failpointTear("u", 11)?.keepBytes, 11);
  assert.throws(() => failpointTear("w", 11)?.kill(), Killed);
  assert.throws(() => failpoint("w"), Killed);
});

test("a delay waits, beside the thread where the site can, and ends with the signal", async () => {
  configure("d:delay=30");
  const startMs = performance.now();
  failpoint("d");
  await failpointAsync("d", { signal });
  assert.ok(performance.now() - startMs >= 55);
  configure("d:delay=60000");
  const reason = new Error("stop");
  const controller = new AbortController();
  const waiting = failpointAsync("d", { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
});

test("every name that is reached is recorded, acting or not", () => {
  const hits = configure("a:error:9");
  failpoint("a");
  failpoint("b");
  failpointTear("c", 1);
  assert.deepEqual(hits, ["a", "b", "c"]);
});

test("a guard is off when it is named", () => {
  configure("", "L7-append-datasync,L8-directory-fsync");
  assert.equal(guard("L8-directory-fsync"), false);
  assert.equal(guard("L9-other"), true);
});

for (const text of [
  "a",
  "a:",
  ":kill",
  "a:explode",
  "a:kill:0",
  "a:kill:x",
  "a:kill=3",
  "A:kill",
  "a:kill:1:2",
]) {
  test(`the setting ${text} is refused with USAGE_FAILPOINT`, () => {
    assert.throws(
      () => configure(`ok:kill,${text}`),
      (error) =>
        isDrError(error, "USAGE_FAILPOINT") &&
        error.message === `"${text}" is not a failpoint setting` &&
        error.hint.startsWith("Write name:action") &&
        errorText(error, "fr").message ===
          `« ${text} » n'est pas un réglage de point de défaillance`,
    );
  });
}
