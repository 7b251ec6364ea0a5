/** What an auditor reads first in a bundle of evidence, in both languages. */
import { counted, countedFr } from "../../core/counted.ts";

/** What is told in it. */
export type BundleFacts = {
  readonly from: string;
  readonly to: string;
  readonly zone: string;
  readonly madeAt: string;
  readonly by: string;
  readonly repositoryId: string;
  readonly root: string;
  readonly events: number;
  readonly writers: number;
};

const LISTS = `| backups, dumps, proofs, restores, load-tests |
| alerts, messages, accesses, keys, deletions  |
| actions, duties, reports, wal-incidents      |
| operations: what belongs to none of these    |`;

function english({
  from,
  to,
  zone,
  madeAt,
  by,
  repositoryId,
  root,
  ...counts
}: BundleFacts): string {
  return `# Evidence from ${from} to ${to}

Repository ${repositoryId}; made ${madeAt} by ${by}.
${counted(counts.events, "event")} of ${counted(counts.writers, "process", "processes")}.

## Check it without the program that made it

    python3 -I verify_evidence.py --root ${root} .

Python 3.8 or later, nothing else. Compare the fingerprint behind --root with the one on the printed recovery sheet, or
with what "pra key list" shows on a host that you trust: whoever made this bundle could have written another one here.
Take verify_evidence.py from the product, too, or compare its SHA-256. Anchors that you were sent before show what was cut
off or replaced since, even by somebody with a key: add --anchor FILE for each.

## What is in it

- ledger/events.jsonl: every event of the period, one a line; its SHA-256 is what the next event of the same writer bears.
- ledger/before.jsonl: of each writer the last event before the period, so that none between is missing.
- ledger/heads.txt, anchor.txt: the last event of each writer, and the signature over them.
- lists/: the populations, as CSV and JSON. Each event stands in exactly one list, so they add up to the ledger:

${LISTS}

- lists/routines: each day and week of the period that was to have a backup, a proof; done or missed.
  They are those of the clocks of ${zone}; all instants here are UTC.
- sla.json: what was attained against the objectives. "notDemonstrated" is neither met nor missed.
- reports/: as they were archived; their SHA-256 is in the ledger (reportArchived).
- manifest.json: counts, and what was wrong when this was made. SHA256SUMS, signature.txt: over all of it.

This is evidence, not a statement that a standard is complied with.
`;
}

function french({
  from,
  to,
  zone,
  madeAt,
  by,
  repositoryId,
  root,
  ...counts
}: BundleFacts): string {
  return `# Éléments de preuve du ${from} au ${to}

Dépôt ${repositoryId} ; fait le ${madeAt} par ${by}.
${countedFr(counts.events, "événement")} de ${counts.writers} processus.

## Les vérifier sans le programme qui les a faits

    python3 -I verify_evidence.py --lang fr --root ${root} .

Python 3.8 ou plus récent, rien d'autre. Comparez l'empreinte derrière --root avec celle de la feuille de secours imprimée, ou
avec ce que « pra key list » affiche sur une machine de confiance : qui a fait ce lot aurait pu en écrire une autre ici.
Prenez aussi verify_evidence.py dans le produit, ou comparez son SHA-256. Les ancrages que vous avez reçus auparavant montrent ce
qui a été coupé ou remplacé depuis, même par quelqu'un qui a une clé : ajoutez --anchor FICHIER pour chacun.

## Ce qu'il contient

- ledger/events.jsonl : chaque événement de la période, un par ligne ; son SHA-256 est ce que porte l'événement suivant du même auteur.
- ledger/before.jsonl : de chaque auteur le dernier événement avant la période, pour qu'aucun ne manque entre les deux.
- ledger/heads.txt, anchor.txt : le dernier événement de chaque auteur, et la signature sur l'ensemble.
- lists/ : les populations, en CSV et en JSON. Chaque événement figure dans une seule liste ; leur somme est le journal :

${LISTS}

- lists/routines : chaque jour et chaque semaine de la période qui devait avoir une sauvegarde, une preuve ; fait ou manqué.
  Ce sont ceux des horloges de ${zone} ; tous les instants sont ici en UTC.
- sla.json : ce qui a été atteint face aux objectifs. « notDemonstrated » n'est ni atteint ni manqué.
- reports/ : tels qu'archivés ; leur SHA-256 est dans le journal (reportArchived).
- manifest.json : les comptes, et ce qui n'allait pas à la confection. SHA256SUMS, signature.txt : sur l'ensemble.

Ce sont des éléments de preuve, non l'affirmation qu'une norme est respectée.
`;
}

/** The page. */
export function bundleReadme(facts: BundleFacts): string {
  return `${english(facts)}\n---\n\n${french(facts)}`;
}
