import type { ErrorGroup } from "./entry.ts";

/** PG_LOADTEST_: a load test that may not go onto production, or was ended because production suffered. */
export const loadTestErrors = {
  PG_LOADTEST_ONCE: {
    en: {
      message:
        "a load test goes onto the server of cluster {cluster} only when told so twice; {option} alone was given",
      hint: "Nothing was touched. If production itself is to be loaded: --allow-production --confirm NAME, where NAME is the cluster's name in the configuration (PRA_CLUSTER). Without either option a server of the test's own is loaded.",
    },
    fr: {
      message:
        "un test de charge ne va sur le serveur du cluster {cluster} que si on le dit deux fois ; seul {option} a été donné",
      hint: "Rien n'a été touché. Si c'est bien la production qu'il faut charger : --allow-production --confirm NOM, où NOM est le nom du cluster dans la configuration (PRA_CLUSTER). Sans ces deux options, un serveur fait pour le test est chargé.",
    },
  },
  PG_LOADTEST_OTHER_NAME: {
    en: {
      message: `"{confirm}" is not the name of the configured cluster, {cluster}`,
      hint: "Nothing was touched. Look at whose configuration this is (pra config show) before you say --confirm again.",
    },
    fr: {
      message: "« {confirm} » n'est pas le nom du cluster configuré, {cluster}",
      hint: "Rien n'a été touché. Regardez de qui est cette configuration (pra config show) avant de redonner --confirm.",
    },
  },
  PG_LOADTEST_DATABASE: {
    en: {
      message: "database {database} at {where} exists and was not made by a load test",
      hint: "Nothing was touched. A load test makes a database of this name for itself and drops it: give yours another name, or drop it yourself. One without any table was left by a load test whose process or connection ended while it was being made: drop that one.",
    },
    fr: {
      message: "la base {database} sur {where} existe et n'a pas été créée par un test de charge",
      hint: "Rien n'a été touché. Un test de charge crée une base de ce nom pour lui et la supprime : donnez un autre nom à la vôtre, ou supprimez-la vous-même. Une base sans aucune table vient d'un test de charge dont le processus ou la connexion a fini pendant sa création : supprimez-la.",
    },
  },
  PG_LOADTEST_SLOW: {
    en: {
      message:
        "the load test was ended: the 99th percentile of small commits rose to {ms} ms, {boundMs} ms at most are borne",
      hint: "Production goes on without the load. Test at a quieter hour, with fewer --clients, or with a smaller --share.",
    },
    fr: {
      message:
        "le test de charge a été arrêté : le 99e centile de petites validations est monté à {ms} ms, {boundMs} ms au plus sont supportées",
      hint: "La production continue sans la charge. Testez à une heure plus calme, avec moins de --clients, ou une --share plus petite.",
    },
  },
  PG_LOADTEST_SILENT: {
    en: {
      message: "the load test was ended: a small commit has waited for {ms} ms",
      hint: "Look at the server now: pra status, its log, its disk. The load is gone.",
    },
    fr: {
      message: "le test de charge a été arrêté : une petite validation attend depuis {ms} ms",
      hint: "Regardez le serveur maintenant : pra status, son journal, son disque. La charge a disparu.",
    },
  },
  PG_LOADTEST_STANDBY: {
    en: {
      message:
        "the load test was ended: a standby is {mib} MiB behind, {boundMib} MiB at most are borne",
      hint: "It catches up without the load. A standby that is late on purpose needs a test at a smaller --share.",
    },
    fr: {
      message:
        "le test de charge a été arrêté : un serveur secondaire a {mib} Mio de retard, {boundMib} Mio au plus sont supportés",
      hint: "Il rattrape sans la charge. Un secondaire en retard exprès demande un test avec une --share plus petite.",
    },
  },
  PG_LOADTEST_DISK: {
    en: {
      message:
        "the load test was ended: a disk of the server, the repository or the copy has {mib} MiB free, {boundMib} MiB are left to others",
      hint: "Free space before the next test: production needs it, too.",
    },
    fr: {
      message:
        "le test de charge a été arrêté : un disque du serveur, du dépôt ou de la copie a {mib} Mio libres, {boundMib} Mio sont laissés aux autres",
      hint: "Libérez de la place avant le prochain test : la production en a besoin aussi.",
    },
  },
  PG_LOADTEST_CONNECTIONS: {
    en: {
      message:
        "the server has {left} connections left, the load test needs {bound} or leaves that many to others",
      hint: "Test with fewer --clients, at a quieter hour, or raise max_connections.",
    },
    fr: {
      message:
        "le serveur a encore {left} connexions, le test de charge en demande {bound} ou en laisse autant aux autres",
      hint: "Testez avec moins de --clients, à une heure plus calme, ou augmentez max_connections.",
    },
  },
} as const satisfies ErrorGroup;
