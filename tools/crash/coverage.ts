/** Which failpoints were reached, by which command, and where the program was made to die or fail. */
import { failpointNames } from "../../src/core/failpoint-names.ts";

type Counts = { reached: number; killed: number; torn: number; failed: number };

/** Collects. */
export class Coverage {
  readonly #sites = new Map<string, Counts>(
    failpointNames.map((name) => [name, { reached: 0, killed: 0, torn: 0, failed: 0 }]),
  );
  /** Per command the failpoints that a clean run reaches, and how often. */
  readonly profiles = new Map<string, ReadonlyMap<string, number>>();
  readonly kills = new Map<string, number>();
  /** How long a command that was left alone took last. */
  readonly durationsMs = new Map<string, number>();
  /** Rounds in which the run did not come by the site: no kill, and not counted as one. */
  unreachedRounds = 0;

  reached(command: string, names: ReadonlyMap<string, number>): void {
    const profile = new Map(this.profiles.get(command));
    for (const [name, count] of names) {
      const site = this.#sites.get(name);
      if (site !== undefined) {
        site.reached += count;
      }
      profile.set(name, Math.max(profile.get(name) ?? 0, count));
    }
    this.profiles.set(command, profile);
  }

  hit(command: string, name: string, action: string): void {
    const site = this.#sites.get(name);
    if (site !== undefined) {
      site[action === "kill" ? "killed" : action === "tear" ? "torn" : "failed"] += 1;
    }
    this.count(command);
  }

  /** A run that did not come by the site again: the next draw takes another. */
  unreached(command: string, name: string): void {
    this.unreachedRounds += 1;
    const profile = new Map(this.profiles.get(command));
    profile.delete(name);
    this.profiles.set(command, profile);
  }

  count(command: string): void {
    this.kills.set(command, (this.kills.get(command) ?? 0) + 1);
  }

  /** How often a site was made to die or fail. */
  hits(name: string): number {
    const site = this.#sites.get(name);
    return site === undefined ? 0 : site.killed + site.torn + site.failed;
  }

  table(): string {
    const rows = [...this.#sites].map(
      ([name, { reached, killed, torn, failed }]) =>
        `${name.padEnd(28)} ${String(reached).padStart(8)} ${String(killed).padStart(7)} ${String(torn).padStart(6)} ${String(failed).padStart(7)}`,
    );
    const hits = [...this.#sites.keys()].map((name) => this.hits(name));
    const thrice = hits.filter((count) => count >= 3).length;
    const once = hits.filter((count) => count > 0).length;
    return [
      `${"failpoint".padEnd(28)}  reached  killed   torn  failed`,
      ...rows,
      `${hits.length} sites: ${once} hit, ${thrice} at least three times, ${hits.length - once} never`,
      `${this.unreachedRounds} rounds did not come by their site`,
      [...this.kills].map(([command, count]) => `${command} ${count}`).join(", "),
    ].join("\n");
  }
}
