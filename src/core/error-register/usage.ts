import type { ErrorGroup } from "./entry.ts";

/** USAGE_: what was typed cannot be taken. */
export const usageErrors = {
  USAGE_LSN: {
    en: {
      message: `"{value}" is not a WAL position`,
      hint: `Write it as PostgreSQL prints it, for example 0/16B3748.`,
    },
    fr: {
      message: `« {value} » n'est pas une position WAL`,
      hint: `Écrivez-la comme PostgreSQL l'affiche, par exemple 0/16B3748.`,
    },
  },
  USAGE_TIMELINE: {
    en: {
      message: `"{value}" is not a timeline`,
      hint: `A timeline is a whole number from 1 on; in file names it is written in hexadecimal.`,
    },
    fr: {
      message: `« {value} » n'est pas une timeline`,
      hint: `Une timeline est un nombre entier à partir de 1 ; dans les noms de fichiers elle est écrite en hexadécimal.`,
    },
  },
  USAGE_WAL_SEGMENT: {
    en: {
      message: `"{value}" is not the name of a WAL segment`,
      hint: `A segment's name is 24 hexadecimal digits, for example 000000010000000000000003.`,
    },
    fr: {
      message: `« {value} » n'est pas le nom d'un segment WAL`,
      hint: `Le nom d'un segment est fait de 24 chiffres hexadécimaux, par exemple 000000010000000000000003.`,
    },
  },
  USAGE_FAILPOINT: {
    en: {
      message: `"{value}" is not a failpoint setting`,
      hint: `Write name:action or name:action:n; actions are kill, error, enospc, delay=MS and tear=BYTES.`,
    },
    fr: {
      message: `« {value} » n'est pas un réglage de point de défaillance`,
      hint: `Écrivez nom:action ou nom:action:n ; les actions sont kill, error, enospc, delay=MS et tear=OCTETS.`,
    },
  },
  USAGE_OBJECT_ID: {
    en: {
      message: `"{value}" is not an identifier`,
      hint: `An identifier is 32 lower-case hexadecimal digits, as pra list prints it.`,
    },
    fr: {
      message: `« {value} » n'est pas un identifiant`,
      hint: `Un identifiant est fait de 32 chiffres hexadécimaux minuscules, comme pra list l'affiche.`,
    },
  },
} as const satisfies ErrorGroup;
