/**
 * An anchor on its way to people: the signed text in the mail itself and as a file, so that whichever of them is kept can be handed to `pra ledger verify
 * --anchor` as it is. Where it is too long for Slack, the mail has it.
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { cutText } from "../core/cut-text.ts";
import { formatMinute } from "../core/format.ts";
import type { Language } from "../core/language.ts";
import { anchorBodyMax, anchorFilesMax } from "../core/watch-limits.ts";
import { createDirectories } from "../files/directories.ts";
import { removeFile, writeDurably } from "../files/write-durably.ts";
import type { MessageContent } from "../watch/compose-messages.ts";
import type { ChannelName } from "../watch/notifier.ts";
import type { StoredAttachment } from "../watch/outbox.ts";
import type { Adapters } from "./compose.ts";
import type { Environment } from "./environment.ts";
import type { MadeAnchor } from "./ledger-operations.ts";
import { type SentMessage, sendToReaders } from "./watch/send-to-readers.ts";
import type { WatchOptions } from "./watch/watch-setup.ts";

type Words = {
  readonly headline: (cluster: string, at: string) => string;
  readonly what: string;
  readonly why: readonly string[];
  readonly text: string;
  readonly elsewhere: string;
  readonly check: string;
};

const words: Readonly<Record<Language, Words>> = {
  en: {
    headline: (cluster, at) => `PRA ${cluster}: anchor of the ledger, ${at}. Keep this message`,
    what: "What this is",
    why: [
      "A signed mark of how far the ledger of backups, restores, proofs and accesses went.",
      "There is nothing to do but to keep it, where nobody who can write the repository can change it.",
      "If somebody cuts the ledger off or rewrites it later, the newest anchor that was kept shows it.",
    ],
    text: "The anchor",
    elsewhere: "It is too long for this channel: the mail has it.",
    check: "To check the ledger against it, save this message as it is:",
  },
  fr: {
    headline: (cluster, at) => `PRA ${cluster} : ancrage du journal, ${at}. À conserver`,
    what: "Ce que c'est",
    why: [
      "Une marque signée de l'étendue du journal des sauvegardes, restaurations, preuves et accès.",
      "Il n'y a rien à faire que la garder, là où personne qui peut écrire dans le dépôt ne peut la changer.",
      "Si quelqu'un coupe ou réécrit le journal plus tard, le dernier ancrage conservé le montre.",
    ],
    text: "L'ancrage",
    elsewhere: "Il est trop long pour ce canal : le courriel l'a.",
    check: "Pour vérifier le journal face à lui, enregistrez ce message tel quel :",
  },
};

/** What a route is told. Pure. */
export function anchorContent(
  { text }: Pick<MadeAnchor, "text">,
  of: {
    readonly cluster: string;
    readonly language: Language;
    readonly channel: ChannelName;
    readonly at: string;
    readonly attachment: StoredAttachment;
  },
): MessageContent {
  const { cluster, language, channel, at, attachment } = of;
  const told = words[language];
  const file = attachment.name;
  const fits = text.length <= anchorBodyMax;
  return {
    inReplyTo: null,
    kind: "anchor",
    severity: "info",
    headline: cutText(told.headline(cluster, at), 100),
    alerts: [],
    alertsLeftOut: 0,
    sections: [
      { title: told.what, lines: [...told.why] },
      fits
        ? { title: told.text, lines: text.trimEnd().split("\n"), verbatim: true }
        : { title: told.text, lines: [channel === "email" ? file : told.elsewhere] },
      { title: told.check, lines: [`pra ledger verify --anchor ${file}`] },
    ],
    ...(channel === "email" ? { attachment } : {}),
  };
}

/** What waits for a relay is among the newest. */
async function removeOld(directory: string): Promise<void> {
  const names = (await readdir(directory)).toSorted((a, b) => (a < b ? -1 : 1));
  for (const name of names.slice(0, -anchorFilesMax)) {
    await removeFile(join(directory, name));
  }
}

async function putAttachment(
  { stateDirectory, cluster }: Environment,
  { text, anchor }: MadeAnchor,
  { signal }: WatchOptions,
): Promise<StoredAttachment> {
  const directory = join(stateDirectory, "anchors");
  await createDirectories(directory, { group: "STORE", signal });
  const stamp = anchor.madeAt.replaceAll(/[:.]/g, "-");
  const name = `pra-${cluster}-anchor-${stamp}.txt`;
  const path = join(directory, name);
  const bytes = Buffer.from(text);
  await writeDurably({ finalPath: path, parts: [bytes], group: "STORE", signal });
  await removeOld(directory);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name, type: "text/plain", path, sha256 };
}

/** Queues it for all who read mail or Slack, and tries once. Empty: nobody does. @throws DrError `STORE_*` of the state directory, `WATCH_MEMORY_BUSY`. */
export async function sendAnchor(
  adapters: Adapters,
  environment: Environment,
  options: WatchOptions & { readonly made: MadeAnchor },
): Promise<readonly SentMessage[]> {
  const { made, ...watching } = options;
  const { cluster } = environment;
  return await sendToReaders(adapters, environment, {
    ...watching,
    kind: "anchor",
    compose: async () => {
      const attachment = await putAttachment(environment, made, watching);
      return ({ language, channel, zone }) => {
        const at = formatMinute(Date.parse(made.anchor.madeAt), zone);
        return anchorContent(made, { cluster, language, channel, at, attachment });
      };
    },
  });
}
