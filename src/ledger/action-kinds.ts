/** Events of corrective actions: what is to be put right, who does it, and that it was done. Part of `event-kinds.ts`. */
import * as z from "zod/mini";
import { cluster, id, text, time } from "./event-fields.ts";

/** Which control failed; `other`: a person opened it. */
export const actionControls = [
  "backup",
  "dump",
  "proof",
  "routine",
  "loadtest",
  "rpo",
  "rto",
  "other",
] as const;

/** Spread into the register of events. */
export const actionSchemas = {
  /** `subject` tells failures of one control apart: a routine's name, a month. */
  actionOpened: z.object({
    cluster,
    action: id,
    control: z.enum(actionControls),
    subject: text,
    /** The first failure that it is for; null: a person opened it. */
    failedAt: z.nullable(time),
    /** Of the failure: an error's code, a backup, the tests that failed, the worst seconds. */
    detail: text,
    /** What is to be done; empty where the control says it. */
    title: text,
    /** Empty: nobody has it yet. */
    owner: text,
    dueAt: time,
    by: z.nullable(text),
    why: text,
  }),
  actionAssigned: z.object({ cluster, action: id, owner: text, dueAt: time, by: text, why: text }),
  actionClosed: z.object({ cluster, action: id, by: text, why: text }),
} as const;
