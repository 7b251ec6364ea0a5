/** How tests of every commit list their majors: the newest one and Debian's. */
export const EVERY_COMMIT = /\bof \[(?:18, 15|15, 18)\] as const\b/;
