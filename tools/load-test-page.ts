/** Writes docs/load-test.md: what a load test does and judges, with the words of its report and the numbers of its code. */
import {
  loadPauseMaxMs,
  loadSilenceMaxMs,
  strainConnectionsLeftMin,
  strainFreeBytesMin,
  strainLatencyFactor,
  strainLatencyLeastMs,
  strainSilenceMaxMs,
  strainStandbyLagBytes,
} from "../src/core/load-limits.ts";
import { formatBytes, formatDuration, formatNumber } from "../src/core/format.ts";
import type { Language } from "../src/core/language.ts";
import { slowdownMax } from "../src/loadtest/judge-load-test.ts";
import { scheduleOf } from "../src/loadtest/load-schedule.ts";
import { loadTestText } from "../src/render/load-test-text.ts";

const DEFAULT_MS = 45 * 60_000;

type Meanings = {
  readonly title: string;
  readonly beginning: (numbers: Numbers) => string;
  readonly head: string;
  /** What fails each test. */
  readonly tests: Readonly<Record<keyof (typeof loadTestText)["en"]["testNames"], string>>;
  readonly cost: (numbers: Numbers) => string;
  readonly ends: (numbers: Numbers) => string;
  readonly not: string;
  readonly production: (numbers: Numbers) => readonly string[];
};

type Numbers = {
  readonly rounds: string;
  readonly window: string;
  readonly silence: string;
  readonly pause: string;
  readonly slowdown: string;
  readonly latency: string;
  readonly factor: string;
  readonly wait: string;
  readonly lag: string;
  readonly disk: string;
  readonly connections: string;
};

