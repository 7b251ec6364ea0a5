import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { isDrError } from "../core/errors.ts";
import {
  connectionSettings,
  type Environment,
  type ExplicitConnection,
  placeOf,
} from "./connection-settings.ts";
import { parseConnectionUri } from "./connection-uri.ts";

const account = { user: "marie", home: "/home/marie" };

function settingsOf(
  environment: Environment,
  explicit: ExplicitConnection = {},
): ReturnType<typeof connectionSettings> {
  return connectionSettings(environment, { explicit, account });
}

test("an empty environment gives localhost, port 5432, the account's name and database postgres", () => {
  const settings = settingsOf({});
  assert.equal(placeOf(settings), "localhost:5432");
  assert.equal(settings.user, "marie");
  assert.equal(settings.database, "postgres");
  assert.equal(settings.password, undefined);
  assert.equal(settings.passwordFile, "/home/marie/.pgpass");
  assert.equal(settings.connectTimeoutMs, 10_000);
  assert.equal(settings.origins.host, "default");
});

test("explicit beats PG_HOST, PG_HOST beats DATABASE_URL, DATABASE_URL beats PGHOST, each with its origin", () => {
  const all = {
    PGHOST: "d",
    PG_HOST: "b",
    DATABASE_URL: "postgresql://u:p@c:1/app",
    PGPORT: "4",
    PGUSER: "nobody",
  };
  assert.deepEqual(settingsOf(all, { host: "a" }).origins.host, "explicit");
  assert.equal(settingsOf(all).host, "b");
  assert.equal(settingsOf({ ...all, PG_HOST: "" }).host, "c");
  assert.equal(settingsOf({ ...all, PG_HOST: "", DATABASE_URL: "" }).host, "d");
  const settings = settingsOf(all);
  assert.equal(settings.port, 1);
  assert.equal(settings.user, "u");
  assert.equal(settings.database, "app");
  assert.equal(settings.origins.port, "DATABASE_URL");
  assert.equal(settings.password?.reveal(), "p");
});

test("TLS is verified by default off the machine, and merely preferred on it", () => {
  assert.equal(settingsOf({ PG_HOST: "db.example" }).sslMode, "verify-full");
  assert.equal(settingsOf({ PG_HOST: "10.0.0.1" }).sslMode, "verify-full");
  for (const host of ["localhost", "127.0.0.1", "::1", "/run/postgresql"]) {
    assert.equal(settingsOf({ PG_HOST: host }).sslMode, "prefer");
  }
  assert.equal(settingsOf({ PG_HOST: "db", PGSSLMODE: "disable" }).sslMode, "disable");
});

test("a URL may name a socket directory by its host or by a parameter", () => {
  const encoded = settingsOf({ DATABASE_URL: "postgres://%2Frun%2Fpg/app" });
  assert.equal(encoded.host, "/run/pg");
  const parameter = settingsOf({
    DATABASE_URL: "postgresql:///app?host=/run/pg&port=5433&schema=public&sslmode=require",
  });
  assert.equal(placeOf(parameter), "/run/pg:5433");
  assert.equal(parameter.sslMode, "require");
});

test("a URL with percent-encoded credentials and an IPv6 host is read exactly", () => {
  const parts = parseConnectionUri("postgresql://a%40b:p%3A%2F%25@[::1]:5/d%20b", "DATABASE_URL");
  assert.deepEqual(parts, {
    user: "a@b",
    password: "p:/%",
    host: "::1",
    port: "5",
    database: "d b",
  });
});

test("wrong values are refused with their origin: CONFIG_PORT, CONFIG_SSLMODE, CONFIG_CONNECT_TIMEOUT, CONFIG_SEVERAL_HOSTS", () => {
  const cases: readonly (readonly [Environment, string, RegExp])[] = [
    [{ PG_PORT: "0" }, "CONFIG_PORT", /PG_PORT/],
    [{ PGPORT: "5432x" }, "CONFIG_PORT", /PGPORT/],
    [{ PGSSLMODE: "on" }, "CONFIG_SSLMODE", /PGSSLMODE/],
    [{ PGCONNECT_TIMEOUT: "-1" }, "CONFIG_CONNECT_TIMEOUT", /PGCONNECT_TIMEOUT/],
    [{ PGHOST: "a,b" }, "CONFIG_SEVERAL_HOSTS", /PGHOST/],
    [{ DATABASE_URL: "postgres://a:1,b:2/d" }, "CONFIG_SEVERAL_HOSTS", /DATABASE_URL/],
    [{ DATABASE_URL: "postgres://a,b/d" }, "CONFIG_SEVERAL_HOSTS", /DATABASE_URL/],
  ];
  for (const [environment, code, text] of cases) {
    assert.throws(
      () => settingsOf(environment),
      (error: unknown) => isDrError(error) && error.code === code && text.test(error.message),
    );
  }
});

test("L54 a password never shows in an error about its URL, nor when settings are printed", () => {
  const misread = [
    "u:planted/#@h/d",
    "u:planted",
    "u:1/planted@h/d",
    "u:planted@[bad",
    "u:1?planted@h",
  ];
  for (const uri of [
    "http://u:planted@h/d",
    "postgres://u:planted%zz@h/d",
    "u:planted@h",
    ...misread.map((rest) => `postgres://${rest}`),
  ]) {
    assert.throws(
      () => settingsOf({ DATABASE_URL: uri }),
      (error: unknown) =>
        isDrError(error, "CONFIG_DATABASE_URL") &&
        !inspect(error, { depth: 9 }).includes("planted"),
    );
  }
  const settings = settingsOf({ PG_PASSWORD: "planted" });
  assert.ok(!inspect(settings, { depth: 9, showHidden: true }).includes("planted"));
  assert.ok(!JSON.stringify(settings).includes("planted"));
  assert.ok(!`${settings.password?.toString()}`.includes("planted"));
  assert.equal(settings.password?.reveal(), "planted");
});
