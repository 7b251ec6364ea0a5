/**
 * Which failpoints were reached, by which command in which kind of world, and where the program was made to die or fail. What a kind
 * of world can reach is learnt from its clean runs.
 */
import { failpointNames } from "../../src/core/failpoint-names.ts";
import { type FailpointName, siteNamed } from "./failpoint-sites.ts";

/** How a failpoint acted. */
export const siteEffects = ["kill", "tear", "error", "enospc"] as const;

/** One of them. */
export type SiteEffect = (typeof siteEffects)[number];

/** Hits of each site that a run of 200 kills owes. */
export const HITS_OWED = 3;

type Site = {
  reached: number;
  readonly hits: Record<SiteEffect, number>;
  readonly commands: Set<string>;
  readonly kinds: Set<string>;
};

function emptySite(): Site {
  const hits = { kill: 0, tear: 0, error: 0, enospc: 0 };
  return { reached: 0, hits, commands: new Set(), kinds: new Set() };
}

type Profile = Map<FailpointName, number>;

function tableLines(head: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
  const texts = rows.map((row) => row.map(String));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...texts.map(line)];
}

/** Collects. */
export class Coverage {
  readonly #sites = new Map<FailpointName, Site>(failpointNames.map((name) => [name, emptySite()]));
  /** By kind of world and command: the failpoints that a run reaches, and how often. */
  readonly #profiles = new Map<string, Profile>();
  /** Deaths by command: at a failpoint, at a moment. */
  readonly #deaths = new Map<string, { atSite: number; atMoment: number; failed: number }>();
  /** How long a command that was left alone took last. */
  readonly durationsMs = new Map<string, number>();
  /** Rounds in which the run did not come by the site as often as drawn, or ended before its moment: no kill. */
  missed = 0;
  /** Sites that are not to be reached, and why. */
  readonly #excused: ReadonlyMap<FailpointName, string>;

  constructor(excused: ReadonlyMap<FailpointName, string>) {
    this.#excused = excused;
  }

  profileOf(kind: string, command: string): ReadonlyMap<FailpointName, number> {
    return this.#profileOf(kind, command);
  }

  #profileOf(kind: string, command: string): Profile {
    const key = `${kind} ${command}`;
    const profile = this.#profiles.get(key) ?? new Map<FailpointName, number>();
    this.#profiles.set(key, profile);
    return profile;
  }

  reached(kind: string, command: string, names: ReadonlyMap<string, number>): void {
    const profile = this.#profileOf(kind, command);
    for (const [text, count] of names) {
      const name = siteNamed(text);
      if (name !== undefined) {
        this.#siteOf(name).kinds.add(kind);
        this.#siteOf(name).reached += count;
        profile.set(name, Math.max(profile.get(name) ?? 0, count));
      }
    }
  }

  #siteOf(name: FailpointName): Site {
    const site = this.#sites.get(name) ?? emptySite();
    this.#sites.set(name, site);
    return site;
  }

  #deathsOf(command: string): { atSite: number; atMoment: number; failed: number } {
    const deaths = this.#deaths.get(command) ?? { atSite: 0, atMoment: 0, failed: 0 };
    this.#deaths.set(command, deaths);
    return deaths;
  }

  hit(command: string, name: FailpointName, effect: SiteEffect): void {
    const site = this.#siteOf(name);
    site.hits[effect] += 1;
    site.commands.add(command);
    this.#deathsOf(command)[effect === "kill" || effect === "tear" ? "atSite" : "failed"] += 1;
  }

  diedAtMoment(command: string): void {
    this.#deathsOf(command).atMoment += 1;
  }

  /** A run that did not come by the site: others are drawn until another run does. */
  miss(kind: string, command: string, name: FailpointName | undefined): void {
    this.missed += 1;
    if (name !== undefined) {
      this.#profileOf(kind, command).delete(name);
    }
  }

  /** Deaths at a site, torn writes included. */
  deaths(name: FailpointName): number {
    const { kill, tear } = this.#siteOf(name).hits;
    return kill + tear;
  }

  hits(name: FailpointName): number {
    const { error, enospc } = this.#siteOf(name).hits;
    return this.deaths(name) + error + enospc;
  }

  /** Kills of all rounds. */
  get kills(): number {
    return [...this.#deaths.values()].reduce(
      (sum, { atSite, atMoment }) => sum + atSite + atMoment,
      0,
    );
  }

  /** Sites with fewer hits than owed that ought to have them. */
  owing(): readonly FailpointName[] {
    return failpointNames.filter((name) => !this.#excused.has(name) && this.hits(name) < HITS_OWED);
  }

  /** Kinds of world in which the site was reached. */
  kindsOf(name: FailpointName): ReadonlySet<string> {
    return this.#siteOf(name).kinds;
  }

  table(): string {
    const sites = [...this.#sites].map(([name, { reached, hits, commands }]) => [
      name,
      reached,
      ...siteEffects.map((effect) => (hits[effect] === 0 ? "" : hits[effect])),
      [...commands].toSorted().join(", "),
    ]);
    const commands = [...this.#deaths].map(([command, { atSite, atMoment, failed }]) => [
      command,
      atSite,
      atMoment,
      failed,
    ]);
    return [
      ...tableLines(
        ["failpoint", "reached", "kill", "torn write", "EIO", "ENOSPC", "hit in"],
        sites,
      ),
      "",
      ...tableLines(
        ["command", "killed at a failpoint", "killed at a moment", "failed call"],
        commands.toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
      ),
      "",
      ...this.#summary(),
    ].join("\n");
  }

  #summary(): readonly string[] {
    const owing = this.owing().map((name) => `${name} (${this.hits(name)})`);
    const thrice = failpointNames.filter((name) => this.hits(name) >= HITS_OWED).length;
    const excused = [...this.#excused].map(([name, reason]) => `not reached: ${name}: ${reason}`);
    return [
      `${failpointNames.length} sites, ${thrice} hit at least ${HITS_OWED} times, ${this.#excused.size} not to be reached.`,
      ...excused,
      ...(owing.length === 0 ? [] : [`fewer than ${HITS_OWED} hits: ${owing.join(", ")}`]),
      `${this.missed} rounds came to no kill: the run did not come by its site so often, or ended before its moment.`,
    ];
  }
}
