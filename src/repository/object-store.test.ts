import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DrError, errorText, isDrError } from "../core/errors.ts";
import { checkedKey, checkedPrefix } from "./object-store.ts";

test("the repository's own names are keys", () => {
  for (const key of [
    "format/1",
    "clusters/main/7412345678901234567-0a1b/backups/202611/01a203c5c946debffe762948da6bc3bd",
    "clusters/main/x/wal/0000000A/00000001/0000000A0000000100000023.part/0-16B3748-1",
    "clusters/main/x/wal/00000002/00000002.history",
  ]) {
    assert.equal(checkedKey(key), key);
  }
});

test("a key that passes never leads out of a directory and never begins a part with a dot", () => {
  const text = fc.array(fc.constantFrom("a", "Z", ".", "..", "/", "-", " ", "\\", "\0", "é"), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(text, (pieces) => {
      const key = pieces.join("");
      try {
        checkedKey(key);
      } catch (error) {
        assert.ok(isDrError(error, "STORE_KEY"));
        return;
      }
      assert.match(key, /^[A-Za-z0-9._/-]+$/);
      assert.ok(key.split("/").every((part) => part !== "" && !part.startsWith(".")));
    }),
    { numRuns: 1000 },
  );
});

test("a prefix may be empty, end in a slash or in the middle of a part, and is otherwise a key", () => {
  for (const prefix of ["", "a/", "a/b", "a/b."]) {
    assert.equal(checkedPrefix(prefix), prefix);
  }
  for (const prefix of ["/", "../", "a//", ".staging/", "a/.b"]) {
    assert.throws(
      () => checkedPrefix(prefix),
      (error) => isDrError(error, "STORE_KEY"),
    );
  }
});

const store = { key: "a/b", location: "/backup", path: "/backup/a", reason: "EIO" };
const told: readonly (readonly [DrError, string, string])[] = [
  [
    new DrError("STORE_MISSING", store),
    "object a/b is not in /backup",
    "l'objet a/b n'est pas dans /backup",
  ],
  [
    new DrError("STORE_SHORT_READ", { ...store, offset: 5, wantedBytes: 9, gotBytes: 2 }),
    "object a/b ended early: 9 bytes wanted at 5, 2 received",
    "l'objet a/b s'arrête trop tôt : 9 octets demandés à partir de 5, 2 reçus",
  ],
  [
    new DrError("STORE_CONFLICT", store),
    "object a/b already exists in /backup with other content",
    "l'objet a/b existe déjà dans /backup avec un autre contenu",
  ],
  [
    new DrError("STORE_TOO_LARGE", { key: "a", sizeBytes: 9, limitBytes: 8 }),
    "9 bytes of a are more than the 8 that one call may move",
    "9 octets de a dépassent les 8 qu'un appel peut transporter",
  ],
  [
    new DrError("STORE_LISTING", { prefix: "a/", location: "/backup" }),
    "the listing of a/ in /backup does not advance",
    "la liste de a/ dans /backup n'avance pas",
  ],
  [
    new DrError("STORE_UNAVAILABLE", { operation: "get", key: "a", reason: "503" }),
    "get of a failed for now: 503",
    "get de a a échoué pour l'instant : 503",
  ],
  [
    new DrError("STORE_BUSY", store),
    "object a/b is being written by another process",
    "l'objet a/b est en cours d'écriture par un autre processus",
  ],
  [
    new DrError("STORE_DISK_FULL", { path: "/backup/a", freeBytes: 12 }),
    "no space left to write /backup/a: 12 bytes free",
    "plus d'espace pour écrire /backup/a : 12 octets libres",
  ],
  [
    new DrError("STORE_IO", { operation: "fsync", ...store }),
    "fsync of /backup/a failed: EIO",
    "fsync de /backup/a a échoué : EIO",
  ],
  [
    new DrError("STORE_NO_HARD_LINKS", store),
    "/backup/a is on a file system without hard links",
    "/backup/a est sur un système de fichiers sans liens durs",
  ],
  [
    new DrError("STORE_STAGING", { path: "/x", staging: "/backup/.staging" }),
    "/x is not in the staging directory /backup/.staging",
    "/x n'est pas dans le répertoire de préparation /backup/.staging",
  ],
  [new DrError("STORE_ROOT_MISSING", store), "/backup does not exist", "/backup n'existe pas"],
];

for (const [error, en, fr] of told) {
  test(`${error.code} is told in both languages with a hint in full sentences`, () => {
    assert.equal(error.message, en);
    assert.equal(errorText(error, "fr").message, fr);
    for (const hint of [error.hint, errorText(error, "fr").hint]) {
      assert.match(hint, /^\p{Lu}[^{}]*\.$/u);
    }
    assert.equal(
      error.retryable,
      error.code === "STORE_UNAVAILABLE" || error.code === "STORE_BUSY",
    );
  });
}
