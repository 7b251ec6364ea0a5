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
  USAGE_UNKNOWN_COMMAND: {
    en: {
      message: `"{command}" has no command "{name}"`,
      hint: `Run {command} --help to see what there is.`,
    },
    fr: {
      message: `« {command} » n'a pas de commande « {name} »`,
      hint: `Lancez {command} --help pour voir ce qui existe.`,
    },
  },
  USAGE_UNKNOWN_OPTION: {
    en: {
      message: `"{command}" has no option {option}`,
      hint: `Run {command} --help to see its options.`,
    },
    fr: {
      message: `« {command} » n'a pas d'option {option}`,
      hint: `Lancez {command} --help pour voir ses options.`,
    },
  },
  USAGE_MISSING_ARGUMENT: {
    en: {
      message: `"{command}" needs the argument <{name}>`,
      hint: `Add it; {command} --help shows an example.`,
    },
    fr: {
      message: `« {command} » attend l'argument <{name}>`,
      hint: `Ajoutez-le ; {command} --help montre un exemple.`,
    },
  },
  USAGE_MISSING_VALUE: {
    en: {
      message: `the option {option} of "{command}" needs a value`,
      hint: `Write the value after the option; {command} --help shows an example.`,
    },
    fr: {
      message: `l'option {option} de « {command} » attend une valeur`,
      hint: `Écrivez la valeur après l'option ; {command} --help montre un exemple.`,
    },
  },
  USAGE_MISSING_OPTION: {
    en: {
      message: `"{command}" needs the option {option}`,
      hint: `Add it; {command} --help shows an example.`,
    },
    fr: {
      message: `« {command} » exige l'option {option}`,
      hint: `Ajoutez-la ; {command} --help montre un exemple.`,
    },
  },
  USAGE_EXCESS_ARGUMENTS: {
    en: {
      message: `"{command}" does not take "{arguments}"`,
      hint: `Leave it out, or put quotes around a value that contains spaces.`,
    },
    fr: {
      message: `« {command} » n'attend pas « {arguments} »`,
      hint: `Retirez-le, ou mettez des guillemets autour d'une valeur qui contient des espaces.`,
    },
  },
  USAGE_VALUE: {
    en: {
      message: `"{value}" is not a value for {name} of "{command}"`,
      hint: `Run {command} --help to see which values it takes.`,
    },
    fr: {
      message: `« {value} » n'est pas une valeur pour {name} de « {command} »`,
      hint: `Lancez {command} --help pour voir les valeurs admises.`,
    },
  },
  USAGE_CONFLICT: {
    en: {
      message: `the options {option} and {other} of "{command}" exclude each other`,
      hint: `Keep one of them.`,
    },
    fr: {
      message: `les options {option} et {other} de « {command} » s'excluent`,
      hint: `Gardez l'une des deux.`,
    },
  },
  USAGE_OTHER: {
    en: {
      message: `"{command}" cannot be run as typed: {reason}`,
      hint: `Run {command} --help to see how it is used.`,
    },
    fr: {
      message: `« {command} » ne peut pas être lancée ainsi : {reason}`,
      hint: `Lancez {command} --help pour voir comment l'utiliser.`,
    },
  },
  USAGE_UNKNOWN_CODE: {
    en: {
      message: `"{value}" is not an error code, or the beginning of several: {candidates}`,
      hint: `Copy the code as it was printed; docs/errors.md lists all of them.`,
    },
    fr: {
      message: `« {value} » n'est pas un code d'erreur, ou est le début de plusieurs : {candidates}`,
      hint: `Recopiez le code tel qu'il a été affiché ; docs/errors.md les donne tous.`,
    },
  },
  USAGE_INTERRUPTED: {
    en: {
      message: `interrupted by {signal}`,
      hint: `What was finished is kept; run the command again to go on.`,
    },
    fr: {
      message: `interrompu par {signal}`,
      hint: `Ce qui était terminé est gardé ; relancez la commande pour continuer.`,
    },
  },
  USAGE_ACKNOWLEDGED_FILE: {
    en: {
      message: `not a line of acknowledged commits: "{line}"`,
      hint: `Give the file that the load wrote, unchanged.`,
    },
    fr: {
      message: `ce n'est pas une ligne de commits acquittés : « {line} »`,
      hint: `Donnez le fichier écrit par la charge, sans modification.`,
    },
  },
  USAGE_LOAD_TOO_LONG: {
    en: {
      message: `the load has noted {commitsMax} commits, the most one load keeps`,
      hint: `End it earlier, or slow it down.`,
    },
    fr: {
      message: `la charge a noté {commitsMax} commits, le maximum pour une charge`,
      hint: `Terminez-la plus tôt, ou ralentissez-la.`,
    },
  },
  USAGE_TIME: {
    en: {
      message: `"{value}" is not a time`,
      hint: `Write it as 2026-11-22T14:05:00Z, 2026-11-22 14:05:00+01, "2026-11-22 14:05:00 Europe/Paris", or as -15min; at most six digits of a second.`,
    },
    fr: {
      message: `« {value} » n'est pas une heure`,
      hint: `Écrivez-la comme 2026-11-22T14:05:00Z, 2026-11-22 14:05:00+01, « 2026-11-22 14:05:00 Europe/Paris », ou -15min ; six décimales de seconde au plus.`,
    },
  },
  USAGE_TIME_ZONE: {
    en: {
      message: `the time "{value}" has no zone`,
      hint: `On this machine's clock ({zone}) it is {local}, which is {utc}. If that is what you mean, write either of them; if you mean UTC, write Z behind yours.`,
    },
    fr: {
      message: `l'heure « {value} » n'a pas de fuseau`,
      hint: `À l'horloge de cette machine ({zone}), c'est {local}, soit {utc}. Si c'est bien elle, écrivez l'une des deux ; si vous parlez en UTC, ajoutez Z à la vôtre.`,
    },
  },
  USAGE_TIME_ZONE_UNKNOWN: {
    en: {
      message: `"{zone}" in the time "{value}" is not a time zone`,
      hint: `Write Z, an offset such as +01:00, or the full name of a zone such as Europe/Paris; abbreviations such as CET or EST mean several zones.`,
    },
    fr: {
      message: `« {zone} » dans l'heure « {value} » n'est pas un fuseau horaire`,
      hint: `Écrivez Z, un décalage comme +01:00, ou le nom complet d'un fuseau comme Europe/Paris ; les abréviations comme CET ou EST désignent plusieurs fuseaux.`,
    },
  },
  USAGE_TIME_TWICE: {
    en: {
      message: `the clocks of {zone} showed "{value}" twice`,
      hint: `They were set back then. Write {first} for the first time, or {second} for the second.`,
    },
    fr: {
      message: `les horloges de {zone} ont indiqué « {value} » deux fois`,
      hint: `Elles ont été retardées à ce moment. Écrivez {first} pour la première fois, ou {second} pour la seconde.`,
    },
  },
  USAGE_TIME_SKIPPED: {
    en: {
      message: `the clocks of {zone} never showed "{value}"`,
      hint: `They were set forward over it. Write {first} or {second}, whichever of the two offsets you mean.`,
    },
    fr: {
      message: `les horloges de {zone} n'ont jamais indiqué « {value} »`,
      hint: `Elles ont été avancées à ce moment. Écrivez {first} ou {second}, selon le décalage que vous entendez.`,
    },
  },
  USAGE_XID: {
    en: {
      message: `"{value}" is not a transaction id`,
      hint: `Write it as a whole number: txid_current() gives 64 bits, pg_waldump and log lines 32; both are taken. The first is 3.`,
    },
    fr: {
      message: `« {value} » n'est pas un numéro de transaction`,
      hint: `Écrivez-le comme un nombre entier : txid_current() donne 64 bits, pg_waldump et les journaux 32 ; les deux sont admis. Le premier est 3.`,
    },
  },
  USAGE_RESTORE_POINT: {
    en: {
      message: `"{value}" is not the name of a restore point`,
      hint: `A name has 1 to 63 bytes, exactly as it was given to pg_create_restore_point.`,
    },
    fr: {
      message: `« {value} » n'est pas le nom d'un point de restauration`,
      hint: `Un nom fait de 1 à 63 octets, exactement comme il a été donné à pg_create_restore_point.`,
    },
  },
  USAGE_HOLD_UNTIL: {
    en: {
      message: `{value} is no end for a hold`,
      hint: `Give a day or an instant to come, such as 2027-01-31 or 2027-01-31T18:00:00Z. A day lasts until its end, in UTC.`,
    },
    fr: {
      message: `{value} n'est pas une fin pour un ordre de conservation`,
      hint: `Donnez un jour ou un instant à venir, par exemple 2027-01-31 ou 2027-01-31T18:00:00Z. Un jour compte jusqu'à sa fin, en UTC.`,
    },
  },
  USAGE_HOLD_REASON: {
    en: {
      message: `a hold needs a reason of 1 to {max} characters on one line`,
      hint: `Say in a few words why the backup must stay: --reason "audit 2026".`,
    },
    fr: {
      message: `un ordre de conservation demande une raison de 1 à {max} caractères sur une ligne`,
      hint: `Dites en quelques mots pourquoi la sauvegarde doit rester : --reason "audit 2026".`,
    },
  },
  USAGE_METRICS_FILE: {
    en: {
      message: `"{value}" is no file for metrics: its name does not end in .prom`,
      hint: `Name a file in the directory that node_exporter is given with --collector.textfile.directory: it reads *.prom there, and nothing else. The file is replaced.`,
    },
    fr: {
      message: `« {value} » n'est pas un fichier de métriques : son nom ne finit pas par .prom`,
      hint: `Nommez un fichier du dossier donné à node_exporter par --collector.textfile.directory : il y lit *.prom, et rien d'autre. Le fichier est remplacé.`,
    },
  },
  USAGE_LOADTEST_REASON: {
    en: {
      message: "a load test on production is recorded with a reason, and none was given",
      hint: `Say in a few words why production is loaded now: --reason "yearly test, agreed with operations".`,
    },
    fr: {
      message:
        "un test de charge sur la production est enregistré avec une raison, et aucune n'a été donnée",
      hint: `Dites en quelques mots pourquoi la production est chargée maintenant : --reason "test annuel, convenu avec l'exploitation".`,
    },
  },
  USAGE_SCHEDULED_PRODUCTION: {
    en: {
      message: "a job of the schedule is never allowed onto production: {option}",
      hint: "Take the option out of the line of the schedule. Whoever says it has to be there.",
    },
    fr: {
      message: "une tâche du planning n'est jamais autorisée sur la production : {option}",
      hint: "Retirez cette option de la ligne du planning. Qui la donne doit être présent.",
    },
  },
  USAGE_LOADTEST_SHARE: {
    en: {
      message:
        "the option {option} is for a load test on production: a server of the test's own is loaded at full speed",
      hint: "Leave it out. For production: --allow-production --confirm NAME.",
    },
    fr: {
      message:
        "l'option {option} est pour un test de charge sur la production : un serveur fait pour le test est chargé à pleine vitesse",
      hint: "Ne la donnez pas. Pour la production : --allow-production --confirm NOM.",
    },
  },
} as const satisfies ErrorGroup;
