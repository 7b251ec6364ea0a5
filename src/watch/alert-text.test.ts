/** What people read of alerts, in both languages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WatchPlayer, routeFor } from "../../tests/support/watch-player.ts";
import { clockText, roughDuration } from "./alert-text.ts";

const MINUTE = 60_000;

function inBoth(play: (watch: WatchPlayer) => void): {
  readonly en: WatchPlayer;
  readonly fr: WatchPlayer;
} {
  const en = new WatchPlayer();
  const fr = new WatchPlayer({ routes: [routeFor({ language: "fr" })] });
  play(en);
  play(fr);
  return { en, fr };
}

test("R21 a dead server and its return, for a lock screen in both languages", () => {
  const { en, fr } = inBoth((watch) => {
    watch.look({ server: "ill", exposure: 0, gaps: "well" });
    watch.lookFor(12 * MINUTE, { server: "ill" });
    watch.look({ server: "well", exposure: 0, gaps: "well" });
  });
  assert.deepEqual(
    en.sent().map(({ headline }) => headline),
    [
      "PRA main: server unreachable since 14:02",
      "PRA main: resolved after 12 min, nothing lost: server unreachable",
    ],
  );
  assert.deepEqual(
    fr.sent().map(({ headline }) => headline),
    [
      "PRA main : serveur injoignable depuis 14:02",
      "PRA main : résolu après 12 min, rien n'est perdu : serveur injoignable",
    ],
  );
});

test("R21 nothing is said to be lost or safe where that is not known", () => {
  const watch = new WatchPlayer();
  watch.look({ server: "ill", exposure: 0, gaps: "well" });
  watch.lookFor(5 * MINUTE, { server: "ill" });
  watch.look({ server: "well" });
  assert.equal(watch.sent().at(-1)?.headline, "PRA main: resolved after 5 min: server unreachable");
});

test("R21 of a server that is gone it is told what was exposed when that was last seen, as long as that is fresh", () => {
  const consequences = (seconds: number, silentMs: number): readonly (string | undefined)[] => {
    const { en, fr } = inBoth((watch) => {
      watch.look({ server: "well", exposure: seconds });
      watch.lookFor(silentMs, { server: "well" });
      watch.look({ server: "ill" });
    });
    return [en, fr].map((watch) => watch.sent().at(-1)?.alerts[0]?.consequence);
  };
  assert.deepEqual(consequences(0, MINUTE), [
    "nothing would have been lost with the server when that was last seen, 1 min before",
    "rien n'aurait été perdu avec le serveur au dernier relevé, 1 min plus tôt",
  ]);
  assert.deepEqual(consequences(180, 5 * MINUTE), [
    "3 min of work would have been lost with the server when that was last seen, 5 min before",
    "3 min de travail auraient été perdues avec le serveur au dernier relevé, 5 min plus tôt",
  ]);
  assert.deepEqual(consequences(0, 20 * MINUTE), ["", ""]);
});

test("R21 an alert of a server that is gone ends with what is left to do, and its end says nothing of it", () => {
  const { en, fr } = inBoth((watch) => {
    watch.lookFor(5 * MINUTE, { server: "ill" });
    watch.look({ server: "well" });
  });
  const [begun = "", ...over] = en.sent().map(({ alerts }) => alerts[0]?.nextStep);
  assert.match(begun, /If it cannot come back: pra plan --latest says what/);
  assert.deepEqual(over, [""]);
  assert.match(
    fr.sent()[0]?.alerts[0]?.nextStep ?? "",
    /S'il ne peut pas revenir : pra plan --latest dit ce/,
  );
});

test("R21 what would be lost is said only of what endangers it, and what a full disk or an unproved key means is said as well", () => {
  const { en, fr } = inBoth((watch) => {
    watch.look({ space: "ill", "recovery-key": "ill", certificate: "ill", exposure: 240 });
    watch.lookFor(11 * MINUTE, {
      space: "ill",
      "recovery-key": "ill",
      certificate: "ill",
      exposure: 240,
    });
    watch.lookFor(6 * MINUTE, { space: "well", "recovery-key": "well", certificate: "well" });
  });
  const told = (watch: WatchPlayer): Readonly<Record<string, string>> =>
    Object.fromEntries(
      watch
        .sent()
        .flatMap(({ alerts }) =>
          alerts.map(({ rule, resolved, consequence }) => [
            `${rule}${resolved?.at === undefined ? "" : ", over"}`,
            consequence,
          ]),
        ),
    );
  assert.deepEqual(told(en), {
    space:
      "a full disk takes no backup and no WAL, and pg_wal grows on the server; 4 min of work would be lost with the server",
    "space, over": "at worst 4 min of work were exposed",
    "recovery-key": "if the key file is lost, only the recovery key opens the backups",
    "recovery-key, over": "",
    certificate: "",
    "certificate, over": "",
  });
  assert.equal(
    told(fr)["space"],
    "un disque plein ne prend ni sauvegarde ni WAL, et pg_wal grossit sur le serveur ; 4 min de travail seraient perdues avec le serveur",
  );
});

test("R21 an alert says what it means for the data, and its end what was exposed at worst", () => {
  const { en, fr } = inBoth((watch) => {
    watch.look({ receiver: "ill", exposure: 60 });
    watch.lookFor(2 * MINUTE, { receiver: "ill", exposure: 720 });
    watch.lookFor(2 * MINUTE, { receiver: "well", exposure: 0 });
  });
  const told = en.sent().map(({ alerts }) => alerts[0]?.consequence);
  assert.deepEqual(told, [
    "12 min of work would be lost with the server, and growing",
    "at worst 12 min of work were exposed",
  ]);
  assert.deepEqual(
    fr.sent().map(({ alerts }) => alerts[0]?.consequence),
    [
      "12 min de travail seraient perdues avec le serveur, et cela augmente",
      "au pire 12 min de travail ont été exposées",
    ],
  );
});

test("R21 hours are those of the reader's zone, named where they are UTC", () => {
  const at = Date.UTC(2026, 6, 1, 12, 2);
  assert.equal(clockText(at, { language: "en", zone: "Europe/Paris" }), "14:02");
  assert.equal(clockText(at, { language: "fr", zone: "Europe/Paris" }), "14:02");
  assert.equal(clockText(at, { language: "en", zone: "UTC" }), "12:02 UTC");
});

test("R21 durations are as exact as a headline needs", () => {
  const said = [4_000, 59_400, 12 * MINUTE + 29_000, 125 * MINUTE, 76 * 60 * MINUTE];
  assert.deepEqual(
    said.map((ms) => roughDuration(ms, "en")),
    ["4 s", "59 s", "12 min", "2 h 05 min", "3 d 4 h"],
  );
  assert.equal(roughDuration(76 * 60 * MINUTE, "fr"), "3 j 4 h");
});

test("R21 a machine's clock that is set back before all dates stops no alert", () => {
  const watch = new WatchPlayer();
  watch.moment = { ...watch.moment, wallMs: -5 };
  watch.look({ server: "ill" });
  assert.equal(watch.told()[0], "opened server");
});