const en: Meanings = {
  title: "Load test",
  beginning: ({ rounds, window }) =>
    `\`./loadtest.sh\` (\`pra loadtest\`) makes a PostgreSQL server and a repository of their own, loads the server by clients that each commit one transfer after the other, and writes down outside the server what was acknowledged. In 45 minutes ${rounds} rounds come first: ${window} of load alone and ${window} with WAL streamed so that each commit waits for the repository, in turn. Then a full backup and incrementals are taken beside the load, with the same load without one between them. At a moment that \`--seed\` draws the server is killed and its files are removed; the newest instant is restored from the repository, started, held against every acknowledged commit, and the repository read whole.`,
  head: "| test | fails when |",
  tests: {
    load: "the server was lost before the planned crash, acknowledged nothing for too long, or any client was cut off before it",
    backups:
      "a backup failed, or there was no full or no incremental one. One that the crash cuts off is no failure: it must not be listed",
    slowdown:
      "a backup costs more than that share of the commits a second, as the mean of the pairs",
    wal: "the repository's WAL has a hole",
    nothingLost:
      "a commit that was acknowledged is missing, whenever it was: also of the rounds without streaming, which the backups and the slot must cover",
    coherent:
      "a client's chain of hashes is broken, or an account's balance is not what its transfers make of it",
    application:
      "the command of `proof.application` in `pra.yaml` does not end well on the restored server. Without one there is no such test; `--no-application` leaves it out",
    health:
      "`APP_HEALTH_URL` does not answer well after the restore, asked as often as a restore test asks it. An address that answers while the server is gone, before anything is restored, speaks for another server: the report says so, there is no such test, and nothing of it is counted. For this address to use the restored server, the command of `proof.application` starts the application on it (it is given the address of that server) and leaves it running. `--no-application` leaves it out",
    restored:
      "from the crash until the application answered, by its command and at its address, it was longer than `PRA_RTO_MINUTES`. Where neither is configured it is measured until the server took a write, and the report says that no application was asked",
    repository: "any object does not read and open",
  },
  cost: ({ slowdown }) =>
    `What protection costs is measured in pairs of neighbouring stretches, one with and one without, because a shared machine drifts within minutes. Given are the mean over the pairs and its 95 % interval by Student's t; of one pair none is made up. Measured stretches run at full speed. Between them a long load is held to a pace, because each commit is kept until it is judged; the report says to which. The test of the slowdown is passed up to ${slowdown}: clients, server, backups and repository share the machine, which production does not.`,
  ends: ({ silence }) =>
    `Ended by Ctrl-C, or with its server lost, a load test still writes its report: what was not come to says so, and nothing of it is passed. A server that acknowledges nothing for ${silence} is given up, killed and restored. Too little disk is told before anything begins. Nothing stays but the report, in both languages in the repository with its hash in the ledger. A process that is killed (not interrupted) leaves its folder: after the load had ended, \`pra loadtest --resume FOLDER\` goes on from the phase that was under way, the restore, the comparison or the verification, by the version of the program that began it and with the configuration of the same cluster; the report says so, where, and after which pause, and a restore that is made again counts its RTO from the crash, the pause with it. Under the load there is nothing to go on with: its server died with the process.`,
  not: "Without being told twice it never loads production's server. `--like-production` reads the catalogues of the configured server (no row of anybody's) and makes up a throw-away server with the same tables, row widths and indexes, as much as `--size` allows, on the same major. What is said of production's size is a prediction, with the ends between which this test's and earlier measurements of this host put it. `--programs` chooses between npm's embedded server and the distribution's.",
  production: (numbers) => [
    "## On production",
    "",
    "`pra loadtest --allow-production --confirm NAME --reason WHY` loads the configured server itself; NAME is the cluster's name (`PRA_CLUSTER`). One of the two alone, another name, or no reason is refused, and a job of the schedule is refused whatever it says. What will be done, for how long and with how much disk stands on the terminal first, and an event with who and why is in the ledger before anything is touched. The role needs CREATEDB.",
    "",
    "1. A database `pra_loadtest` is made and marked. One of that name without the mark is somebody's: nothing happens then. It is dropped at the end, after Ctrl-C, too; after a crash by the next load test there.",
    "2. Small commits are measured, without a load first, and all the time from then on.",
    `3. 4 clients (\`--clients\`) load that database, each working 25 % of its time (\`--share\`): after each commit it pauses in proportion to how long that took, ${numbers.pause} at most, so the load gives way to a server that slows. WAL goes where it is configured to go, and backups are taken as configured, with the same load without one between them. The protection is never turned off for a comparison: what WAL streaming costs is measured on a server of the test's own.`,
    "4. At a moment that the seed draws, nothing is crashed. The newest position that the repository holds is noted, and then the clock is read: the RPO is the time since the first commit acknowledged by then that lies behind it.",
    "5. The whole cluster is restored from the repository up to that position, at its full size, below `PRA_SPOOL_DIR`, and started apart from everything. Every commit that the repository held has to be there. The RTO is measured at full size, from the beginning of the restore until the application answered (without one: until the first write).",
    "",
    `It ends by itself when the 99th percentile of the small commits rises above ${numbers.latency} (\`--slowest\`; or ${numbers.factor} times what it was before), one waits ${numbers.wait}, a standby falls ${numbers.lag} behind where it was, a disk that it can see (the server's, the repository's, the copy's) has less than ${numbers.disk} left, or fewer than ${numbers.connections} connections are left to others. What the role may not see is not judged; \`pg_monitor\` lets it see all.`,
    "",
    "Afterwards no other database, role, setting or replication slot differs. The backups taken are real ones, and stay in the repository; they hold the test's database as it was then. `pra verify` judges the whole repository, the load test does not.",
  ],
};

