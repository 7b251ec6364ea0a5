/** R18, R4: which ways through the network must be open from this host, and which closed; how long a look waits for an answer. */
import { type SettingEntry, number } from "./setting-entry.ts";

/** Their entries of the registry. */
export const networkSettings = {
  PRA_REACHABLE: {
    group: "program",
    kind: { type: "network targets" },
    example: "dr.example.org:5432, dr.example.org:22",
    help: {
      en: "Hosts with ports that must answer from this machine, with commas: production and DR to each other. pra status tries each, and pra watch from its side.",
      fr: "Hôtes et ports qui doivent répondre depuis cette machine, séparés par des virgules : production et secours l'un vers l'autre. pra status essaie chacun, et pra watch de son côté.",
    },
  },
  PRA_ISOLATED: {
    group: "program",
    kind: { type: "network targets" },
    example: "app.example.org:22",
    help: {
      en: "Hosts with ports that must not answer from this machine: the backup host is to be out of reach of the others.",
      fr: "Hôtes et ports qui ne doivent pas répondre depuis cette machine : l'hôte de sauvegarde doit rester hors de portée des autres.",
    },
  },
  PRA_STATUS_TIMEOUT_MS: {
    group: "expert",
    kind: number(200, 60_000),
    fallback: "1500",
    example: "1500",
    help: {
      en: "How long pra status waits for all it asks, in milliseconds. More for a server far away; what wakes people is looked at again with 15 s.",
      fr: "Combien de temps pra status attend tout ce qu'elle interroge, en millisecondes. Plus pour un serveur lointain ; ce qui réveille les gens est revu avec 15 s.",
    },
  },
} as const satisfies Readonly<Record<string, SettingEntry>>;
