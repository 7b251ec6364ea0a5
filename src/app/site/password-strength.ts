/**
 * Whether a password would resist somebody who guesses. An estimate on the safe side: characters that repeat, follow one another
 * or belong to a well-known word count little. It answers yes or no and a reason, never the password, its length or parts of it.
 */
import { passwordBitsMin } from "../../core/limits.ts";

/** What is wrong with a password; undefined: nothing. */
export type PasswordWeakness = "known" | "names" | "short";

/** Words that begin every list of guesses, French and English, as they look with digits read as letters. */
const KNOWN =
  /password|passwd|motdepasse|secret|changeme|changez|postgres|azerty|qwerty|admin|backup|sauvegarde|letmein|welcome|bienvenue|soleil|master/g;

const LOOKALIKES: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

function plain(password: string): string {
  const letters = Array.from(password.toLowerCase(), (letter) => LOOKALIKES[letter] ?? letter);
  return letters.join("");
}

/** Possible values of one character, from the classes that occur. */
function poolOf(password: string): number {
  const classes = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^a-zA-Z0-9]/, 30],
  ] as const;
  return classes.reduce((sum, [pattern, size]) => sum + (pattern.test(password) ? size : 0), 0);
}

/** Characters that say something new: not a repetition, nor the next in a row such as abc or 321. */
function newCharacters(password: string): number {
  const codes = Array.from(password, (letter) => letter.codePointAt(0) ?? 0);
  const seen = new Map<number, number>();
  let count = 0;
  for (const [index, code] of codes.entries()) {
    const step = code - (codes[index - 1] ?? Number.NaN);
    const times = seen.get(code) ?? 0;
    seen.set(code, times + 1);
    count += Math.abs(step) <= 1 || times > 1 ? 0.25 : 1;
  }
  return count;
}

/** Judges. `names`: what an attacker knows anyway: the role, the host, the database. */
export function passwordWeakness(
  password: string,
  names: readonly string[],
): PasswordWeakness | undefined {
  const text = plain(password);
  const without = text.replace(KNOWN, "");
  const bits = (rest: string): number =>
    newCharacters(rest) * Math.log2(Math.max(1, poolOf(password)));
  if (bits(password) < passwordBitsMin) {
    return without === text ? "short" : "known";
  }
  if (bits(without) < passwordBitsMin) {
    return "known";
  }
  const nameless = names
    .filter((name) => name.length >= 4)
    .reduce((rest, name) => rest.replaceAll(plain(name), ""), text);
  return bits(nameless) < passwordBitsMin ? "names" : undefined;
}
