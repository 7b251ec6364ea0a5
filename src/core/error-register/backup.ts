import type { ErrorGroup } from "./entry.ts";

/** BACKUP_: a backup could not be taken or finished. */
export const backupErrors = {} as const satisfies ErrorGroup;
