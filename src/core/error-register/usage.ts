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
} as const satisfies ErrorGroup;