const fr: Meanings = {
  title: "Test de charge",
  beginning: ({ rounds, window }) =>
    `\`./loadtest.sh\` (\`pra loadtest\`) crée un serveur PostgreSQL et un dépôt à part, charge le serveur par des clients qui valident chacun un virement après l'autre, et note hors du serveur ce qui a été confirmé. En 45 minutes viennent d'abord ${rounds} tours : ${window} de charge seule et ${window} avec le WAL transmis de sorte que chaque validation attende le dépôt, à tour de rôle. Puis une sauvegarde complète et des incrémentales sont faites sous la charge, avec la même charge sans sauvegarde entre elles. À un moment tiré par \`--seed\` le serveur est tué et ses fichiers supprimés ; l'instant le plus récent est restauré depuis le dépôt, démarré, comparé à chaque validation confirmée, et le dépôt lu en entier.`,
  head: "| test | échoue quand |",
  tests: {
    load: "le serveur a été perdu avant le plantage prévu, n'a rien confirmé trop longtemps, ou un client a été coupé avant",
    backups:
      "une sauvegarde a échoué, ou il n'y a pas de complète ou pas d'incrémentale. Celle que le plantage coupe n'est pas un échec : elle ne doit pas être listée",
    slowdown:
      "une sauvegarde coûte plus que cette part des validations par seconde, en moyenne des paires",
    wal: "le WAL du dépôt a un trou",
    nothingLost:
      "une validation confirmée manque, de quelque moment qu'elle soit : aussi des tours sans transmission, que les sauvegardes et le slot doivent couvrir",
    coherent:
      "la chaîne d'empreintes d'un client est rompue, ou le solde d'un compte n'est pas ce que ses virements en font",
    application:
      "la commande de `proof.application` dans `pra.yaml` ne finit pas bien sur le serveur restauré. Sans elle ce test n'existe pas ; `--no-application` la laisse de côté",
    health:
      "`APP_HEALTH_URL` ne répond pas bien après la restauration, interrogée autant de fois que par un test de restauration. Une adresse qui répond pendant que le serveur n'est plus là, avant toute restauration, parle pour un autre serveur : le rapport le dit, ce test n'existe pas, et rien n'en est compté. Pour que cette adresse utilise le serveur restauré, la commande de `proof.application` démarre l'application dessus (l'adresse de ce serveur lui est donnée) et la laisse tourner. `--no-application` la laisse de côté",
    restored:
      "du plantage à la réponse de l'application, par sa commande et à son adresse, il a fallu plus que `PRA_RTO_MINUTES`. Si ni l'une ni l'autre n'est configurée, c'est mesuré jusqu'à la première écriture, et le rapport dit qu'aucune application n'a été interrogée",
    repository: "un objet ne se lit ou ne s'ouvre pas",
  },
  cost: ({ slowdown }) =>
    `Ce que coûte la protection est mesuré par paires de périodes voisines, l'une avec, l'autre sans, parce qu'une machine partagée dérive en quelques minutes. Sont donnés la moyenne des paires et son intervalle à 95 % par la loi de Student ; d'une seule paire aucun n'est inventé. Les périodes mesurées vont à pleine vitesse. Entre elles une longue charge est tenue à une cadence, parce que chaque validation est gardée jusqu'à son jugement ; le rapport dit laquelle. Le test du ralentissement est réussi jusqu'à ${slowdown} : clients, serveur, sauvegardes et dépôt se partagent la machine, pas en production.`,
  ends: ({ silence }) =>
    `Arrêté par Ctrl-C, ou son serveur perdu, un test de charge écrit tout de même son rapport : ce qui n'a pas été atteint le dit, et rien n'en est réussi. Un serveur qui ne confirme rien pendant ${silence} est abandonné, tué et restauré. Un disque trop petit est signalé avant tout. Il ne reste que le rapport, dans les deux langues dans le dépôt, avec son empreinte dans le journal. Un processus tué (pas interrompu) laisse son dossier : une fois la charge finie, \`pra loadtest --resume DOSSIER\` reprend à la phase en cours, la restauration, la comparaison ou la vérification, avec la version du programme qui l'a commencé et la configuration du même cluster ; le rapport le dit, où, et après quelle pause, et une restauration refaite compte son RTO depuis le plantage, pause comprise. Pendant la charge il n'y a rien à reprendre : son serveur est mort avec le processus.`,
  not: "Sans qu'on le lui dise deux fois, il ne charge jamais le serveur de production. `--like-production` lit les catalogues du serveur configuré (aucune ligne de personne) et invente un serveur jetable avec les mêmes tables, largeurs de lignes et index, autant que `--size` le permet, de la même version majeure. Ce qui est dit de la taille de la production est une prévision, avec les bornes que donnent ce test et les mesures antérieures de cette machine. `--programs` choisit entre le serveur embarqué de npm et celui de la distribution.",
  production: (numbers) => [
    "## Sur la production",
    "",
    "`pra loadtest --allow-production --confirm NOM --reason RAISON` charge le serveur configuré lui-même ; NOM est le nom du cluster (`PRA_CLUSTER`). L'une des deux options seule, un autre nom, ou pas de raison : c'est refusé, et une tâche du planning est refusée quoi qu'elle dise. Ce qui va être fait, pendant combien de temps et avec combien de disque est d'abord écrit dans le terminal, et un événement avec qui et pourquoi est dans le journal avant que rien ne soit touché. Il faut au rôle le droit CREATEDB.",
    "",
    "1. Une base `pra_loadtest` est créée et marquée. Une base de ce nom sans la marque est à quelqu'un : rien n'a lieu alors. Elle est supprimée à la fin, après Ctrl-C aussi ; après un plantage, par le prochain test de charge.",
    "2. De petites validations sont mesurées, d'abord sans charge, puis tout le temps.",
    `3. 4 clients (\`--clients\`) chargent cette base, chacun travaillant 25 % de son temps (\`--share\`) : après chaque validation il fait une pause proportionnelle à sa durée, de ${numbers.pause} au plus, et la charge cède devant un serveur qui ralentit. Le WAL va où il est configuré d'aller, et des sauvegardes sont faites comme configurées, avec la même charge sans sauvegarde entre elles. La protection n'est jamais coupée pour comparer : ce que coûte la transmission du WAL est mesuré sur un serveur fait pour le test.`,
    "4. À un moment tiré par la graine, rien n'est planté. La dernière position que le dépôt détient est notée, puis l'heure est lue : le RPO est le temps depuis la première validation confirmée jusque-là qui se trouve derrière.",
    "5. Tout le cluster est restauré depuis le dépôt jusqu'à cette position, à sa taille réelle, sous `PRA_SPOOL_DIR`, et démarré à l'écart de tout. Chaque validation que le dépôt détenait doit y être. Le RTO est mesuré à taille réelle, du début de la restauration à la réponse de l'application (sans elle : à la première écriture).",
    "",
    `Il s'arrête de lui-même quand le 99e centile des petites validations dépasse ${numbers.latency} (\`--slowest\` ; ou ${numbers.factor} fois ce qu'il était avant), que l'une attend ${numbers.wait}, qu'un secondaire prend ${numbers.lag} de retard de plus, qu'un disque qu'il voit (du serveur, du dépôt, de la copie) a moins de ${numbers.disk} libres, ou que moins de ${numbers.connections} connexions restent aux autres. Ce que le rôle n'a pas le droit de voir n'est pas jugé ; \`pg_monitor\` lui laisse tout voir.`,
    "",
    "Ensuite aucune autre base, aucun rôle, réglage ou slot de réplication n'a changé. Les sauvegardes faites sont réelles et restent dans le dépôt ; elles contiennent la base du test telle qu'elle était. `pra verify` juge tout le dépôt, pas le test de charge.",
  ],
};

