/** A number and what it counts: singular or plural, as the language has it. */

/** "1 backup", "2 backups", "0 backups". `count` may be written already ("1,204"). */
export function counted(count: number | bigint | string, one: string, many = `${one}s`): string {
  return `${count} ${String(count) === "1" ? one : many}`;
}

/** "1 sauvegarde", "2 sauvegardes", "0 sauvegarde": in French the plural begins at two. */
export function countedFr(count: number | bigint | string, one: string, many = `${one}s`): string {
  return `${count} ${["0", "1"].includes(String(count)) ? one : many}`;
}
