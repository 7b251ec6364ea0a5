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
  CONFIG_ENV_FILE_UNREADABLE: {
    en: {
      message: `the configuration file {path} cannot be read: {reason}`,
      hint: `Check that it exists and that this account may read it.`,
    },
    fr: {
      message: `le fichier de configuration {path} ne peut pas être lu : {reason}`,
      hint: `Vérifiez qu'il existe et que ce compte peut le lire.`,
    },
  },
  CONFIG_ENV_SYNTAX: {
    en: {
      message: `{path}, line {line}: "{text}" is not a setting`,
      hint: `Write NAME=value, one setting a line; a comment begins with #, and a value with spaces or # stands in quotes.`,
    },
    fr: {
      message: `{path}, ligne {line} : « {text} » n'est pas un réglage`,
      hint: `Écrivez NOM=valeur, un réglage par ligne ; un commentaire commence par #, et une valeur avec des espaces ou # se met entre guillemets.`,
    },
  },
  CONFIG_ENV_DUPLICATE: {
    en: {
      message: `{path}, line {line}: {name} was already set in line {firstLine}`,
      hint: `Keep one of the two lines.`,
    },
    fr: {
      message: `{path}, ligne {line} : {name} était déjà fixé à la ligne {firstLine}`,
      hint: `Gardez une seule des deux lignes.`,
    },
  },
  CONFIG_CLUSTER_NAME: {
    en: {
      message: `PRA_CLUSTER is "{value}" ({origin}), which cannot name a cluster`,
      hint: `Use 1 to 40 characters: lower-case letters, digits and underscores, beginning with a letter; the replication slot is named after it.`,
    },
    fr: {
      message: `PRA_CLUSTER vaut « {value} » ({origin}), ce qui ne peut pas nommer un cluster`,
      hint: `Employez 1 à 40 caractères : lettres minuscules, chiffres et tirets bas, en commençant par une lettre ; le slot de réplication en tire son nom.`,
    },
  },
  CONFIG_LANGUAGE: {
    en: {
      message: `PRA_LANG is "{value}" ({origin}), which is not a language spoken here`,
      hint: `Write en or fr.`,
    },
    fr: {
      message: `PRA_LANG vaut « {value} » ({origin}), ce qui n'est pas une langue parlée ici`,
      hint: `Écrivez en ou fr.`,
    },
  },
  CONFIG_PATH: {
    en: {
      message: `{name} is "{value}" ({origin}), which is not a path`,
      hint: `Give the path of a folder or file, without line breaks and not empty.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est pas un chemin`,
      hint: `Donnez le chemin d'un dossier ou d'un fichier, sans saut de ligne et non vide.`,
    },
  },
  CONFIG_MISSING: {
    en: {
      message: `{name} is not set`,
      hint: `Set it in .env ({name}=...), in the environment, or with the command's option.`,
    },
    fr: {
      message: `{name} n'est pas fixé`,
      hint: `Fixez-le dans .env ({name}=...), dans l'environnement, ou par l'option de la commande.`,
    },
  },
  CONFIG_DEMO_FOLDER: {
    en: {
      message: `no folder for the demonstration could be made: {tried}`,
      hint: `Name one with --folder that does not exist yet, in a place where the account {account}, which runs the server, can enter.`,
    },
    fr: {
      message: `aucun dossier n'a pu être créé pour la démonstration : {tried}`,
      hint: `Nommez avec --folder un dossier qui n'existe pas encore, là où le compte {account}, qui fait tourner le serveur, peut entrer.`,
    },
  },
  CONFIG_DEMO_SPACE: {
    en: {
      message: `{path} has {free} free, the demonstration needs {needed}`,
      hint: `Name another place with --folder, or load less with --data.`,
    },
    fr: {
      message: `{path} a {free} libres, la démonstration demande {needed}`,
      hint: `Nommez un autre endroit avec --folder, ou chargez moins avec --data.`,
    },
  },
  CONFIG_NUMBER: {
    en: {
      message: `{name} is "{value}" ({origin}), which is not a whole number from {min} to {max}`,
      hint: `Write digits only, without a unit, from {min} to {max}.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est pas un nombre entier de {min} à {max}`,
      hint: `Écrivez seulement des chiffres, sans unité, de {min} à {max}.`,
    },
  },
  CONFIG_CHOICE: {
    en: {
      message: `{name} is "{value}" ({origin}), which is none of: {choices}`,
      hint: `Write one of: {choices}.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est aucun de : {choices}`,
      hint: `Écrivez l'un de : {choices}.`,
    },
  },
  CONFIG_SCHEDULE_ROLE: {
    en: {
      message: `this account has the other schedule of {cluster}: a host runs the backups, or watches over the one that does`,
      hint: `Install the second watcher on another host, where the first one's end cannot reach it. To change what this one does: pra schedule remove, then again.`,
    },
    fr: {
      message: `ce compte a l'autre planification de {cluster} : une machine fait les sauvegardes, ou surveille celle qui les fait`,
      hint: `Installez le second surveillant sur une autre machine, que la fin de la première n'atteint pas. Pour changer le rôle de celle-ci : pra schedule remove, puis de nouveau.`,
    },
  },
  CONFIG_TIME_OF_DAY: {
    en: {
      message: `{name} is "{value}" ({origin}), which is not a time of day`,
      hint: `Write hours and minutes as a clock shows them: 08:00.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est pas une heure`,
      hint: `Écrivez les heures et les minutes comme une horloge : 08:00.`,
    },
  },
  CONFIG_TIME_ZONE: {
    en: {
      message: `{name} is "{value}" ({origin}), which is no time zone that this program knows`,
      hint: `Write it as Europe/Paris or UTC; leave it out for the machine's own.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est pas un fuseau horaire connu de ce programme`,
      hint: `Écrivez-le comme Europe/Paris ou UTC ; sans lui, c'est celui de la machine.`,
    },
  },
  CONFIG_HOST: {
    en: {
      message: `{name} is "{value}" ({origin}), which cannot be a host`,
      hint: `Give a name or an address alone, without http:// and without a port.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui ne peut pas être un hôte`,
      hint: `Donnez seulement un nom ou une adresse, sans http:// et sans port.`,
    },
  },
  CONFIG_WEB_ADDRESS: {
    en: {
      message: `{name} is "{value}" ({origin}), which is not a web address`,
      hint: `Give the whole address, beginning with https:// or http://.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est pas une adresse web`,
      hint: `Donnez l'adresse entière, commençant par https:// ou http://.`,
    },
  },
  CONFIG_MAIL_ADDRESS: {
    en: {
      message: `{name} is "{value}" ({origin}), which are not all mail addresses`,
      hint: `Write name@example.org; several addresses are separated by commas.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est pas fait d'adresses électroniques`,
      hint: `Écrivez nom@example.org ; séparez plusieurs adresses par des virgules.`,
    },
  },
  CONFIG_PHONE_NUMBER: {
    en: {
      message: `{name} is "{value}" ({origin}), which are not all phone numbers in international form`,
      hint: `Write + and the country's code, then digits without spaces: +33612345678; several numbers are separated by commas.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui n'est pas fait de numéros de téléphone au format international`,
      hint: `Écrivez + et l'indicatif du pays, puis les chiffres sans espaces : +33612345678 ; séparez plusieurs numéros par des virgules.`,
    },
  },
  CONFIG_DATABASE_NAME: {
    en: {
      message: `{name} is "{value}" ({origin}), which cannot name a database`,
      hint: `A database's name has 1 to 63 bytes and no line breaks.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), ce qui ne peut pas nommer une base`,
      hint: `Le nom d'une base a 1 à 63 octets et aucun saut de ligne.`,
    },
  },
  CONFIG_UNKNOWN_SETTING: {
    en: {
      message: `{name} is not a setting; the nearest one: {meant}`,
      hint: `Look it up with pra config show, or in .env.example.`,
    },
    fr: {
      message: `{name} n'est pas un réglage ; le plus proche : {meant}`,
      hint: `Cherchez-le avec pra config show, ou dans .env.example.`,
    },
  },
  CONFIG_SECRET: {
    en: {
      message: `{name} is a secret and is not printed`,
      hint: `Read it in .env where it is set; pra config show says where that is.`,
    },
    fr: {
      message: `{name} est un secret et n'est pas affiché`,
      hint: `Lisez-le dans le .env où il est fixé ; pra config show dit où.`,
    },
  },
  CONFIG_NO_ENV_FILE: {
    en: {
      message: `no .env file was found, neither here nor beside pra`,
      hint: `Make one: cp .env.example .env && chmod 600 .env; or name one with --env-file.`,
    },
    fr: {
      message: `aucun fichier .env trouvé, ni ici ni à côté de pra`,
      hint: `Créez-en un : cp .env.example .env && chmod 600 .env ; ou désignez-en un avec --env-file.`,
    },
  },
  CONFIG_ENV_FILE_LARGE: {
    en: {
      message: `{path} has more than {max} characters, which no configuration needs`,
      hint: `Check that the file is the configuration and nothing else.`,
    },
    fr: {
      message: `{path} a plus de {max} caractères, ce dont aucune configuration n'a besoin`,
      hint: `Vérifiez que le fichier est bien la configuration et rien d'autre.`,
    },
  },
  CONFIG_UNQUOTABLE: {
    en: {
      message: `the value of {name} cannot be written into a .env file`,
      hint: `It has a line break, or all three kinds of quotes: choose another value, or put it into the environment.`,
    },
    fr: {
      message: `la valeur de {name} ne peut pas être écrite dans un fichier .env`,
      hint: `Elle a un saut de ligne, ou les trois sortes de guillemets : choisissez une autre valeur, ou mettez-la dans l'environnement.`,
    },
  },
  CONFIG_ENV_FILE_UNWRITABLE: {
    en: {
      message: `the configuration file {path} cannot be written: {reason}`,
      hint: `Check that its folder exists and that this account may write there.`,
    },
    fr: {
      message: `le fichier de configuration {path} ne peut pas être écrit : {reason}`,
      hint: `Vérifiez que son dossier existe et que ce compte peut y écrire.`,
    },
  },
  CONFIG_YAML_UNREADABLE: {
    en: {
      message: `{path} cannot be read: {reason}`,
      hint: `PRA_CONFIG must name a file that this account may read, of 1 MiB at most; without PRA_CONFIG the pra.yaml beside the .env is read, if there is one.`,
    },
    fr: {
      message: `{path} ne peut pas être lu : {reason}`,
      hint: `PRA_CONFIG doit désigner un fichier que ce compte peut lire, de 1 Mio au plus ; sans PRA_CONFIG, on lit le pra.yaml à côté du .env, s'il y en a un.`,
    },
  },
  CONFIG_YAML_RIGHTS: {
    en: {
      message: `{path} may be changed by others: its mode is {mode}`,
      hint: `It names programs that are run. Run: chmod go-w {path}`,
    },
    fr: {
      message: `{path} peut être modifié par d'autres : son mode est {mode}`,
      hint: `Il désigne des programmes à lancer. Lancez : chmod go-w {path}`,
    },
  },
  CONFIG_YAML_SYNTAX: {
    en: {
      message: `{path}, line {line}, column {column}: this is no YAML that can be used: {reason}`,
      hint: `Mend that line. Indent with spaces, write each key once, and put a text with ": " or a leading @, %, & or * in quotes.`,
    },
    fr: {
      message: `{path}, ligne {line}, colonne {column} : ce n'est pas du YAML utilisable : {reason}`,
      hint: `Corrigez cette ligne. Indentez avec des espaces, écrivez chaque clé une seule fois, et mettez entre guillemets un texte qui contient « : » ou commence par @, %, & ou *.`,
    },
  },
  CONFIG_YAML_KEY: {
    en: {
      message: `{path}, line {line}, column {column}: there is no key {key}`,
      hint: `Here can stand: {known}. Every key is described in docs/pra.schema.json.`,
    },
    fr: {
      message: `{path}, ligne {line}, colonne {column} : la clé {key} n'existe pas`,
      hint: `Ici peuvent se trouver : {known}. Chaque clé est décrite dans docs/pra.schema.json.`,
    },
  },
  CONFIG_YAML_MISSING: {
    en: {
      message: `{path}, line {line}, column {column}: {key} is missing`,
      hint: `Add that key. Every key is described in docs/pra.schema.json.`,
    },
    fr: {
      message: `{path}, ligne {line}, colonne {column} : {key} manque`,
      hint: `Ajoutez cette clé. Chaque clé est décrite dans docs/pra.schema.json.`,
    },
  },
  CONFIG_YAML_VALUE: {
    en: {
      message: `{path}, line {line}, column {column}: {key} is "{value}", wanted: {expected}`,
      hint: `Mend that value. Every key is described in docs/pra.schema.json.`,
    },
    fr: {
      message: `{path}, ligne {line}, colonne {column} : {key} vaut « {value} », attendu : {expected}`,
      hint: `Corrigez cette valeur. Chaque clé est décrite dans docs/pra.schema.json.`,
    },
  },
  CONFIG_YAML_DUPLICATE: {
    en: {
      message: `{path}, line {line}, column {column}: the name "{name}" was already given in line {firstLine}`,
      hint: `Give each one a name of its own: it is how a report tells them apart.`,
    },
    fr: {
      message: `{path}, ligne {line}, colonne {column} : le nom « {name} » est déjà donné à la ligne {firstLine}`,
      hint: `Donnez à chacun un nom à lui : c'est ainsi qu'un rapport les distingue.`,
    },
  },
  CONFIG_NETWORK_TARGET: {
    en: {
      message: `{name} is "{value}" ({origin}), which is no list of host:port`,
      hint: `Write names or addresses with a port, separated by commas: db.example.org:5432, [2001:db8::1]:22.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), qui n'est pas une liste d'hôte:port`,
      hint: `Écrivez des noms ou adresses avec un port, séparés par des virgules : db.example.org:5432, [2001:db8::1]:22.`,
    },
  },
  CONFIG_LISTEN_ADDRESS: {
    en: {
      message: `{name} is "{value}" ({origin}), which is no address of this machine with a port`,
      hint: `Write an IP address or localhost, and a port: 127.0.0.1:19187, [::1]:19187.`,
    },
    fr: {
      message: `{name} vaut « {value} » ({origin}), qui n'est pas une adresse de cette machine avec un port`,
      hint: `Écrivez une adresse IP ou localhost, et un port : 127.0.0.1:19187, [::1]:19187.`,
    },
  },
  CONFIG_METRICS_NOT_LOCAL: {
    en: {
      message: `metrics are not served on {address}: other machines reach it`,
      hint: `Serve them on 127.0.0.1 and let Prometheus come through a proxy or a tunnel that knows who asks; or set PRA_METRICS_OPEN=yes where a firewall lets Prometheus alone in.`,
    },
    fr: {
      message: `les métriques ne sont pas servies sur {address} : d'autres machines l'atteignent`,
      hint: `Servez-les sur 127.0.0.1 et faites passer Prometheus par un mandataire ou un tunnel qui sait qui demande ; ou mettez PRA_METRICS_OPEN=yes là où un pare-feu ne laisse entrer que Prometheus.`,
    },
  },
  CONFIG_LOADTEST_FOLDER: {
    en: {
      message: `no folder for the load test could be made: {tried}`,
      hint: `Name one with --folder that does not exist yet, in a place where the account {account}, which runs the server, can enter.`,
    },
    fr: {
      message: `aucun dossier n'a pu être créé pour le test de charge : {tried}`,
      hint: `Nommez avec --folder un dossier qui n'existe pas encore, là où le compte {account}, qui fait tourner le serveur, peut entrer.`,
    },
  },
  CONFIG_LOADTEST_SPACE: {
    en: {
      message: `{path} has {free} free, the load test needs {needed}`,
      hint: `Nothing was begun. Name another place with --folder, load less with --size, or load for a shorter time with --duration.`,
    },
    fr: {
      message: `{path} a {free} libres, le test de charge demande {needed}`,
      hint: `Rien n'a commencé. Nommez un autre endroit avec --folder, chargez moins avec --size, ou moins longtemps avec --duration.`,
    },
  },
  CONFIG_LOADTEST_RESUME_NONE: {
    en: {
      message: `{folder} is not the folder of a load test`,
      hint: `A load test names its folder when it begins, and removes it when it ends, also when it is interrupted. Only one whose process was killed leaves its folder.`,
    },
    fr: {
      message: `{folder} n'est pas le dossier d'un test de charge`,
      hint: `Un test de charge nomme son dossier en commençant, et le supprime en finissant, aussi quand il est interrompu. Seul un test dont le processus a été tué laisse son dossier.`,
    },
  },
  CONFIG_LOADTEST_RESUME_EARLY: {
    en: {
      message: `the load test in {folder} was killed before its load had ended and was saved`,
      hint: `What a load has measured by then cannot be gone on with: the server died with the process. Remove the folder (rm -r) and begin anew.`,
    },
    fr: {
      message: `le test de charge de {folder} a été tué avant que sa charge soit finie et enregistrée`,
      hint: `Ce qu'une charge a mesuré jusque-là ne peut être repris : le serveur est mort avec le processus. Supprimez le dossier (rm -r) et recommencez.`,
    },
  },
  CONFIG_LOADTEST_RESUME_DAMAGED: {
    en: {
      message: `{file} is not as this version of the program wrote it`,
      hint: `A load test is gone on with by the version that began it, from what it wrote and nothing else. Remove the folder (rm -r) and begin anew.`,
    },
    fr: {
      message: `{file} n'est pas tel que cette version du programme l'a écrit`,
      hint: `Un test de charge est repris par la version qui l'a commencé, à partir de ce qu'elle a écrit et de rien d'autre. Supprimez le dossier (rm -r) et recommencez.`,
    },
  },
  CONFIG_LOADTEST_RESUME_CLUSTER: {
    en: {
      message: `the load test in {folder} was begun for cluster {begun}; this configuration is that of cluster {cluster}`,
      hint: `Nothing was changed. Go on with the configuration that it was begun with: its objectives judge the test, and its ledger keeps the result.`,
    },
    fr: {
      message: `le test de charge de {folder} a été commencé pour le cluster {begun} ; cette configuration est celle du cluster {cluster}`,
      hint: `Rien n'a été changé. Reprenez avec la configuration avec laquelle il a été commencé : ses objectifs jugent le test, et son journal garde le résultat.`,
    },
  },
  CONFIG_LOADTEST_RESUME_CLOCK: {
    en: {
      message: `the load test in {folder} was saved at {at}, which is later than now`,
      hint: `The clock was set back; the time since the crash is not known, and no RTO could be told. Set the clock right, or remove the folder (rm -r) and begin anew.`,
    },
    fr: {
      message: `le test de charge de {folder} a été enregistré à {at}, plus tard que maintenant`,
      hint: `L'horloge a été reculée ; le temps depuis le plantage n'est pas connu, et aucun RTO ne pourrait être dit. Remettez l'horloge à l'heure, ou supprimez le dossier (rm -r) et recommencez.`,
    },
  },
} as const satisfies ErrorGroup;
