import type { ErrorGroup } from "./entry.ts";

/** REPO_: the repository holds something else than it should. */
export const repoErrors = {} as const satisfies ErrorGroup;
