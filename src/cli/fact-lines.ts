/** Facts for people: names on the left, values on the right, aligned however wide their letters are. */
import { displayWidth, padToWidth } from "./display-width.ts";

/** One line a fact, indented by two. */
export function factLines(facts: readonly (readonly [name: string, value: string])[]): string[] {
  const widest = facts.reduce((columns, [name]) => Math.max(columns, displayWidth(name)), 0);
  return facts.map(([name, value]) => `  ${padToWidth(name, widest, "left")}  ${value}`);
}