const meanings: Readonly<Record<Language, Meanings>> = { en, fr };

function section(language: Language): readonly string[] {
  const { title, beginning, head, tests, cost, ends, not, production } = meanings[language];
  const { rounds, windowMs } = scheduleOf(DEFAULT_MS);
  const numbers: Numbers = {
    rounds: formatNumber(rounds.length, language),
    window: formatDuration(windowMs, language),
    silence: formatDuration(loadSilenceMaxMs, language),
    pause: formatDuration(loadPauseMaxMs, language),
    slowdown: `${formatNumber(slowdownMax * 100, language)} %`,
    latency: formatDuration(strainLatencyLeastMs, language),
    factor: formatNumber(strainLatencyFactor, language),
    wait: formatDuration(strainSilenceMaxMs, language),
    lag: formatBytes(strainStandbyLagBytes, language),
    disk: formatBytes(strainFreeBytesMin, language),
    connections: formatNumber(strainConnectionsLeftMin, language),
  };
  const names = loadTestText[language].testNames;
  return [
    `# ${title}`,
    "",
    beginning(numbers),
    "",
    head,
    "| --- | --- |",
    ...Object.entries(names).map(
      ([name, text]) => `| ${text} | ${tests[name as keyof typeof names]} |`,
    ),
    "",
    cost(numbers),
    "",
    ends(numbers),
    "",
    not,
    "",
    ...production(numbers),
    "",
  ];
}

/** The page, in both languages. */
export function loadTestPage(): string {
  return [...section("en"), ...section("fr")].join("\n");
}
