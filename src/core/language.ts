/** The languages people are spoken to in. */

/** English or French; everything a person reads exists in both. */
export type Language = "en" | "fr";

/**
 * The language of a person's environment: `PRA_LANG` first, then `LC_ALL`, `LC_MESSAGES`, `LANG`, in the
 * order of POSIX. Anything that is not French is English.
 */
export function languageOf(environment: Readonly<Record<string, string | undefined>>): Language {
  for (const name of ["PRA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]) {
    const value = environment[name];
    if (value !== undefined && value !== "") {
      return value.toLowerCase().startsWith("fr") ? "fr" : "en";
    }
  }
  return "en";
}
