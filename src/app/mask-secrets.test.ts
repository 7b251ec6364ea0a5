import assert from "node:assert/strict";
import { test } from "node:test";
import { readEnvironment } from "./environment.ts";
import { maskerOf } from "./mask-secrets.ts";

const environment = readEnvironment({
  variables: {
    PG_PASSWORD: "s3cret-of-the-role",
    DATABASE_URL: "postgresql://app:p%40ss-word@db.example.org/akig",
    SLACK_WEBHOOK: "https://hooks.example.org/T0/B0/token",
    PRA_EXPORT_PASSPHRASE: "abc",
  },
  workingDirectory: "/nowhere",
  checkoutDirectory: "/nowhere",
  homeDirectory: "/nowhere",
  userName: "someone",
  isRoot: false,
});

test("L54 passwords, tokens and passphrases of the configuration are hidden in what others say, in every form", () => {
  const mask = maskerOf(environment);
  assert.equal(mask("using s3cret-of-the-role now"), "using *** now");
  assert.equal(mask("p@ss-word p%40ss-word"), "*** ***");
  assert.equal(mask("POST https://hooks.example.org/T0/B0/token: 404"), "POST ***: 404");
  assert.equal(mask("abc is too short to be looked for"), "abc is too short to be looked for");
});

test("L54 a password in any address is hidden, known or not", () => {
  const mask = maskerOf(environment);
  assert.equal(mask("redis://:other@cache:6379"), "redis://:***@cache:6379");
  assert.equal(mask("mysql://a:b@h and http://h:80/x"), "mysql://a:***@h and http://h:80/x");
});

test("L54 of addresses and headers that are tokens, each long word is hidden by itself, names are not", () => {
  const mask = maskerOf(
    readEnvironment({
      variables: {
        SLACK_WEBHOOK: "https://hooks.example.org/services/T0000000/B0000000/abcdEFGHijklMNOP",
        PRA_SMS_HEADERS: "Authorization: Bearer 0123456789abcdef; Content-Type: application/json",
        PRA_SMTP_URL: "smtp://pra:p%40ss-of-relay@relay.example.org",
      },
      workingDirectory: "/nowhere",
      checkoutDirectory: "/nowhere",
      homeDirectory: "/nowhere",
      userName: "someone",
      isRoot: false,
    }),
  );
  assert.equal(
    mask("hooks.example.org/services/x: abcdEFGHijklMNOP, Bearer 0123456789abcdef, p@ss-of-relay"),
    "hooks.example.org/services/x: ***, Bearer ***, ***",
  );
});
