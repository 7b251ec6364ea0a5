/** What a test message says on a lock screen. */
import type { Language } from "../../core/language.ts";

/** By language. */
export const testWords: Readonly<
  Record<Language, { readonly headline: (cluster: string, code: string) => string }>
> = {
  en: { headline: (cluster, code) => `PRA ${cluster}: test message, code ${code}` },
  fr: { headline: (cluster, code) => `PRA ${cluster} : message d'essai, code ${code}` },
};
