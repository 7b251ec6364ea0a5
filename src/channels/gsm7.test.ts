import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sampleAlert, sampleMessage, sampleTest } from "../../tests/support/sample-messages.ts";
import { cutToSeptets, septets, toGsm7 } from "./gsm7.ts";
import { smsText } from "./sms-text.ts";

test("R10 the alphabet of an SMS has 127 letters of one septet and 10 of two", () => {
  const letters = Array.from({ length: 0x3000 }, (_one, code) => String.fromCharCode(code));
  const costs = letters.map((letter) => septets(letter));
  assert.equal(costs.filter((cost) => cost === 1).length, 127);
  assert.deepEqual(
    letters.filter((letter) => septets(letter) === 2),
    Array.from("\f[\\]^{|}~€"),
  );
});

test("R10 what French needs and the alphabet lacks is written with what it has", () => {
  assert.equal(
    toGsm7("« Où êtes-vous ? » – l’œuvre de Noël, ça va ; où çà… À 3 €"),
    '" Où etes-vous ? " - l\'oeuvre de Noel, ca va ; où cà... A 3 €',
  );
  for (const kept of ["é", "è", "à", "ù", "ì", "ò", "Ç", "É", "ñ", "ß", "€"]) {
    assert.equal(toGsm7(kept), kept);
  }
  assert.equal(toGsm7("e\u0301 \u00a0\u202f\u200bx\ny"), "é x y");
  assert.equal(toGsm7("データ"), "???");
});

test("R10 any text comes out in the alphabet, on one line, and the same when it goes in again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const out = toGsm7(text);
      assert.notEqual(septets(out), undefined, JSON.stringify(out));
      assert.doesNotMatch(out, /[\r\n\f]/);
      assert.equal(toGsm7(out), out);
    }),
  );
});

test("R10 a text is cut at a word, and never beyond what fits", () => {
  assert.equal(cutToSeptets("one two three four", 18), "one two three four");
  assert.equal(cutToSeptets("one two three four", 17), "one two three...");
  assert.equal(cutToSeptets("{{{{{{", 7), "{{...");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 3, max: 200 }), (text, max) => {
      const cut = cutToSeptets(toGsm7(text), max);
      assert.ok((septets(cut) ?? Infinity) <= max);
    }),
  );
});

test("R10 an SMS is one segment whatever the message, and a command in it is whole or absent", () => {
  const steps = "sudo systemctl status postgresql@18-main";
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 100 }),
      fc.string({ unit: "binary", maxLength: 400 }),
      fc.constantFrom("en" as const, "fr" as const),
      (headline, consequence, language) => {
        const alerts = [sampleAlert(language, { consequence, nextStep: steps })];
        const text = smsText(sampleMessage(language, { headline, alerts }));
        assert.ok((septets(text) ?? Infinity) <= 160, text);
        assert.ok(!text.includes("> sudo") || text.includes(steps), text);
      },
    ),
  );
});

test("R10 an SMS says the verdict first, then what it means, then what to type", () => {
  assert.equal(
    smsText(sampleMessage("en")),
    "PRA main: server unreachable since 14:02. Exposure 12 min and growing. > sudo systemctl status postgresql@18-main. Nobody answers at db.example.org:5432:...",
  );
  assert.equal(
    smsText(sampleTest("fr")),
    "PRA main : message d'essai, code K7QF-2MWD. Tapez : pra alert confirm K7QF-2MWD --by NOM",
  );
});
