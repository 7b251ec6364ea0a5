/**
 * One way to write a value as JSON, so that its hash is the same wherever it is computed: members sorted by the UTF-16 code units
 * of their names, no white space, numbers and strings as ECMAScript prints them. Follows RFC 8785.
 *
 * It refuses what has no single form: `undefined`, big integers, numbers that are not finite, lone surrogates.
 */
import { assert } from "../core/assert.ts";

/** A value that JSON can hold. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

const DEPTH_MAX = 64;

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function textOf(value: string): string {
  assert(value.isWellFormed(), "canonical JSON has no lone surrogates");
  return JSON.stringify(value);
}

function write(value: JsonValue | undefined, depth: number): string {
  assert(depth <= DEPTH_MAX, "canonical JSON is nested at most 64 deep");
  switch (typeof value) {
    case "string":
      return textOf(value);
    case "number":
      assert(Number.isFinite(value), "canonical JSON has finite numbers only");
      return JSON.stringify(value);
    case "boolean":
      return String(value);
    case "object":
      break;
    case "undefined":
    case "bigint":
    case "symbol":
    case "function":
      assert(false, `canonical JSON holds no ${typeof value}`);
  }
  if (value === null) {
    return "null";
  }
  if (isList(value)) {
    return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
  }
  const members = Object.keys(value)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => `${textOf(name)}:${write(value[name], depth + 1)}`);
  return `{${members.join(",")}}`;
}

/** The same with U+FFFD for every half of a character, which has no canonical form: what a program or a person said is recorded all the same. */
export function wellFormed(value: JsonValue): JsonValue {
  if (typeof value === "string") {
    return value.toWellFormed();
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (isList(value)) {
    return value.map(wellFormed);
  }
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([name, each]) => [name.toWellFormed(), wellFormed(each)]));
}

/** Whether what was read has a canonical form; `depth`: in how many lists and objects it lies. Never looks deeper than such a form goes. */
export function hasCanonicalForm(value: unknown, depth = 0): value is JsonValue {
  if (typeof value === "string") {
    return value.isWellFormed();
  }
  if (typeof value === "number") {
    return Number.isFinite(value);
  }
  if (typeof value !== "object") {
    return typeof value === "boolean";
  }
  return Object.entries(value ?? {}).every(
    ([name, each]: readonly [string, unknown]) =>
      depth < DEPTH_MAX && name.isWellFormed() && hasCanonicalForm(each, depth + 1),
  );
}

/** The canonical form. Fails an assertion for a value without one: only a bug can make such an event. */
export function canonicalJson(value: JsonValue): string {
  return write(value, 0);
}
