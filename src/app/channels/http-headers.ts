/** `PRA_SMS_HEADERS` in parts: `Name: value; Other: value`. Pure. */

/** Headers by name; undefined when the text is none, or holds what would begin a header of its own. */
export function httpHeaders(text: string): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  // A value may hold semicolons of its own: "application/json; charset=utf-8".
  for (const part of text.split(/;\s+(?=[!#$%&'*+.^_`|~0-9A-Za-z-]+:)/)) {
    const match = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([\x20-\x7e]*)$/.exec(part);
    if (match === null) {
      return undefined;
    }
    headers.set(match[1] ?? "", (match[2] ?? "").trim());
  }
  return headers;
}
