import type { ErrorGroup } from "./entry.ts";

/** REPO_: the repository holds something else than it should. */
export const repoErrors = {
  REPO_ENCODING: {
    en: {
      message: `{what} cannot be decoded at byte {offset}: {fact}`,
      hint: `The object is authentic but not understood: read it with the version of pra that wrote it, and report this.`,
    },
    fr: {
      message: `{what} est indéchiffrable à l'octet {offset} : {fact}`,
      hint: `L'objet est authentique mais n'est pas compris : lisez-le avec la version de pra qui l'a écrit, et signalez-le.`,
    },
  },
} as const satisfies ErrorGroup;
