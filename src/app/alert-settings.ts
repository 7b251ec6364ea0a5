/** Settings of the ways on which people are told, and of the switch that raises the alarm when nothing is told any more. */
import { type SettingEntry, number, path } from "./setting-entry.ts";

/** A part of the registry in `settings.ts`. */
export const alertSettings = {
  ALERT_EMAIL: {
    group: "alerts",
    kind: { type: "mail addresses" },
    example: "oncall@example.org",
    essential: true,
    help: {
      en: "Who gets alerts by mail; several addresses with commas.",
      fr: "Qui reçoit les alertes par courriel ; plusieurs adresses séparées par des virgules.",
    },
  },
  SLACK_WEBHOOK: {
    group: "alerts",
    kind: { type: "web address" },
    secret: "token",
    example: "https://hooks.slack.com/services/T000/B000/XXXX",
    help: {
      en: "The incoming webhook of the Slack channel for alerts. Whoever knows it can write there.",
      fr: "Le webhook entrant du canal Slack pour les alertes. Qui le connaît peut y écrire.",
    },
  },
  ALERT_SMS: {
    group: "alerts",
    kind: { type: "phone numbers" },
    example: "+33612345678",
    help: {
      en: "Optional: phone numbers for SMS, in international form, with commas.",
      fr: "Facultatif : numéros pour les SMS, au format international, séparés par des virgules.",
    },
  },
  PRA_SMTP_URL: {
    group: "alerts",
    kind: { type: "mail relay" },
    secret: "address",
    fallback: "smtp://localhost:25",
    example: "smtp://pra@relay.example.org:587",
    help: {
      en: "The relay that takes mail: smtp://user:password@host:port (STARTTLS is demanded, but for this machine) or smtps://... (TLS from the start). Special characters percent-encoded. ?tls=none for a relay of the own network without encryption and password.",
      fr: "Le relais qui prend le courriel : smtp://utilisateur:motdepasse@hote:port (STARTTLS exigé, sauf vers cette machine) ou smtps://... (TLS dès le début). Caractères spéciaux encodés en pourcents. ?tls=none pour un relais du réseau interne sans chiffrement ni mot de passe.",
    },
  },
  PRA_SMTP_PASSWORD: {
    group: "alerts",
    kind: { type: "text" },
    secret: "whole",
    example: "",
    help: {
      en: "The relay's password, where it is not in PRA_SMTP_URL: as it is, nothing encoded.",
      fr: "Le mot de passe du relais, s'il n'est pas dans PRA_SMTP_URL : tel quel, sans encodage.",
    },
  },
  PRA_MAIL_FROM: {
    group: "alerts",
    kind: { type: "mail addresses" },
    fallback: { en: "pra@ and this machine's name", fr: "pra@ et le nom de cette machine" },
    example: "pra@example.org",
    help: {
      en: "The address that mail comes from; relays often take only their own domains.",
      fr: "L'adresse d'expédition ; les relais n'acceptent souvent que leurs propres domaines.",
    },
  },
  PRA_SMS_GATEWAY: {
    group: "alerts",
    kind: { type: "choice", choices: ["twilio", "http"] },
    fallback: "twilio",
    example: "twilio",
    help: {
      en: "How SMS are sent: twilio (its interface, also that of others), or http (any call over HTTP, described by PRA_SMS_URL, PRA_SMS_HEADERS and PRA_SMS_BODY).",
      fr: "Comment partent les SMS : twilio (son interface, que d'autres ont aussi), ou http (tout appel HTTP, décrit par PRA_SMS_URL, PRA_SMS_HEADERS et PRA_SMS_BODY).",
    },
  },
  PRA_SMS_URL: {
    group: "alerts",
    kind: { type: "web address" },
    secret: "token",
    fallback: { en: "https://api.twilio.com for twilio", fr: "https://api.twilio.com pour twilio" },
    example: "https://sms.example.org/send?to={to}&text={text}",
    help: {
      en: "The gateway's address. For http, {to}, {text} and {from} in it are filled in, encoded.",
      fr: "L'adresse de la passerelle. Pour http, {to}, {text} et {from} y sont remplacés, encodés.",
    },
  },
  PRA_SMS_USER: {
    group: "alerts",
    kind: { type: "text" },
    example: "AC0123456789abcdef0123456789abcdef",
    help: {
      en: "The account at the gateway (Twilio: the Account SID), for Basic authentication.",
      fr: "Le compte chez l'opérateur (Twilio : l'Account SID), pour l'authentification Basic.",
    },
  },
  PRA_SMS_PASSWORD: {
    group: "alerts",
    kind: { type: "text" },
    secret: "whole",
    example: "",
    help: {
      en: "Its password (Twilio: the Auth Token).",
      fr: "Son mot de passe (Twilio : l'Auth Token).",
    },
  },
  PRA_SMS_FROM: {
    group: "alerts",
    kind: { type: "text" },
    example: "+33700000000",
    help: {
      en: "The sender: a number or a name that the gateway has admitted (Twilio: also a messaging service, MG...).",
      fr: "L'expéditeur : un numéro ou un nom admis par l'opérateur (Twilio : aussi un service de messages, MG...).",
    },
  },
  PRA_SMS_METHOD: {
    group: "alerts",
    kind: { type: "choice", choices: ["GET", "POST", "PUT"] },
    fallback: {
      en: "POST when PRA_SMS_BODY is set, else GET",
      fr: "POST si PRA_SMS_BODY est fixé, sinon GET",
    },
    example: "POST",
    help: { en: "For http: the method.", fr: "Pour http : la méthode." },
  },
  PRA_SMS_HEADERS: {
    group: "alerts",
    kind: { type: "http headers" },
    secret: "whole",
    example: "Authorization: Bearer XXXX; Content-Type: application/json",
    help: {
      en: "For http: headers, separated by semicolons and a blank.",
      fr: "Pour http : les en-têtes, séparés par un point-virgule et une espace.",
    },
  },
  PRA_SMS_BODY: {
    group: "alerts",
    kind: { type: "text" },
    secret: "whole",
    example: '{"to":"{to}","message":"{text}"}',
    help: {
      en: "For http: the body; {to}, {text} and {from} in it are filled in, encoded as its kind wants: JSON, XML or form.",
      fr: "Pour http : le corps ; {to}, {text} et {from} y sont remplacés, encodés selon sa nature : JSON, XML ou formulaire.",
    },
  },
  PRA_PAGERDUTY_KEY: {
    group: "alerts",
    kind: { type: "text" },
    secret: "whole",
    example: "",
    help: {
      en: "The integration key (Events API v2) of the PagerDuty service that is woken.",
      fr: "La clé d'intégration (Events API v2) du service PagerDuty à réveiller.",
    },
  },
  PRA_PAGERDUTY_URL: {
    group: "alerts",
    kind: { type: "web address" },
    fallback: "https://events.pagerduty.com/v2/enqueue",
    example: "https://events.eu.pagerduty.com/v2/enqueue",
    help: {
      en: "Where its events go: PagerDuty in Europe, or another pager that takes the same.",
      fr: "Où vont ses événements : PagerDuty en Europe, ou un autre service qui prend les mêmes.",
    },
  },
  PRA_WEBHOOK_URL: {
    group: "alerts",
    kind: { type: "web address" },
    secret: "token",
    example: "https://ops.example.org/hooks/pra",
    help: {
      en: "An address that gets every alert as JSON.",
      fr: "Une adresse qui reçoit chaque alerte en JSON.",
    },
  },
  PRA_WEBHOOK_SECRET: {
    group: "alerts",
    kind: { type: "text" },
    secret: "whole",
    example: "",
    help: {
      en: "Signs what goes there, as the Standard Webhooks specification says (HMAC-SHA256); a secret that begins with whsec_ is read as base64.",
      fr: "Signe ce qui y est envoyé, selon la spécification Standard Webhooks (HMAC-SHA256) ; un secret qui commence par whsec_ est lu en base64.",
    },
  },
  PRA_ALERT_COMMAND: {
    group: "alerts",
    kind: path,
    example: "/usr/local/bin/tell-oncall",
    help: {
      en: "A program that gets every alert as JSON on its standard input. Exit code 0: taken; 75: try again later; others: refused.",
      fr: "Un programme qui reçoit chaque alerte en JSON sur son entrée standard. Code de sortie 0 : prise ; 75 : à réessayer ; autres : refusée.",
    },
  },
  PRA_ALERT_CA: {
    group: "alerts",
    kind: path,
    example: "/etc/ssl/certs/company-ca.pem",
    help: {
      en: "File of the authority that signed the certificate of the mail relay or of an address above, where this machine does not know it.",
      fr: "Fichier de l'autorité qui a signé le certificat du relais ou d'une adresse ci-dessus, si cette machine ne la connaît pas.",
    },
  },
  PRA_DIGEST_AT: {
    group: "alerts",
    kind: { type: "time of day" },
    fallback: {
      en: "08:00 in the first week, none afterwards",
      fr: "08:00 pendant la première semaine, aucun ensuite",
    },
    example: "08:00",
    help: {
      en: "When the daily digest goes out by mail and Slack, by this machine's clock: what ran, what was proved, the worst exposure, alerts, space, what is asked of the reader. Set, it goes out every day; not set, in the first week after pra golive start.",
      fr: "Quand part le résumé quotidien par courriel et Slack, à l'heure de cette machine : ce qui a tourné, ce qui a été prouvé, la pire exposition, les alertes, la place, ce qui est demandé au lecteur. Fixé, il part chaque jour ; sinon, pendant la première semaine après pra golive start.",
    },
  },
  PRA_ANCHOR_EVERY: {
    group: "alerts",
    kind: { type: "choice", choices: ["day", "week", "never"] },
    fallback: "week",
    example: "day",
    help: {
      en: "How often the schedule sends an anchor of the ledger by mail and Slack: a signed mark by which a ledger that was cut off or rewritten since shows. week: on Mondays. Counts when pra schedule install runs.",
      fr: "Avec quelle fréquence la planification envoie un ancrage du journal par courriel et Slack : une marque signée qui montre un journal coupé ou réécrit depuis. week : le lundi. Compte quand pra schedule install s'exécute.",
    },
  },
  PRA_DEAD_MAN_URL: {
    group: "alerts",
    kind: { type: "web address" },
    secret: "token",
    example: "https://hc-ping.example.org/00000000-0000-0000-0000-000000000000",
    help: {
      en: "The dead-man's switch: an address outside that is called after each look, and raises the alarm when calls stay away. With /fail behind it when something is wrong; {status} and {text} in it are filled in.",
      fr: "L'interrupteur de l'homme mort : une adresse extérieure appelée après chaque contrôle, et qui donne l'alarme quand les appels cessent. Suivie de /fail si quelque chose ne va pas ; {status} et {text} y sont remplacés.",
    },
  },
  PRA_DEAD_MAN_MINUTES: {
    group: "alerts",
    kind: number(0, 1440),
    fallback: "1",
    example: "5",
    help: {
      en: "At most one such call in so many minutes while all is well; 0: after every look.",
      fr: "Au plus un appel en autant de minutes tant que tout va bien ; 0 : après chaque contrôle.",
    },
  },
  PRA_SECOND_SILENT_MINUTES: {
    group: "alerts",
    kind: number(2, 1440),
    fallback: {
      en: "three signs that did not come, 5 at least",
      fr: "trois signes qui ne sont pas venus, 5 au moins",
    },
    example: "15",
    help: {
      en: "For pra watch --from-repository: after so many minutes without a sign of life the first watcher counts as silent; never before two signs are missing (a daemon leaves one every 2 minutes, cron every 5).",
      fr: "Pour pra watch --from-repository : au bout de tant de minutes sans signe de vie, le premier surveillant se tait ; jamais avant que deux signes manquent (un démon en laisse un toutes les 2 minutes, cron toutes les 5).",
    },
  },
  PRA_SECOND_UNTOLD_MINUTES: {
    group: "alerts",
    kind: number(1, 14),
    fallback: "12",
    example: "8",
    help: {
      en: "For pra watch --from-repository: what is wrong in the repository, and a first watcher that lives does not tell, the second tells after so many minutes.",
      fr: "Pour pra watch --from-repository : ce qui va mal dans le dépôt et qu'un premier surveillant vivant ne dit pas, le second le dit au bout de tant de minutes.",
    },
  },
  PRA_SECOND_LEDGER_HOURS: {
    group: "alerts",
    kind: number(1, 1000),
    fallback: "26",
    example: "180",
    help: {
      en: "For pra watch --from-repository: a ledger without a new event for so many hours is told. More than the usual 26 where backups are taken once a week.",
      fr: "Pour pra watch --from-repository : un journal sans nouvel événement depuis tant d'heures est signalé. Plus que les 26 habituelles si les sauvegardes sont hebdomadaires.",
    },
  },
  PRA_METRICS_LISTEN: {
    group: "alerts",
    kind: { type: "listen address" },
    example: "127.0.0.1:19187",
    help: {
      en: "Where pra daemon serves /metrics for Prometheus and /healthz: an address of this machine and a port. Nowhere when it is not set.",
      fr: "Où pra daemon sert /metrics pour Prometheus et /healthz : une adresse de cette machine et un port. Nulle part si ce n'est pas fixé.",
    },
  },
  PRA_METRICS_OPEN: {
    group: "alerts",
    kind: { type: "choice", choices: ["no", "yes"] },
    fallback: "no",
    example: "no",
    help: {
      en: "yes: PRA_METRICS_LISTEN may be an address that other machines reach. They are asked for no password, and see when this site is at its weakest.",
      fr: "yes : PRA_METRICS_LISTEN peut être une adresse que d'autres machines atteignent. Aucun mot de passe ne leur est demandé, et elles voient quand ce site est au plus faible.",
    },
  },
} as const satisfies Readonly<Record<string, SettingEntry>>;
