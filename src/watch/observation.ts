/**
 * What one look says of one rule: the border between probes, which ask the world, and alerts, which remember. A look that could not be
 * made is `unknown`: it neither opens an alert nor ends one, and what stays unknown for too long is an alert of its own.
 */
import type { Language } from "../core/language.ts";

/** What people read of it: what was found, and what to do about it (empty: nothing). */
export type ObservedWords = { readonly summary: string; readonly hint: string };

/** One rule, judged at one look. */
export type Observation = {
  /** Name of the rule, which is the name of the check behind it: `server`, `exposure`, `gaps`. */
  readonly rule: string;
  /** Which of several that the rule judges alike: a host, a certificate, a job; empty where there is one. */
  readonly subject: string;
  readonly health: "well" | "ill" | "unknown";
  readonly words: Readonly<Record<Language, ObservedWords>>;
  /**
   * The figure behind it, where there is one. Of `exposure` (seconds of work that would be lost now) the worst is kept as long as an
   * alert is open, because people are told what was at stake.
   */
  readonly figure?: { readonly value: number; readonly unit: "s" | "bytes" | "count" };
};
