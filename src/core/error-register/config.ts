import type { ErrorGroup } from "./entry.ts";

/** CONFIG_: the configuration cannot be used. */
export const configErrors = {
  CONFIG_PORT: {
    en: {
      message: "{origin} is not a port: {value}",
      hint: "Set it to a number from 1 to 65535, then run pra config show.",
    },
    fr: {
      message: "{origin} n'est pas un port : {value}",
      hint: "Mettez un nombre de 1 à 65535, puis lancez pra config show.",
    },
  },
  CONFIG_SSLMODE: {
    en: {
      message: "{origin} is not an sslmode: {value}",
      hint: "Use one of disable, allow, prefer, require, verify-ca, verify-full.",
    },
    fr: {
      message: "{origin} n'est pas un sslmode : {value}",
      hint: "Utilisez disable, allow, prefer, require, verify-ca ou verify-full.",
    },
  },
  CONFIG_DATABASE_URL: {
    en: {
      message: "{origin} is not a PostgreSQL connection URL",
      hint: "Write it as postgresql://user:password@host:5432/database, with special characters percent-encoded; its value is not shown because it may hold a password.",
    },
    fr: {
      message: "{origin} n'est pas une URL de connexion PostgreSQL",
      hint: "Écrivez-la postgresql://utilisateur:motdepasse@hote:5432/base, caractères spéciaux encodés en pourcents ; sa valeur n'est pas affichée, car elle peut contenir un mot de passe.",
    },
  },
  CONFIG_SEVERAL_HOSTS: {
    en: {
      message: "{origin} names several hosts",
      hint: "A backup is taken from one server: name that one in PG_HOST.",
    },
    fr: {
      message: "{origin} désigne plusieurs hôtes",
      hint: "Une sauvegarde se prend sur un seul serveur : désignez-le dans PG_HOST.",
    },
  },
  CONFIG_CONNECT_TIMEOUT: {
    en: {
      message: "{origin} is not a number of seconds: {value}",
      hint: "Set it to a whole number of seconds from 1 to 3600.",
    },
    fr: {
      message: "{origin} n'est pas un nombre de secondes : {value}",
      hint: "Mettez un nombre entier de secondes de 1 à 3600.",
    },
  },
  CONFIG_PASSFILE_RIGHTS: {
    en: {
      message: "the password file {path} can be read by others",
      hint: "Run: chmod 600 {path}",
    },
    fr: {
      message: "le fichier de mots de passe {path} est lisible par d'autres",
      hint: "Lancez : chmod 600 {path}",
    },
  },
} as const satisfies ErrorGroup;
