/**
 * What an assertion's value must be. One rule: an operator (= when none is written), then a value. Two decimal numbers are compared as
 * numbers, exactly, however many digits they have; anything else as text, and then only equal or not. NULL, the usual answer of an
 * empty table, fits nothing. Pure.
 */

/** What is wanted, taken apart. */
export type Expectation = { readonly operator: Operator; readonly value: string };

type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** Takes an expectation apart. Any text is one: without an operator it is a value. */
export function parseExpectation(text: string): Expectation {
  const match = /^\s*(=|!=|<=|>=|<|>)(.*)$/s.exec(text);
  return { operator: operatorOf(match?.[1]), value: (match?.[2] ?? text).trim() };
}

const OPERATORS: readonly Operator[] = ["=", "!=", "<", "<=", ">", ">="];

function operatorOf(text: string | undefined): Operator {
  return OPERATORS.find((operator) => operator === text) ?? "=";
}

type Decimal = { readonly digits: bigint; readonly scale: number };

/** A plain decimal number: sign, digits, a point. No exponent, no NaN: those are text. */
function decimalOf(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d{1,1000})(?:\.(\d{0,1000}))?$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign, whole = "", part = ""] = match;
  const digits = BigInt(whole + part);
  return { digits: sign === "-" ? -digits : digits, scale: part.length };
}

/** Below 0, 0 or above, as `a` is less than, equal to or more than `b`. */
function compared(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const left = a.digits * 10n ** BigInt(scale - a.scale);
  const right = b.digits * 10n ** BigInt(scale - b.scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether a value, in the server's text, is what was expected. Text is never less or more than anything. */
export function fits(value: string | null, { operator, value: wanted }: Expectation): boolean {
  if (value === null) {
    return false;
  }
  const [a, b] = [decimalOf(value.trim()), decimalOf(wanted)];
  const order =
    a !== undefined && b !== undefined ? compared(a, b) : value.trim() === wanted ? 0 : undefined;
  switch (operator) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
    case "<=":
    case ">":
    case ">=":
      // Equal texts are no numbers: nothing is measured.
      return a !== undefined && b !== undefined && inOrder(order ?? Number.NaN, operator);
  }
}

function inOrder(order: number, operator: "<" | "<=" | ">" | ">="): boolean {
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}
