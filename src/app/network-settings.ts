/** R18: which ways through the network must be open from this host, and which closed. */
import type { SettingEntry } from "./setting-entry.ts";

/** Their entries of the registry. */
export const networkSettings = {
  PRA_REACHABLE: {
    group: "program",
    kind: { type: "network targets" },
    example: "dr.example.org:5432, dr.example.org:22",
    help: {
      en: "Hosts with ports that must answer from this machine, with commas: production and DR to each other. pra status tries each.",
      fr: "Hôtes et ports qui doivent répondre depuis cette machine, séparés par des virgules : production et secours l'un vers l'autre. pra status essaie chacun.",
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
} as const satisfies Readonly<Record<string, SettingEntry>>;
