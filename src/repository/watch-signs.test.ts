/** Signs of life on a repository in memory: whose the day's digest is when several hosts watch one cluster. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  SimulatedRepository,
  never,
  testCluster,
} from "../../tests/support/simulated-repository.ts";
import { signDigestsMax } from "../core/watch-limits.ts";
import { type SaidInSign, claimDigests, putSign, readNewestSign } from "./watch-signs.ts";

const call = { signal: never };

function signOf(watcher: string): SaidInSign {
  return {
    watcher,
    host: `host-${watcher}`,
    at: "2026-11-23T07:00:00.000Z",
    everySeconds: 300,
    open: [],
    quiets: [],
    mutedSeconds: 0,
    deadManSeconds: null,
  };
}

function hostsOf(repository: SimulatedRepository, names: readonly string[]) {
  return names.map((name) => {
    const { sealed } = repository.process(name);
    return {
      claim: async (day: string, routes: readonly string[]): Promise<readonly string[]> => {
        const wanted = { cluster: testCluster, day, routes, sign: signOf(name) };
        return [...(await claimDigests(sealed, wanted, call))];
      },
      sign: () => putSign(sealed, testCluster, signOf(name), call),
      newest: () => readNewestSign(sealed, testCluster, call),
    };
  });
}

test("R24 of hosts that ask at once each way to readers is one's, each day anew, and who asks again gets what it was given", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const hosts = hostsOf(new SimulatedRepository(seed), ["a", "b", "c", "d"]);
    for (const day of ["2026-11-23", "2026-11-24"]) {
      const routes = ["ops", "dba", "head"];
      const got = await Promise.all(hosts.map((host) => host.claim(day, routes)));
      assert.deepEqual(got.flat().toSorted(), routes.toSorted(), `seed ${seed}, ${day}`);
      for (const [index, host] of hosts.entries()) {
        await host.sign();
        assert.deepEqual(await host.claim(day, routes), got[index], `seed ${seed}, again`);
      }
    }
  }
});

test("R24 a host whose readers are others sends to those alone, and signs carry claims on, the newest of them", async () => {
  const [a, b] = hostsOf(new SimulatedRepository(1), ["a", "b"]);
  assert.deepEqual(await a?.claim("2026-11-23", ["ops"]), ["ops"]);
  assert.deepEqual(await b?.claim("2026-11-23", ["ops", "dba"]), ["dba"]);
  for (let day = 1; day <= signDigestsMax; day += 1) {
    await b?.claim(new Date(Date.UTC(2027, 0, day)).toISOString().slice(0, 10), ["dba"]);
  }
  const { digests = [] } = (await a?.newest()) ?? {};
  assert.equal(digests.length, signDigestsMax);
  assert.equal(digests.at(-1)?.day, "2027-07-19");
});
