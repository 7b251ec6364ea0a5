import type { ErrorGroup } from "./entry.ts";

/** DUMP_: a dump could not be made, read or exported. */
export const dumpErrors = {
  DUMP_PROGRAM_MISSING: {
    en: {
      message: `no {program} of PostgreSQL {major} or later is on this machine; looked in {searched}`,
      hint: `Install it (Debian, Ubuntu: apt install {package}; Red Hat: dnf install postgresql{major}), or name its directory in PRA_PG_BIN_DIR. Backups by "pra backup" need no such program.`,
    },
    fr: {
      message: `pas de {program} de PostgreSQL {major} ou plus récent sur cette machine ; cherché dans {searched}`,
      hint: `Installez-le (Debian, Ubuntu : apt install {package} ; Red Hat : dnf install postgresql{major}), ou indiquez son dossier dans PRA_PG_BIN_DIR. Les sauvegardes de « pra backup » n'ont besoin d'aucun programme de ce genre.`,
    },
  },
  DUMP_PROGRAM_OLDER: {
    en: {
      message: `{program} in {directory} is of PostgreSQL {version}, older than what it would have to deal with ({major})`,
      hint: `Nothing was done. An older program misreads newer catalogues and archives. Install {package}, or name another directory in PRA_PG_BIN_DIR.`,
    },
    fr: {
      message: `{program} dans {directory} est de PostgreSQL {version}, plus ancien que ce qu'il aurait à traiter ({major})`,
      hint: `Rien n'a été fait. Un programme plus ancien lit mal des catalogues et des archives plus récents. Installez {package}, ou indiquez un autre dossier dans PRA_PG_BIN_DIR.`,
    },
  },
  DUMP_PROGRAM_FAILED: {
    en: {
      message: `{program} ended with code {code}: {text}`,
      hint: `Nothing is listed. The text is the program's own; mend what it names, then run the command again.`,
    },
    fr: {
      message: `{program} s'est terminé avec le code {code} : {text}`,
      hint: `Rien n'est listé. Le texte vient du programme lui-même ; corrigez ce qu'il nomme, puis relancez la commande.`,
    },
  },
  DUMP_PROGRAM_KILLED: {
    en: {
      message: `{program} was ended by {signal} from outside`,
      hint: `Nothing is listed. Somebody, or the kernel for want of memory, killed it: look into the system's log, then run the command again.`,
    },
    fr: {
      message: `{program} a été arrêté de l'extérieur par {signal}`,
      hint: `Rien n'est listé. Quelqu'un l'a tué, ou le noyau faute de mémoire : regardez le journal du système, puis relancez la commande.`,
    },
    retryable: true,
  },
  DUMP_SERVER_GONE: {
    en: {
      message: `the server at {where} went away while {program} worked: {text}`,
      hint: `Nothing is listed. See why the server ended or closed its connections, then run the command again.`,
    },
    fr: {
      message: `le serveur {where} a disparu pendant que {program} travaillait : {text}`,
      hint: `Rien n'est listé. Voyez pourquoi le serveur s'est arrêté ou a fermé ses connexions, puis relancez la commande.`,
    },
    retryable: true,
  },
  DUMP_TABLE_RIGHTS: {
    en: {
      message: `role {user} may not read {tables} of database {database}`,
      hint: `Nothing was dumped, because these tables would be missing. Grant it pg_read_all_data ("pra role sql --for dumps" prints the statement), or SELECT on them and USAGE on their schemas.`,
    },
    fr: {
      message: `le rôle {user} n'a pas le droit de lire {tables} de la base {database}`,
      hint: `Rien n'a été exporté, car ces tables manqueraient. Donnez-lui pg_read_all_data (« pra role sql --for dumps » affiche l'instruction), ou SELECT sur ces tables et USAGE sur leurs schémas.`,
    },
  },
  DUMP_ROW_SECURITY: {
    en: {
      message: `row security hides rows of {tables} of database {database} from role {user}`,
      hint: `Nothing was dumped, because these rows would be missing. Give the role BYPASSRLS, or dump as the owner of the tables.`,
    },
    fr: {
      message: `la sécurité par ligne cache des lignes de {tables} de la base {database} au rôle {user}`,
      hint: `Rien n'a été exporté, car ces lignes manqueraient. Donnez au rôle BYPASSRLS, ou exportez en tant que propriétaire des tables.`,
    },
  },
  DUMP_LARGE_OBJECT_RIGHTS: {
    en: {
      message: `role {user} may not read {count} large objects of database {database}`,
      hint: `Nothing was dumped, because they would be missing, and pg_read_all_data does not cover them. Run there as a superuser: DO $$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO "{user}"', o); END LOOP; END $$;`,
    },
    fr: {
      message: `le rôle {user} n'a pas le droit de lire {count} grands objets de la base {database}`,
      hint: `Rien n'a été exporté, car ils manqueraient, et pg_read_all_data ne les couvre pas. Lancez-y, en superutilisateur : DO $$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO "{user}"', o); END LOOP; END $$;`,
    },
  },
  DUMP_LOCKED: {
    en: {
      message: `a table of database {database} is locked by others; waited {seconds} s: {text}`,
      hint: `Nothing is listed. Wait until the ALTER TABLE, CLUSTER or VACUUM FULL at work has ended, then run the command again. Ordinary reading and writing never stands in the way.`,
    },
    fr: {
      message: `une table de la base {database} est verrouillée par d'autres ; attente de {seconds} s : {text}`,
      hint: `Rien n'est listé. Attendez la fin de l'ALTER TABLE, CLUSTER ou VACUUM FULL en cours, puis relancez la commande. Lectures et écritures ordinaires ne gênent jamais.`,
    },
    retryable: true,
  },
  DUMP_SCHEMA_MOVING: {
    en: {
      message: `tables of database {database} were dropped faster than they could be locked, {attempts} times`,
      hint: `Nothing is listed. Run the dump when no migration or job drops tables all the time.`,
    },
    fr: {
      message: `des tables de la base {database} ont été supprimées plus vite qu'elles n'ont pu être verrouillées, {attempts} fois`,
      hint: `Rien n'est listé. Lancez l'export quand aucune migration ni aucun travail ne supprime sans cesse des tables.`,
    },
    retryable: true,
  },
  DUMP_UNREADABLE: {
    en: {
      message: `pg_restore cannot read back what was dumped of database {database}: {text}`,
      hint: `The dump is not listed. Run the command again; if it happens twice, run "pra verify --deep" and look at the store's disk and memory.`,
    },
    fr: {
      message: `pg_restore ne peut pas relire ce qui a été exporté de la base {database} : {text}`,
      hint: `L'export n'est pas listé. Relancez la commande ; si cela se répète, lancez « pra verify --deep » et examinez le disque et la mémoire du stockage.`,
    },
  },
  DUMP_UNKNOWN: {
    en: {
      message: `"{dump}" names {matches} dumps`,
      hint: `Give a whole id as "pra list" shows it, or more of its digits.`,
    },
    fr: {
      message: `« {dump} » désigne {matches} exports`,
      hint: `Indiquez un identifiant entier comme « pra list » l'affiche, ou davantage de ses chiffres.`,
    },
  },
  DUMP_EXPORT_NAME: {
    en: {
      message: `{path} is no name for an export`,
      hint: `Nothing was written. Give it a name that ends in .sql.gz, or in .sql.gz.enc to have it encrypted.`,
    },
    fr: {
      message: `{path} n'est pas un nom de fichier d'export`,
      hint: `Rien n'a été écrit. Donnez-lui un nom qui finit par .sql.gz, ou par .sql.gz.enc pour le faire chiffrer.`,
    },
  },
  DUMP_EXPORT_EXISTS: {
    en: {
      message: `{path} is there already`,
      hint: `Nothing was written over. Choose another name, or move that file away.`,
    },
    fr: {
      message: `{path} existe déjà`,
      hint: `Rien n'a été écrasé. Choisissez un autre nom, ou déplacez ce fichier.`,
    },
  },
  DUMP_EXPORT_PASSPHRASE: {
    en: {
      message: `{path} is to be encrypted, and there is no passphrase`,
      hint: `Nothing was written. Set PRA_EXPORT_PASSPHRASE, or name a file of mode 600 with --passphrase-file.`,
    },
    fr: {
      message: `{path} doit être chiffré, et il n'y a pas de phrase secrète`,
      hint: `Rien n'a été écrit. Définissez PRA_EXPORT_PASSPHRASE, ou indiquez un fichier en mode 600 avec --passphrase-file.`,
    },
  },
  DUMP_PASSPHRASE_FILE: {
    en: {
      message: `the passphrase file {path} cannot be used: {reason}`,
      hint: `Its first line is the passphrase, and only its owner may read it: chmod 600 {path}`,
    },
    fr: {
      message: `le fichier de phrase secrète {path} est inutilisable : {reason}`,
      hint: `Sa première ligne est la phrase secrète, et son propriétaire seul doit pouvoir le lire : chmod 600 {path}`,
    },
  },
} as const satisfies ErrorGroup;
