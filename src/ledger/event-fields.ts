/** Fields that events of every file of kinds share. */
import * as z from "zod/mini";

/** Words of a person or of a program. */
export const text = z.string().check(z.maxLength(4096));

/** A cluster's name. */
export const cluster = z.string().check(z.regex(/^[a-z0-9][a-z0-9_-]{0,39}$/));

/** Of an object, or of something alike. */
export const id = z.string().check(z.regex(/^[0-9a-f]{32}$/));

/** An instant. */
export const time = z.iso.datetime();
